/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "conntrail/linux.h"
#include "kernel_option.h"
#include "native.h"
#include "watched.h"

const char conntrail__anchor_option = 0;

enum { ORIGINAL_DESTINATION = 80 }; /* SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST: linux/netfilter_* */

static bool asks_original(int level, int name) {
  return name == ORIGINAL_DESTINATION && (level == IPPROTO_IP || level == IPPROTO_IPV6);
}

static int fail(int error) {
  errno = error;
  return -1;
}

static uint32_t ask_engine(conntrail__hold *hold, conntrail__address *original) {
  conntrail__identity who;
  uint32_t native;
  if (!conntrail__hold_resume(hold)) {
    return conntrail__native_of(ENOENT);
  }
  conntrail__session_identity(&who);
  native = conntrail__kernel_original_destination(hold->socket, &who, original);
  conntrail__hold_end(hold);
  return native;
}

/* As netfilter answers: each level knows the connections of its own family, and wants room for
 * the whole address. */
static int answer_original(conntrail__hold *hold, int level, void *value, socklen_t *size) {
  conntrail__address original = {.family = CONNTRAIL__NO_FAMILY};
  struct sockaddr_storage storage;
  int family = level == IPPROTO_IP ? CONNTRAIL__IPV4 : CONNTRAIL__IPV6;
  size_t whole = level == IPPROTO_IP ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  uint32_t native;
  if (value == NULL || size == NULL) {
    conntrail__hold_drop(hold);
    return fail(EFAULT);
  }
  if (*size < whole || (int)*size < 0) {
    conntrail__hold_drop(hold);
    return fail(EINVAL);
  }
  native = ask_engine(hold, &original);
  if (native != 0) {
    return fail(conntrail__errno_of(native));
  }
  if (original.family != family) {
    return fail(ENOENT);
  }
  whole = conntrail__address_to_sockaddr(&original, &storage);
  conntrail__copy_address(&storage, whole, value, size);
  return 0;
}

static int get_original(int fd, int level, void *value, socklen_t *size) {
  conntrail__hold hold;
  if (!conntrail__hold_take(fd, &hold)) {
    return CONNTRAIL__REAL(getsockopt)(fd, level, ORIGINAL_DESTINATION, value, size);
  }
  if (hold.is_inherited && hold.kind == CONNTRAIL__STREAM) {
    conntrail__hold_drop(&hold);
    return conntrail__session_refuse_inherited("getsockopt(SO_ORIGINAL_DST)");
  }
  /* Netfilter knows no datagrams, and an IPv4 socket no level IPv6. */
  if (hold.kind != CONNTRAIL__STREAM || (hold.family == AF_INET && level == IPPROTO_IPV6)) {
    conntrail__hold_drop(&hold);
    return CONNTRAIL__REAL(getsockopt)(fd, level, ORIGINAL_DESTINATION, value, size);
  }
  return answer_original(&hold, level, value, size);
}

static void learn(conntrail__hold *hold, int fd, int outcome) {
  if (!conntrail__hold_resume(hold)) {
    return;
  }
  if (conntrail__kernel_state_of(hold->socket) == CONNTRAIL__CONNECTING && outcome != 0) {
    conntrail__kernel_connected(hold->socket, CONNTRAIL__REJECTED, NULL,
                                conntrail__native_of(outcome));
  }
  conntrail__connect_settle(hold->socket, fd);
  conntrail__hold_end(hold);
}

/* The usual way to learn what became of a connect that did not block; it is told once only. */
static int get_error(int fd, void *value, socklen_t *size) {
  int result = CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, SO_ERROR, value, size);
  int error = errno;
  conntrail__hold hold;
  if (result == 0 && *size == sizeof(int) && conntrail__hold_take(fd, &hold)) {
    learn(&hold, fd, *(const int *)value);
  }
  errno = error;
  return result;
}

CONNTRAIL__EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  if (level == SOL_CONNTRAIL) {
    return conntrail__kernel_get_option(fd, name, value, size);
  }
  if (!conntrail__is_watched()) {
    return CONNTRAIL__REAL(getsockopt)(fd, level, name, value, size);
  }
  if (level == SOL_SOCKET && name == SO_ERROR) {
    return get_error(fd, value, size);
  }
  if (asks_original(level, name)) {
    return get_original(fd, level, value, size);
  }
  return CONNTRAIL__REAL(getsockopt)(fd, level, name, value, size);
}

CONNTRAIL__EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  if (level == SOL_CONNTRAIL) {
    return conntrail__kernel_set_option(fd, name, value, size);
  }
  conntrail__show_probe();
  return CONNTRAIL__REAL(setsockopt)(fd, level, name, value, size);
}
