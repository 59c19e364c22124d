/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "native.h"
#include "watched.h"

const char conntrail__anchor_connect = 0;

/* RFC 2133's sockaddr_in6 had no scope; Linux still takes it. */
enum { SMALLEST_SOCKADDR_IN6 = 24 };

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
  if (storage.ss_family != family) {
    return false;
  }
  if (family == AF_INET6 && size >= SMALLEST_SOCKADDR_IN6 && size < sizeof(struct sockaddr_in6)) {
    size = sizeof(struct sockaddr_in6);
  }
  return conntrail__address_from_sockaddr((struct sockaddr *)&storage, size, remote);
}

static bool is_writable(int fd) {
  struct pollfd wanted = {.fd = fd, .events = POLLOUT};
  return poll(&wanted, 1, 0) == 1 && wanted.revents == POLLOUT;
}

static conntrail__outcome outcome_of(int fd, int result, int error) {
  if (result == 0 || error == EISCONN) {
    return CONNTRAIL__ESTABLISHED;
  }
  if (error == EINPROGRESS || error == EINTR || error == EALREADY) {
    return is_writable(fd) ? CONNTRAIL__ESTABLISHED : CONNTRAIL__UNDERWAY;
  }
  return CONNTRAIL__REJECTED;
}

void conntrail__connect_settle(conntrail__socket *socket, int fd) {
  conntrail__address local;
  if (conntrail__kernel_state_of(socket) == CONNTRAIL__CONNECTING && conntrail__has_peer(fd) &&
      conntrail__local_address(fd, &local)) {
    conntrail__kernel_connected(socket, CONNTRAIL__ESTABLISHED, &local, 0);
  }
}

static void tell_outcome(conntrail__hold *hold, int fd, int result, int error) {
  conntrail__address local;
  conntrail__outcome outcome = outcome_of(fd, result, error);
  bool is_known = outcome != CONNTRAIL__REJECTED && conntrail__local_address(fd, &local);
  if (!conntrail__hold_resume(hold)) {
    return;
  }
  conntrail__kernel_connected(hold->socket, outcome, is_known ? &local : NULL,
                              outcome == CONNTRAIL__REJECTED ? conntrail__native_of(error) : 0);
  conntrail__hold_end(hold);
}

static int perform(conntrail__hold *hold, int fd, const conntrail__address *target) {
  struct sockaddr_storage storage;
  size_t size = conntrail__address_to_family(target, hold->family, &storage);
  int result = -1;
  int error = EAFNOSUPPORT;
  if (size > 0) {
    result = CONNTRAIL__REAL(connect)(fd, (struct sockaddr *)&storage, (socklen_t)size);
    error = errno;
  }
  tell_outcome(hold, fd, result, error);
  errno = error;
  return result;
}

/* To a port of this host where nobody can listen. */
static int connect_nowhere(const conntrail__hold *hold, int fd) {
  struct sockaddr_storage nowhere;
  conntrail__address loopback =
      conntrail__address_loopback(hold->family == AF_INET ? CONNTRAIL__IPV4 : CONNTRAIL__IPV6, 0);
  size_t size = conntrail__address_to_sockaddr(&loopback, &nowhere);
  return CONNTRAIL__REAL(connect)(fd, (struct sockaddr *)&nowhere, (socklen_t)size);
}

/* A connection is refused by the other side, so that a socket that does not block learns it
 * later: from the kernel, like any other. Every other error is known at once. */
static int fail_connect(const conntrail__hold *hold, int fd, int error) {
  bool is_learnt_later = error == ECONNREFUSED && connect_nowhere(hold, fd) != 0 &&
                         (errno == EINPROGRESS || errno == EINTR);
  if (!is_learnt_later) {
    errno = error;
  }
  return -1;
}

static int decide_and_perform(conntrail__hold *hold, int fd, const conntrail__address *remote) {
  conntrail__identity who;
  conntrail__decision decision;
  if (!conntrail__hold_resume(hold)) {
    errno = ENETUNREACH;
    return -1;
  }
  conntrail__session_identity(&who);
  decision = conntrail__kernel_connecting(hold->socket, remote, &who);
  if (decision.native != 0) {
    conntrail__hold_end(hold);
    return fail_connect(hold, fd, conntrail__errno_of(decision.native));
  }
  conntrail__face_unlock();
  return perform(hold, fd, &decision.target);
}

/* The system only says what became of the earlier connect. It gets no real address: should it
 * not remember one after all, nothing must leave this host undecided. */
static int ask_again(conntrail__hold *hold, int fd) {
  int result = connect_nowhere(hold, fd);
  int error = errno;
  if (hold->state == CONNTRAIL__CONNECTING) {
    tell_outcome(hold, fd, result, error);
  } else {
    conntrail__hold_drop(hold);
  }
  errno = error;
  return result;
}

static int dissolve(conntrail__hold *hold, const request *asked) {
  int result = ask_system(asked);
  int error = errno;
  if (conntrail__hold_resume(hold)) {
    if (result == 0 && hold->kind == CONNTRAIL__STREAM) {
      conntrail__kernel_dissolved(hold->socket);
    } else if (result == 0) {
      conntrail__kernel_associated(hold->socket, NULL);
    }
    conntrail__hold_end(hold);
  }
  errno = error;
  return result;
}

static int pass(conntrail__hold *hold, const request *asked) {
  conntrail__hold_drop(hold);
  return ask_system(asked);
}

/* (locked) Nothing is sent, so nothing blocks. 0 or an errno. */
static int associate(const conntrail__hold *hold, int fd, const conntrail__address *remote) {
  struct sockaddr_storage storage;
  conntrail__identity who;
  conntrail__passage passage;
  size_t size;
  conntrail__session_identity(&who);
  passage = conntrail__kernel_send_connecting(hold->socket, remote, &who);
  if (passage.native != 0) {
    return conntrail__errno_of(passage.native);
  }
  if (passage.unsettled != NULL && !conntrail__carrier_settle(fd, hold, &passage)) {
    return errno;
  }
  size = conntrail__address_to_family(&passage.target, hold->family, &storage);
  if (size == 0) {
    return EAFNOSUPPORT;
  }
  if (CONNTRAIL__REAL(connect)(fd, (struct sockaddr *)&storage, (socklen_t)size) != 0) {
    return errno;
  }
  conntrail__kernel_associated(hold->socket, remote);
  return 0;
}

static int connect_datagram(conntrail__hold *hold, const request *asked) {
  conntrail__address remote;
  int error;
  if (hold->is_inherited) {
    conntrail__hold_drop(hold);
    return conntrail__session_refuse_inherited("connect");
  }
  if (!read_request(asked, hold->family, &remote)) {
    return pass(hold, asked);
  }
  if (!conntrail__hold_resume(hold)) {
    return ask_system(asked);
  }
  error = associate(hold, asked->fd, &remote);
  conntrail__hold_end(hold);
  if (error != 0) {
    errno = error;
  }
  return error == 0 ? 0 : -1;
}

static int connect_stream(conntrail__hold *hold, const request *asked) {
  conntrail__address remote;
  if (hold->is_inherited) {
    conntrail__hold_drop(hold);
    return conntrail__session_refuse_inherited("connect");
  }
  if (hold->state != CONNTRAIL__FRESH && hold->state != CONNTRAIL__BOUND) {
    return ask_again(hold, asked->fd);
  }
  if (!read_request(asked, hold->family, &remote)) {
    return pass(hold, asked);
  }
  return decide_and_perform(hold, asked->fd, &remote);
}

static int connect_tracked(conntrail__hold *hold, const request *asked) {
  if (asked->address == NULL || asked->size < sizeof asked->address->sa_family ||
      asked->size > sizeof(struct sockaddr_storage)) {
    return pass(hold, asked);
  }
  if (asked->address->sa_family == AF_UNSPEC) {
    return dissolve(hold, asked);
  }
  return hold->kind == CONNTRAIL__STREAM ? connect_stream(hold, asked)
                                         : connect_datagram(hold, asked);
}

CONNTRAIL__APART static int connect_watched(int fd, const struct sockaddr *address,
                                            socklen_t size) {
  const request asked = {fd, address, size};
  conntrail__hold hold;
  if (!conntrail__session_applies()) {
    return ask_system(&asked);
  }
  if (!conntrail__hold_take(fd, &hold)) {
    conntrail__stranger_connects(fd);
    return ask_system(&asked);
  }
  return connect_tracked(&hold, &asked);
}

CONNTRAIL__EXPORT int connect(int fd, const struct sockaddr *address, socklen_t size) {
  return conntrail__is_active() ? connect_watched(fd, address, size)
                                : CONNTRAIL__REAL(connect)(fd, address, size);
}
