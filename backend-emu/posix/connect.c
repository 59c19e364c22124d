/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#include "../frontend/connect.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(connect)

/* What a program asked for. */
typedef struct request {
  int fd;
  const struct sockaddr *address;
  socklen_t size;
} request;

static int ask_system(const request *asked) {
  return CONNTRAIL__REAL(connect)(asked->fd, asked->address, asked->size);
}

/* Not an address: the system refuses it in its own words. */
static bool read_request(const request *asked, int family, conntrail__address *remote) {
  struct sockaddr_storage storage;
  size_t size = asked->size < sizeof storage ? asked->size : sizeof storage;
  memset(&storage, 0, sizeof storage);
  memcpy(&storage, asked->address, size);
  return conntrail__address_to_connect(&storage, size, family, remote);
}

static conntrail__outcome outcome_of(int fd, int result, int error) {
  if (result == 0 || error == EISCONN) {
    return CONNTRAIL__ESTABLISHED;
  }
  if (error == EINPROGRESS || error == EINTR || error == EALREADY) {
    return conntrail__has_peer(fd) ? CONNTRAIL__ESTABLISHED : CONNTRAIL__UNDERWAY;
  }
  return CONNTRAIL__REJECTED;
}

void conntrail__connect_settle(conntrail__socket *socket, int fd) {
  conntrail__address local;
  if (conntrail__socket_state_of(socket) == CONNTRAIL__CONNECTING && conntrail__has_peer(fd) &&
      conntrail__native_local_address(fd, &local)) {
    conntrail__socket_connected(socket, CONNTRAIL__ESTABLISHED, &local, 0);
  }
}

static void finish(const conntrail__reference *socket, int fd, int result, int error) {
  conntrail__connect_finish(socket, outcome_of(fd, result, error), error);
}

/* The thread was cancelled while it waited: the connect goes on without it. */
static void finish_cancelled(void *reference) {
  const conntrail__reference *socket = reference;
  finish(socket, (int)socket->handle, -1, EINTR);
}

/* The system's connect, in which the program may wait and be cancelled. */
static int perform(conntrail__reference *socket, int fd, const conntrail__connect_target *target) {
  int result;
  int error;
  pthread_cleanup_push(finish_cancelled, socket);
  result = CONNTRAIL__REAL(connect)(fd, (const struct sockaddr *)&target->address,
                                    (socklen_t)target->size);
  error = conntrail__connect_error(socket, target, errno);
  pthread_cleanup_pop(0);
  finish(socket, fd, result, error);
  errno = error;
  return result;
}

/* To a port of this host where no program can listen. */
static int connect_nowhere(int family, int fd) {
  conntrail__connect_target nowhere;
  conntrail__target_nowhere(family, &nowhere);
  return CONNTRAIL__REAL(connect)(fd, (struct sockaddr *)&nowhere.address, (socklen_t)nowhere.size);
}

/* A connection is refused by the other side, so that a socket that does not block learns it
 * later: from the kernel, like any other. Every other error is known at once. */
static int fail_connect(int family, int fd, int error) {
  bool is_learnt_later = error == ECONNREFUSED && connect_nowhere(family, fd) != 0 &&
                         (errno == EINPROGRESS || errno == EINTR);
  if (!is_learnt_later) {
    errno = error;
  }
  return -1;
}

/* (locked) Gives the lock back. */
static int connect_decided(conntrail__reference *socket, int fd, const conntrail__address *remote) {
  conntrail__connect_target target;
  int error = conntrail__connect_decide(socket, remote, &target);
  return error == 0 ? perform(socket, fd, &target) : fail_connect(socket->family, fd, error);
}

/* (locked) The system only says what became of the earlier connect. It gets no real address: should
 * it not remember one after all, nothing must leave this host undecided. */
static int ask_again(conntrail__reference *socket, int fd) {
  conntrail__connect_target nowhere;
  conntrail__target_nowhere(socket->family, &nowhere);
  conntrail__reference_keep(socket);
  return perform(socket, fd, &nowhere);
}

/* (locked) Nothing is sent, so that nothing waits. */
static int dissolve(const conntrail__reference *socket, const request *asked) {
  conntrail__address before = {.family = CONNTRAIL__NO_FAMILY};
  (void)conntrail__native_local_address(asked->fd, &before);
  int result = ask_system(asked);
  int error = errno;
  if (result == 0 && !socket->is_inherited) {
    conntrail__tell_dissolved(socket, &before);
  }
  conntrail__reference_leave();
  errno = error;
  return result;
}

/* (locked) Gives the lock back. */
static int pass(const request *asked) {
  conntrail__reference_leave();
  return ask_system(asked);
}

/* (locked) Gives the lock back. */
static int connect_datagram(const conntrail__reference *socket, const request *asked) {
  conntrail__address remote;
  if (!read_request(asked, socket->family, &remote)) {
    return pass(asked);
  }
  int error = conntrail__connect_datagram(socket, &remote);
  conntrail__reference_leave();
  return error == 0 ? 0 : conntrail__fail(error);
}

/* (locked) Gives the lock back. */
static int connect_stream(conntrail__reference *socket, const request *asked) {
  conntrail__address remote;
  if (socket->state != CONNTRAIL__FRESH && socket->state != CONNTRAIL__BOUND) {
    return ask_again(socket, asked->fd);
  }
  return read_request(asked, socket->family, &remote) ? connect_decided(socket, asked->fd, &remote)
                                                      : pass(asked);
}

/* (locked) Gives the lock back. */
static int connect_tracked(conntrail__reference *socket, const request *asked) {
  if (asked->address == NULL || asked->size < sizeof asked->address->sa_family ||
      asked->size > sizeof(struct sockaddr_storage)) {
    return pass(asked);
  }
  if (asked->address->sa_family == AF_UNSPEC) {
    return dissolve(socket, asked);
  }
  if (socket->is_inherited) {
    conntrail__reference_leave();
    return conntrail__session_refuse_inherited("connect");
  }
  return socket->kind == CONNTRAIL__STREAM ? connect_stream(socket, asked)
                                           : connect_datagram(socket, asked);
}

CONNTRAIL__APART static int connect_watched(int fd, const struct sockaddr *address,
                                            socklen_t size) {
  const request asked = {fd, address, size};
  conntrail__reference socket;
  if (!conntrail__session_applies()) {
    return conntrail__session_refuses(address, size) ? -1 : ask_system(&asked);
  }
  if (!conntrail__descriptor_enter(fd, &socket)) {
    conntrail__untracked_connects(fd);
    return ask_system(&asked);
  }
  return connect_tracked(&socket, &asked);
}

CONNTRAIL__EXPORT int connect(int fd, const struct sockaddr *address, socklen_t size) {
  return conntrail__is_active() ? connect_watched(fd, address, size)
                                : CONNTRAIL__REAL(connect)(fd, address, size);
}
