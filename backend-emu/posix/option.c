/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "conntrail/linux.h"
#include "kernel_option.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(option)

/* (locked) Gives the lock back. */
static int answer_original(const conntrail__reference *socket, int level, void *value,
                           socklen_t *size) {
  struct sockaddr_storage storage;
  size_t whole = 0;
  int error = EFAULT;
  if (value != NULL && size != NULL) {
    size_t room = (int)*size < 0 ? 0 : *size;
    conntrail__identity who;
    conntrail__session_identity(&who);
    error = conntrail__netfilter_original(socket->socket, &who, level, room, &storage, &whole);
  }
  conntrail__reference_leave();
  if (error != 0) {
    return conntrail__fail(error);
  }
  conntrail__copy_address(&storage, whole, value, size);
  return 0;
}

static int get_original(int fd, int level, void *value, socklen_t *size) {
  conntrail__reference socket;
  if (!conntrail__descriptor_enter(fd, &socket)) {
    return CONNTRAIL__REAL(getsockopt)(fd, level, CONNTRAIL__ORIGINAL_DESTINATION, value, size);
  }
  if (socket.is_inherited && socket.kind == CONNTRAIL__STREAM) {
    conntrail__reference_leave();
    return conntrail__session_refuse_inherited("getsockopt(SO_ORIGINAL_DST)");
  }
  if (!conntrail__netfilter_knows(socket.kind, socket.family, level)) {
    conntrail__reference_leave();
    return CONNTRAIL__REAL(getsockopt)(fd, level, CONNTRAIL__ORIGINAL_DESTINATION, value, size);
  }
  return answer_original(&socket, level, value, size);
}

/* (locked) */
static void learn(const conntrail__reference *socket, int fd, int outcome) {
  if (conntrail__socket_state_of(socket->socket) == CONNTRAIL__CONNECTING && outcome != 0) {
    conntrail__socket_connected(socket->socket, CONNTRAIL__REJECTED, NULL,
                                conntrail__native_number_of(outcome));
  }
  conntrail__connect_settle(socket->socket, fd);
}

/* The usual way to learn what became of a connect that did not block; it is returned once only. */
static int get_error(int fd, void *value, socklen_t *size) {
  int result = CONNTRAIL__REAL(getsockopt)(fd, SOL_SOCKET, SO_ERROR, value, size);
  int error = errno;
  conntrail__reference socket;
  if (result == 0 && *size == sizeof(int) && conntrail__descriptor_enter(fd, &socket)) {
    learn(&socket, fd, *(const int *)value);
    conntrail__reference_leave();
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
  if (conntrail__netfilter_is_asked(level, name)) {
    return get_original(fd, level, value, size);
  }
  return CONNTRAIL__REAL(getsockopt)(fd, level, name, value, size);
}

CONNTRAIL__EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  if (level == SOL_CONNTRAIL) {
    return conntrail__kernel_set_option(fd, name, value, size);
  }
  conntrail__show_probe();
  conntrail__device_note(level, name);
  return CONNTRAIL__REAL(setsockopt)(fd, level, name, value, size);
}
