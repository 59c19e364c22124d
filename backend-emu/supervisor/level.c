/* SPDX-License-Identifier: MIT */
#include "level.h"

#include <errno.h>

#include "borrow.h"
#include "decide.h"
#include "describe.h"
#include "endings.h"
#include "known.h"
#include "memory.h"
#include "notice.h"
#include "process.h"
#include "state.h"

/* getsockopt(SOL_CONNTRAIL), the simple form. */

void conntrail__set_last_error(const conntrail__notice *notice, uint32_t native) {
  conntrail__slot *slot = conntrail__slot_of(notice);
  if (slot != NULL) {
    slot->native_error = native;
  }
}

/* EOPNOTSUPP and ENOPROTOOPT mean "a real kernel" here, and are never given (K17). */
static int errno_at_level(uint32_t native) {
  if (native == CONNTRAIL__WSAENOPROTOOPT || native == CONNTRAIL__WSAEOPNOTSUPP) {
    return ENOSYS;
  }
  int error = conntrail__errno_for(native);
  return error == EOPNOTSUPP || error == ENOPROTOOPT || conntrail__native_for(error) != native
             ? EREMOTEIO
             : error;
}

conntrail__answer conntrail__fail_at_level(const conntrail__notice *notice, uint32_t native) {
  conntrail__set_last_error(notice, native);
  return conntrail__fail(errno_at_level(native));
}

uint32_t conntrail__level_control(const conntrail__notice *notice, int own,
                                  const conntrail__call *call) {
  conntrail__known *known = conntrail__know(notice, own);
  if (known == NULL) {
    const conntrail__untracked untracked = conntrail__describe_untracked(own);
    return conntrail__untracked_ioctl(notice->supervisor->emu, &untracked, call);
  }
  conntrail__settle(known, own);
  const conntrail__identity who = conntrail__identify(notice);
  return conntrail__socket_ioctl(known->socket, &who, call);
}

/* A buffer of the largest size takes every ambiguity away: 10022 is then "not redirected" (Q5), or
 * another kind of socket. */
static int errno_of_query(int own, uint32_t native, uint32_t bytes) {
  if (native == CONNTRAIL__ERROR_NOT_FOUND || native == CONNTRAIL__FWP_E_NOT_FOUND) {
    return ENODATA;
  }
  if (bytes > CONNTRAIL__LARGEST_RECORDS) {
    return EMSGSIZE;
  }
  if (native == CONNTRAIL__WSAEINVAL) {
    const conntrail__untracked socket = conntrail__describe_untracked(own);
    return socket.is_internet && (socket.is_stream || socket.is_datagram) ? ENODATA : EINVAL;
  }
  return errno_at_level(native);
}

/* The whole blob, into the supervisor's room for answers. 0 or an errno. */
static int read_blob(const conntrail__notice *notice, int own, uint32_t code, uint32_t *bytes) {
  *bytes = 0;
  const conntrail__call call = {
      code, NULL, 0, notice->supervisor->answer, CONNTRAIL__LARGEST_RECORDS, bytes};
  uint32_t native = conntrail__level_control(notice, own, &call);
  if (native == 0 && *bytes <= CONNTRAIL__LARGEST_RECORDS) {
    return 0;
  }
  conntrail__set_last_error(notice, native);
  return errno_of_query(own, native, *bytes);
}

/* False: the value does not fit, or its room cannot be read. */
static conntrail__answer give_value(const conntrail__notice *notice, const void *value,
                                    uint32_t size) {
  uint32_t room = 0;
  int error = conntrail__read_memory(notice, &room, notice->args[4], sizeof room);
  if (error == 0 && room < size) {
    error = EINVAL;
  }
  if (error == 0) {
    error = conntrail__write_memory(notice, notice->args[3], value, size);
  }
  if (error == 0) {
    error = conntrail__write_memory(notice, notice->args[4], &size, sizeof size);
  }
  return conntrail__fail(error);
}

static conntrail__answer get_size(const conntrail__notice *notice, int own, uint32_t code) {
  uint32_t bytes = 0;
  int error = read_blob(notice, own, code, &bytes);
  return error != 0 ? conntrail__fail(error) : give_value(notice, &bytes, sizeof bytes);
}

static conntrail__answer get_piece(const conntrail__notice *notice, int own, uint32_t code,
                                   unsigned piece) {
  uint32_t bytes = 0;
  int error = read_blob(notice, own, code, &bytes);
  if (error != 0) {
    return conntrail__fail(error);
  }
  uint32_t begin = piece * CONNTRAIL_LINUX_PIECE;
  uint32_t rest = begin < bytes ? bytes - begin : 0;
  return give_value(notice, notice->supervisor->answer + begin,
                    rest < CONNTRAIL_LINUX_PIECE ? rest : CONNTRAIL_LINUX_PIECE);
}

static bool is_piece(int name, int first) {
  return name >= first && name < first + (int)CONNTRAIL_LINUX_PIECES;
}

static conntrail__answer get_last_error(const conntrail__notice *notice) {
  const conntrail__slot *slot = conntrail__slot_of(notice);
  uint32_t native = slot == NULL ? 0 : slot->native_error;
  return give_value(notice, &native, sizeof native);
}

static conntrail__answer get_version(const conntrail__notice *notice) {
  const uint32_t version = CONNTRAIL_LINUX_INTERFACE;
  return give_value(notice, &version, sizeof version);
}

conntrail__answer conntrail__get_level_option(const conntrail__notice *notice, int own, int name) {
  if (name == CONNTRAIL_LINUX_CALL) {
    return conntrail__level_call(notice, own);
  }
  if (!conntrail__describe_untracked(own).is_socket) {
    return conntrail__fail(ENOTSOCK);
  }
  if (is_piece(name, CONNTRAIL_LINUX_RECORDS)) {
    return get_piece(notice, own, CONNTRAIL_LINUX_QUERY_RECORDS,
                     (unsigned)(name - CONNTRAIL_LINUX_RECORDS));
  }
  if (is_piece(name, CONNTRAIL_LINUX_CONTEXT)) {
    return get_piece(notice, own, CONNTRAIL_LINUX_QUERY_CONTEXT,
                     (unsigned)(name - CONNTRAIL_LINUX_CONTEXT));
  }
  switch (name) {
  case CONNTRAIL_LINUX_VERSION:
    return get_version(notice);
  case CONNTRAIL_LINUX_LAST_ERROR:
    return get_last_error(notice);
  case CONNTRAIL_LINUX_RECORDS_SIZE:
    return get_size(notice, own, CONNTRAIL_LINUX_QUERY_RECORDS);
  case CONNTRAIL_LINUX_CONTEXT_SIZE:
    return get_size(notice, own, CONNTRAIL_LINUX_QUERY_CONTEXT);
  default:
    return conntrail__fail(EINVAL);
  }
}
