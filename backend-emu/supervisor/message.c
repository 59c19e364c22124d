/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <errno.h>
#include <string.h>

#include "../../src/control_message.h"
#include "memory.h"
#include "notice.h"
#include "state.h"

/* struct msghdr, struct mmsghdr and struct iovec of i386. */
typedef struct narrow_header {
  uint32_t name;
  int32_t name_size;
  uint32_t pieces;
  uint32_t count;
  uint32_t control;
  uint32_t control_size;
  uint32_t flags;
} narrow_header;

typedef struct narrow_piece {
  uint32_t base;
  uint32_t size;
} narrow_piece;

enum { NARROW_STEP = 32, WIDE_STEP = sizeof(struct mmsghdr) };

static void *pointer(uint64_t address) {
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the program, for the kernel. */
  return (void *)(uintptr_t)address;
}

static uint64_t number(const void *address) {
  return (uint64_t)(uintptr_t)address;
}

static void set_single(const conntrail__notice *notice, conntrail__message *message) {
  memset(message, 0, sizeof *message);
  notice->supervisor->pieces[0] = (struct iovec){pointer(notice->args[1]), (size_t)notice->args[2]};
  message->count = 1;
  message->room = (size_t)notice->args[2];
  message->name = notice->args[4];
}

int conntrail__read_sendto(const conntrail__notice *notice, conntrail__message *message) {
  set_single(notice, message);
  message->name_size = (int32_t)notice->args[5];
  return message->name_size < 0 ? EINVAL : 0;
}

int conntrail__read_recvfrom(const conntrail__notice *notice, conntrail__message *message) {
  set_single(notice, message);
  message->name_size_at = notice->args[5];
  if (message->name == 0) {
    return 0;
  }
  int error = conntrail__read_memory(notice, &message->name_size, notice->args[5],
                                     sizeof message->name_size);
  return error != 0 ? error : message->name_size < 0 ? EINVAL : 0;
}

/* ---- Headers --------------------------------------------------------------------------------- */

static int read_narrow_pieces(const conntrail__notice *notice, uint64_t at, size_t count) {
  narrow_piece pieces[CONNTRAIL__PIECES];
  int error = conntrail__read_memory(notice, pieces, at, count * sizeof *pieces);
  for (size_t i = 0; error == 0 && i < count; i++) {
    notice->supervisor->pieces[i] = (struct iovec){pointer(pieces[i].base), pieces[i].size};
  }
  return error;
}

static int read_pieces(const conntrail__notice *notice, uint64_t at, conntrail__message *message) {
  struct iovec *pieces = notice->supervisor->pieces;
  if (message->count > CONNTRAIL__PIECES) {
    return EMSGSIZE;
  }
  int error = notice->is_32
                  ? read_narrow_pieces(notice, at, message->count)
                  : conntrail__read_memory(notice, pieces, at, message->count * sizeof *pieces);
  for (size_t i = 0; error == 0 && i < message->count; i++) {
    message->room += pieces[i].iov_len;
    error = (ssize_t)pieces[i].iov_len < 0 || (ssize_t)message->room < 0 ? EINVAL : 0;
  }
  return error;
}

static int read_narrow(const conntrail__notice *notice, uint64_t at, conntrail__message *message,
                       uint64_t *pieces) {
  narrow_header header;
  int error = conntrail__read_memory(notice, &header, at, sizeof header);
  if (error == 0) {
    message->name = header.name;
    message->name_size = header.name_size;
    message->count = header.count;
    message->control = header.control;
    message->control_size = header.control_size;
    *pieces = header.pieces;
  }
  return error;
}

static int read_wide(const conntrail__notice *notice, uint64_t at, conntrail__message *message,
                     uint64_t *pieces) {
  struct msghdr header;
  int error = conntrail__read_memory(notice, &header, at, sizeof header);
  if (error == 0) {
    message->name = number(header.msg_name);
    message->name_size = (int32_t)header.msg_namelen;
    message->count = header.msg_iovlen;
    message->control = number(header.msg_control);
    message->control_size = header.msg_controllen;
    *pieces = number(header.msg_iov);
  }
  return error;
}

int conntrail__read_header(const conntrail__notice *notice, uint64_t at,
                           conntrail__message *message) {
  uint64_t pieces = 0;
  memset(message, 0, sizeof *message);
  message->at = at;
  int error = notice->is_32 ? read_narrow(notice, at, message, &pieces)
                            : read_wide(notice, at, message, &pieces);
  if (error != 0) {
    return error;
  }
  if (message->name_size < 0) {
    return EINVAL;
  }
  if (message->control == 0) {
    message->control_size = 0;
  }
  return read_pieces(notice, pieces, message);
}

static void add_narrow(conntrail__parts *parts, const conntrail__message *message,
                       conntrail__told *told) {
  told->narrow[0] = (uint32_t)told->control_size;
  told->narrow[1] = (uint32_t)told->flags;
  conntrail__add_part(parts, message->at + offsetof(narrow_header, control_size), told->narrow,
                      sizeof told->narrow);
}

/* The flags follow the size. */
static void add_wide(conntrail__parts *parts, const conntrail__message *message,
                     conntrail__told *told) {
  const size_t begin = offsetof(struct msghdr, msg_controllen);
  const size_t end = offsetof(struct msghdr, msg_flags) + sizeof told->flags;
  told->wide.msg_controllen = told->control_size;
  told->wide.msg_flags = told->flags;
  conntrail__add_part(parts, message->at + begin, (unsigned char *)&told->wide + begin,
                      end - begin);
}

void conntrail__tell_header(const conntrail__notice *notice, const conntrail__message *message,
                            conntrail__told *told, conntrail__parts *parts) {
  const size_t name_size =
      notice->is_32 ? offsetof(narrow_header, name_size) : offsetof(struct msghdr, msg_namelen);
  conntrail__add_part(parts, message->at + name_size, &told->name_size, sizeof told->name_size);
  if (notice->is_32) {
    add_narrow(parts, message, told);
  } else {
    add_wide(parts, message, told);
  }
}

uint64_t conntrail__header_at(const conntrail__notice *notice, uint64_t first, unsigned index) {
  return first + (uint64_t)index * (notice->is_32 ? NARROW_STEP : WIDE_STEP);
}

int conntrail__write_length(const conntrail__notice *notice, uint64_t header, uint32_t length) {
  size_t offset = notice->is_32 ? sizeof(narrow_header) : offsetof(struct mmsghdr, msg_len);
  return conntrail__write_memory(notice, header + offset, &length, sizeof length);
}

size_t conntrail__convert_control(bool to_narrow, const void *from, size_t size, void *to,
                                  size_t capacity, bool *is_cut) {
  conntrail__control_reader reader = conntrail__control_read(
      to_narrow ? CONNTRAIL__CONTROL_64 : CONNTRAIL__CONTROL_32, from, size);
  conntrail__control_item item;
  size_t used = 0;
  *is_cut = false;
  while (conntrail__control_next(&reader, &item)) {
    if (!conntrail__control_append(to_narrow ? CONNTRAIL__CONTROL_32 : CONNTRAIL__CONTROL_64, to,
                                   capacity, &used, &item)) {
      *is_cut = true;
      break;
    }
  }
  return used;
}
