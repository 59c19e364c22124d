/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "../frontend/send.h"
#include "kernel_option.h"

CONNTRAIL__WATCHED_FILE(datagram)

enum { FAST_OPEN = 0x20000000 }; /* MSG_FASTOPEN, which only newer headers have */

static ssize_t pass(int fd, const struct msghdr *message, int flags) {
  return CONNTRAIL__REAL(sendmsg)(fd, message, flags);
}

static bool read_remote(const struct msghdr *asked, int family, conntrail__address *remote) {
  struct sockaddr_storage storage;
  size_t size = asked->msg_namelen < sizeof storage ? asked->msg_namelen : sizeof storage;
  memset(&storage, 0, sizeof storage);
  memcpy(&storage, asked->msg_name, size);
  return conntrail__address_to_send(&storage, size, family, remote);
}

/* (locked) Another thread may close a relay socket as soon as the lock is given back; sending
 * through it does not wait. Gives the lock back. */
static ssize_t send_by_relay(struct msghdr *message, const conntrail__send_decision *decision,
                             int flags) {
  message->msg_control = NULL;
  message->msg_controllen = 0;
  ssize_t sent = pass((int)decision->relay, message, flags | MSG_DONTWAIT);
  int error = errno;
  conntrail__reference_leave();
  errno = error;
  return sent;
}

static bool goes_elsewhere(const conntrail__reference *socket, const conntrail__address *remote,
                           const conntrail__send_decision *decision) {
  conntrail__address asked;
  return remote == NULL ? conntrail__socket_peer(socket->socket, &asked) : decision->is_elsewhere;
}

/* (locked) Gives the lock back. */
static ssize_t send_decided(const conntrail__reference *socket, const conntrail__address *remote,
                            struct msghdr message, const conntrail__outgoing *outgoing, int flags) {
  conntrail__send_decision decision;
  conntrail__identity who;
  conntrail__session_identity(&who);
  conntrail__send_decide(socket, remote, outgoing, &who, &decision);
  if (decision.error != 0) {
    conntrail__reference_leave();
    return decision.is_of_engine ? conntrail__fail_message(decision.native)
                                 : conntrail__fail(decision.error);
  }
  if (decision.size > 0) {
    message.msg_name = &decision.address;
    message.msg_namelen = (socklen_t)decision.size;
  }
  bool is_copy = message.msg_control != outgoing->control;
  if (is_copy && goes_elsewhere(socket, remote, &decision)) {
    conntrail__device_lift(&message);
  }
  if (decision.relay != CONNTRAIL__NO_RELAY) {
    return send_by_relay(&message, &decision, flags);
  }
  conntrail__reference_leave();
  return pass((int)socket->handle, &message, flags);
}

/* (locked) Gives the lock back. */
static ssize_t send_entered(const conntrail__reference *socket, const struct msghdr *asked,
                            conntrail__outgoing *outgoing, int flags) {
  conntrail__address remote;
  struct msghdr message = *asked;
  bool has_remote = asked->msg_name != NULL && asked->msg_namelen > 0;
  if (has_remote && !read_remote(asked, socket->family, &remote)) {
    conntrail__reference_leave();
    return pass((int)socket->handle, asked, flags);
  }
  if (socket->is_inherited) {
    conntrail__reference_leave();
    return conntrail__session_refuse_inherited("sendto");
  }
  size_t control_size = message.msg_controllen;
  bool is_copied =
      outgoing->records != NULL || (!outgoing->is_malformed && conntrail__device_is_named(asked));
  if (is_copied && !conntrail__outgoing_strip(outgoing, &message.msg_control, &control_size)) {
    conntrail__reference_leave();
    return conntrail__fail(ENOBUFS);
  }
  message.msg_controllen = (socklen_t)control_size;
  return send_decided(socket, has_remote ? &remote : NULL, message, outgoing, flags);
}

ssize_t conntrail__datagram_send(int fd, const struct msghdr *message, int flags) {
  conntrail__reference socket;
  conntrail__outgoing outgoing;
  bool is_sound =
      conntrail__outgoing_read(&outgoing, message->msg_control, message->msg_controllen);
  bool has_remote = message->msg_name != NULL && message->msg_namelen > 0;
  /* What else is malformed, the system says (M6). */
  if (!is_sound && outgoing.records != NULL) {
    return conntrail__fail(EINVAL);
  }
  bool is_decided = outgoing.records != NULL || has_remote || conntrail__device_is_named(message);
  if (!is_decided || !conntrail__reference_enter(fd, &socket)) {
    return pass(fd, message, flags);
  }
  ssize_t sent = send_entered(&socket, message, &outgoing, flags);
  int error = errno;
  conntrail__outgoing_free(&outgoing);
  errno = error;
  return sent;
}

/* Connects without connect(): past every decision of the emulation. Recognised by its flag alone,
 * so that all other sending by streams stays libc's. */
static bool would_slip_past(int fd, int flags) {
  if ((flags & FAST_OPEN) == 0 || conntrail__table_find(fd) == NULL) {
    return false;
  }
  errno = EOPNOTSUPP;
  return true;
}

CONNTRAIL__APART static ssize_t sendto_watched(int fd, const void *data, size_t size, int flags,
                                               const struct sockaddr *address,
                                               socklen_t address_size) {
  struct iovec piece = {conntrail__readable(data), size};
  struct msghdr message;
  if (!conntrail__session_applies()) {
    return conntrail__session_refuses(address, address_size)
               ? -1
               : CONNTRAIL__REAL(sendto)(fd, data, size, flags, address, address_size);
  }
  if (would_slip_past(fd, flags)) {
    return -1;
  }
  if (address == NULL || !conntrail__table_is_datagram(fd)) {
    return CONNTRAIL__REAL(sendto)(fd, data, size, flags, address, address_size);
  }
  memset(&message, 0, sizeof message);
  message.msg_name = conntrail__readable(address);
  message.msg_namelen = address_size;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  return conntrail__datagram_send(fd, &message, flags);
}

CONNTRAIL__EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
                                 const struct sockaddr *address, socklen_t address_size) {
  return conntrail__is_active()
             ? sendto_watched(fd, data, size, flags, address, address_size)
             : CONNTRAIL__REAL(sendto)(fd, data, size, flags, address, address_size);
}

CONNTRAIL__APART static ssize_t sendmsg_watched(int fd, const struct msghdr *message, int flags) {
  if (!conntrail__session_applies()) {
    return message != NULL && conntrail__session_refuses(message->msg_name, message->msg_namelen)
               ? -1
               : pass(fd, message, flags);
  }
  if (would_slip_past(fd, flags)) {
    return -1;
  }
  if (message == NULL || !conntrail__table_is_datagram(fd)) {
    return pass(fd, message, flags);
  }
  uint32_t native = conntrail__message_fault(fd, CONNTRAIL_EMU_SEND_MESSAGE);
  return native == 0 ? conntrail__datagram_send(fd, message, flags)
                     : conntrail__fail_message(native);
}

CONNTRAIL__EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  return conntrail__is_active() ? sendmsg_watched(fd, message, flags) : pass(fd, message, flags);
}
