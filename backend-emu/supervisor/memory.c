/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/uio.h>

#include "memory.h"
#include "notice.h"
#include "refusals.h"

/* A program's memory. It may change while it is read: whatever counts is read once, and the copy
 * decides and is acted upon. */

static void *at(uint64_t address) {
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the program, for the kernel. */
  return (void *)(uintptr_t)address;
}

/* What cannot be reached at all is no fault of the program's. */
static int check(const conntrail__notice *notice, ssize_t done, size_t size) {
  if (done == (ssize_t)size) {
    return 0;
  }
  if (done >= 0 || errno == EFAULT) {
    return EFAULT;
  }
  if (errno != ESRCH) {
    conntrail__tell_refused(notice, CONNTRAIL__UNREADABLE);
  }
  return ENETDOWN;
}

int conntrail__read_memory(const conntrail__notice *notice, void *to, uint64_t from, size_t size) {
  const struct iovec own = {to, size};
  const struct iovec theirs = {at(from), size};
  return size == 0
             ? 0
             : check(notice, process_vm_readv((pid_t)notice->thread, &own, 1, &theirs, 1, 0), size);
}

int conntrail__write_memory(const conntrail__notice *notice, uint64_t to, const void *from,
                            size_t size) {
  const struct iovec own = {(void *)from, size};
  const struct iovec theirs = {at(to), size};
  return size == 0 ? 0
                   : check(notice, process_vm_writev((pid_t)notice->thread, &own, 1, &theirs, 1, 0),
                           size);
}

int conntrail__gather(const conntrail__notice *notice, const struct iovec *pieces, size_t count,
                      void *data, size_t size) {
  const struct iovec own = {data, size};
  return size == 0
             ? 0
             : check(notice, process_vm_readv((pid_t)notice->thread, &own, 1, pieces, count, 0),
                     size);
}

int conntrail__scatter(const conntrail__notice *notice, const struct iovec *pieces, size_t count,
                       const void *data, size_t size) {
  const struct iovec own = {(void *)data, size};
  return size == 0
             ? 0
             : check(notice, process_vm_writev((pid_t)notice->thread, &own, 1, pieces, count, 0),
                     size);
}
