/* SPDX-License-Identifier: MIT */
#include "kernel_option.h"
#include "../../src/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/pending_query.h"
#include "../frontend/errno_linux.h"
#include "conntrail/linux.h"

enum { LARGEST = 65536 };

static int fail(int error) {
  errno = error;
  return -1;
}

/* ---- Errors ---------------------------------------------------------------------------------- */

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

static int fail_at_level(uint32_t native) {
  conntrail__self.native_error = native;
  return fail(errno_at_level(native));
}

/* The child of a fork was warned on its standard error (E6). */
static int fail_inherited(const char *call) {
  (void)conntrail__session_refuse_inherited(call);
  conntrail__self.native_error = CONNTRAIL__WSAEOPNOTSUPP;
  return fail(ENETDOWN);
}

static bool is_inherited(int fd) {
  conntrail__reference socket;
  if (!conntrail__is_watched() || !conntrail__descriptor_enter(fd, &socket)) {
    return false;
  }
  conntrail__reference_leave();
  return socket.is_inherited;
}

/* A control code that the engine refused. */
static int errno_of_control(int fd, uint32_t native) {
  return native == CONNTRAIL__WSAEOPNOTSUPP && is_inherited(fd) ? ENETDOWN : errno_at_level(native);
}

/* ---- Reading records and context, simple form ------------------------------------------------ */

/* A buffer of the largest size takes every ambiguity away: 10022 is then "not redirected" (Q5), or
 * another kind of socket. */
static int errno_of_query(int fd, uint32_t native, uint32_t bytes) {
  if (native == CONNTRAIL__ERROR_NOT_FOUND || native == CONNTRAIL__FWP_E_NOT_FOUND) {
    return ENODATA;
  }
  if (bytes > LARGEST) {
    return EMSGSIZE;
  }
  if (native == CONNTRAIL__WSAEINVAL) {
    conntrail__untracked socket = conntrail__untracked_describe(fd);
    return socket.is_internet && (socket.is_stream || socket.is_datagram) ? ENODATA : EINVAL;
  }
  return errno_of_control(fd, native);
}

/* The whole blob, to be freed. NULL: errno says why. */
static unsigned char *read_blob(int fd, uint32_t code, uint32_t *bytes) {
  unsigned char *blob = malloc(LARGEST);
  if (blob == NULL) {
    (void)fail_at_level(CONNTRAIL__WSAENOBUFS);
    return NULL;
  }
  *bytes = 0;
  const conntrail__call call = {code, NULL, 0, blob, LARGEST, bytes};
  uint32_t native = conntrail__kernel_control(fd, &call);
  if (native != 0 || *bytes > LARGEST) {
    conntrail__self.native_error = native;
    int error = errno_of_query(fd, native, *bytes);
    free(blob);
    errno = error;
    return NULL;
  }
  return blob;
}

static int give_number(uint32_t number, void *value, socklen_t *size) {
  if (value == NULL || size == NULL) {
    return fail(EFAULT);
  }
  if (*size < sizeof number) {
    return fail(EINVAL);
  }
  memcpy(value, &number, sizeof number);
  *size = sizeof number;
  return 0;
}

static int get_size(int fd, uint32_t code, void *value, socklen_t *size) {
  uint32_t bytes = 0;
  unsigned char *blob = read_blob(fd, code, &bytes);
  if (blob == NULL) {
    return -1;
  }
  free(blob);
  return give_number(bytes, value, size);
}

static int get_piece(int fd, uint32_t code, unsigned piece, void *value, socklen_t *size) {
  uint32_t bytes = 0;
  if (value == NULL || size == NULL) {
    return fail(EFAULT);
  }
  unsigned char *blob = read_blob(fd, code, &bytes);
  if (blob == NULL) {
    return -1;
  }
  uint32_t begin = piece * CONNTRAIL_LINUX_PIECE;
  uint32_t rest = begin < bytes ? bytes - begin : 0;
  uint32_t whole = rest < CONNTRAIL_LINUX_PIECE ? rest : CONNTRAIL_LINUX_PIECE;
  bool fits = *size >= whole;
  if (fits) {
    memcpy(value, blob + begin, whole);
    *size = whole;
  }
  free(blob);
  return fits ? 0 : fail(EINVAL);
}

static bool is_piece(int name, int first) {
  return name >= first && name < first + (int)CONNTRAIL_LINUX_PIECES;
}

int conntrail__kernel_get_option(int fd, int name, void *value, socklen_t *size) {
  if (name == CONNTRAIL_LINUX_CALL) {
    return conntrail__kernel_full_call(fd, value, size);
  }
  if (!conntrail__untracked_describe(fd).is_socket) {
    return CONNTRAIL__REAL(getsockopt)(fd, SOL_CONNTRAIL, name, value, size);
  }
  if (is_piece(name, CONNTRAIL_LINUX_RECORDS)) {
    return get_piece(fd, CONNTRAIL_LINUX_QUERY_RECORDS, (unsigned)(name - CONNTRAIL_LINUX_RECORDS),
                     value, size);
  }
  if (is_piece(name, CONNTRAIL_LINUX_CONTEXT)) {
    return get_piece(fd, CONNTRAIL_LINUX_QUERY_CONTEXT, (unsigned)(name - CONNTRAIL_LINUX_CONTEXT),
                     value, size);
  }
  switch (name) {
  case CONNTRAIL_LINUX_VERSION:
    return give_number(CONNTRAIL_LINUX_INTERFACE, value, size);
  case CONNTRAIL_LINUX_LAST_ERROR:
    return give_number(conntrail__self.native_error, value, size);
  case CONNTRAIL_LINUX_RECORDS_SIZE:
    return get_size(fd, CONNTRAIL_LINUX_QUERY_RECORDS, value, size);
  case CONNTRAIL_LINUX_CONTEXT_SIZE:
    return get_size(fd, CONNTRAIL_LINUX_QUERY_CONTEXT, value, size);
  default:
    return fail(EINVAL);
  }
}

/* ---- Setting --------------------------------------------------------------------------------- */

static int set_records(int fd, const void *value, socklen_t size) {
  uint32_t bytes = 0;
  const conntrail__call call = {CONNTRAIL_LINUX_SET_RECORDS, value, size, NULL, 0, &bytes};
  uint32_t native = conntrail__kernel_control(fd, &call);
  conntrail__self.native_error = native;
  return native == 0 ? 0 : fail(errno_of_control(fd, native));
}

static int enable_entered(const conntrail__reference *socket, int level, int option,
                          bool is_enabled) {
  uint32_t native = socket->is_inherited
                        ? 0
                        : conntrail__datagram_enable(socket->socket, level, option, is_enabled);
  conntrail__reference_leave();
  if (socket->is_inherited) {
    return fail_inherited("enabling redirect messages");
  }
  return native == 0 ? 0 : fail_at_level(native);
}

static int enable_messages(int fd, int name, const void *value, socklen_t size) {
  int enabled = 0;
  if (value == NULL) {
    return fail(EFAULT);
  }
  if (size < sizeof enabled) {
    return fail(EINVAL);
  }
  memcpy(&enabled, value, sizeof enabled);
  conntrail__reference socket;
  if (!conntrail__is_watched() || !conntrail__descriptor_enter(fd, &socket)) {
    return fail_at_level(CONNTRAIL__WSAENOPROTOOPT);
  }
  bool is_ipv6 = name == CONNTRAIL_LINUX_RECORDS6 || name == CONNTRAIL_LINUX_CONTEXT6;
  bool is_records = name == CONNTRAIL_LINUX_RECORDS4 || name == CONNTRAIL_LINUX_RECORDS6;
  return enable_entered(&socket, is_ipv6 ? CONNTRAIL__IPV6_LEVEL : CONNTRAIL__IP_LEVEL,
                        is_records ? CONNTRAIL__RECORDS_OPTION : CONNTRAIL__CONTEXT_OPTION,
                        enabled != 0);
}

int conntrail__kernel_set_option(int fd, int name, const void *value, socklen_t size) {
  if (name == CONNTRAIL__OPTION_BEGIN || name == CONNTRAIL__OPTION_CANCEL) {
    return conntrail__overlapped_set_option(name, value, size);
  }
  if (!conntrail__untracked_describe(fd).is_socket) {
    return CONNTRAIL__REAL(setsockopt)(fd, SOL_CONNTRAIL, name, value, size);
  }
  switch (name) {
  case CONNTRAIL_LINUX_RECORDS:
    return set_records(fd, value, size);
  case CONNTRAIL_LINUX_RECORDS4:
  case CONNTRAIL_LINUX_CONTEXT4:
  case CONNTRAIL_LINUX_RECORDS6:
  case CONNTRAIL_LINUX_CONTEXT6:
    return enable_messages(fd, name, value, size);
  default:
    return fail(EINVAL);
  }
}
