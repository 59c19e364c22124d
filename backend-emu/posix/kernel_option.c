/* SPDX-License-Identifier: MIT */
#include "kernel_option.h"
#include "../frontend/system_linux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/numbers.h"
#include "../../src/pending_query.h"

/* 0 or an errno. */
static int answer(int error) {
  return error == 0 ? 0 : conntrail__fail(error);
}

static int fail_at_level(uint32_t native) {
  conntrail__self.native_error = native;
  return conntrail__fail(conntrail__level_errno(native));
}

/* ---- Reading, simple form -------------------------------------------------------------------- */

/* 0 or an errno. */
static int get(int fd, int name, unsigned char *room, void *value, socklen_t *size) {
  const conntrail__level level = conntrail__kernel_level(&fd);
  const unsigned char *given;
  uint32_t given_size;
  int error = conntrail__level_get(&level, name, room, &given, &given_size);
  if (error != 0) {
    return error;
  }
  if (*size < given_size) {
    return EINVAL;
  }
  memcpy(value, given, given_size);
  *size = given_size;
  return 0;
}

/* 0: it is a socket. Else an errno; of no socket, what the system says. The socket level goes to
 * the system for that alone (K17). */
static int check_socket(int fd) {
  conntrail__untracked socket;
  int error = conntrail__untracked_describe(fd, &socket);
  if (error != 0 || socket.is_socket) {
    return error;
  }
  int ignored = 0;
  socklen_t size = sizeof ignored;
  return CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &ignored, &size) == 0 ? ENOTSOCK
                                                                                    : errno;
}

int conntrail__kernel_get_option(int fd, int name, void *value, socklen_t *size) {
  if (name == CONNTRAIL_LINUX_CALL) {
    return conntrail__kernel_full_call(fd, value, size);
  }
  int error = check_socket(fd);
  if (error != 0) {
    return conntrail__fail(error);
  }
  if (value == NULL || size == NULL) {
    return conntrail__fail(EFAULT);
  }
  unsigned char *room = malloc(CONNTRAIL__LARGEST_RECORDS);
  if (room == NULL) {
    return fail_at_level(CONNTRAIL__WSAENOBUFS);
  }
  error = get(fd, name, room, value, size);
  free(room);
  return answer(error);
}

/* ---- Setting --------------------------------------------------------------------------------- */

/* The child of a fork was warned on its standard error (E6). */
static int fail_inherited(const char *call) {
  (void)conntrail__session_refuse_inherited(call);
  conntrail__self.native_error = CONNTRAIL__WSAEOPNOTSUPP;
  return conntrail__fail(ENETDOWN);
}

static int enable_messages(int fd, int name, const void *value, socklen_t size) {
  int enabled = 0;
  if (value == NULL) {
    return conntrail__fail(EFAULT);
  }
  if (size < sizeof enabled) {
    return conntrail__fail(EINVAL);
  }
  memcpy(&enabled, value, sizeof enabled);
  conntrail__reference socket;
  if (!conntrail__is_watched() || !conntrail__descriptor_enter(fd, &socket)) {
    return fail_at_level(CONNTRAIL__WSAENOPROTOOPT);
  }
  uint32_t native =
      socket.is_inherited ? 0 : conntrail__level_enable(socket.socket, name, enabled != 0);
  conntrail__reference_leave();
  if (socket.is_inherited) {
    return fail_inherited("enabling redirect messages");
  }
  return native == 0 ? 0 : fail_at_level(native);
}

int conntrail__kernel_set_option(int fd, int name, const void *value, socklen_t size) {
  if (name == CONNTRAIL__OPTION_BEGIN || name == CONNTRAIL__OPTION_CANCEL) {
    return conntrail__overlapped_set_option(name, value, size);
  }
  int error = check_socket(fd);
  if (error != 0) {
    return conntrail__fail(error);
  }
  if (name == CONNTRAIL_LINUX_RECORDS) {
    const conntrail__level level = conntrail__kernel_level(&fd);
    return answer(conntrail__level_set_records(&level, value, size));
  }
  return conntrail__level_enables(name) ? enable_messages(fd, name, value, size)
                                        : conntrail__fail(EINVAL);
}
