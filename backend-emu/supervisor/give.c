/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "memory.h"
#include "notice.h"

/* As the kernel gives an address: as much as there is room for, and its whole size. */
int conntrail__give_sized(const conntrail__notice *notice, uint64_t to, uint64_t size_at,
                          const void *from, size_t size) {
  int32_t room = 0;
  int error = conntrail__read_memory(notice, &room, size_at, sizeof room);
  if (error != 0) {
    return error;
  }
  if (room < 0) {
    return EINVAL;
  }
  const int32_t whole = (int32_t)size;
  size_t part = (size_t)room < size ? (size_t)room : size;
  error = conntrail__write_memory(notice, to, from, part);
  return error != 0 ? error : conntrail__write_memory(notice, size_at, &whole, sizeof whole);
}
