/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>

#include "../../src/numbers.h"
#include "conntrail/linux.h"
#include "kernel_option.h"

CONNTRAIL__WATCHED_FILE(receive)

static void give_sender(const conntrail__reference *socket, const conntrail__received *arrived,
                        const struct msghdr *received, struct msghdr *message) {
  size_t size = conntrail__sender_to_family(arrived, socket->family, received->msg_name,
                                            received->msg_namelen);
  if (message->msg_name != NULL) {
    conntrail__copy_address(received->msg_name, size, message->msg_name, &message->msg_namelen);
  }
}

/* (locked) Whatever comes next may be quicker: the socket has an address, or nothing had come. */
static void set_ready(const conntrail__reference *socket, int fd) {
  if (socket->is_counted && conntrail__table_find(fd) == socket->socket) {
    conntrail__table_set_ready(fd);
  }
}

static void ask_engine(conntrail__reference *socket, int fd, conntrail__received *arrived) {
  conntrail__identity who;
  arrived->sender = arrived->from;
  if (!conntrail__reference_resume(socket)) {
    return;
  }
  conntrail__session_identity(&who);
  conntrail__level_received(socket->socket, &who, arrived);
  set_ready(socket, fd);
  conntrail__reference_end(socket);
}

static void pass_on(const struct msghdr *received, struct msghdr *message) {
  message->msg_controllen = received->msg_controllen;
  message->msg_flags = received->msg_flags;
  if (message->msg_name != NULL) {
    conntrail__copy_address(received->msg_name, received->msg_namelen, message->msg_name,
                            &message->msg_namelen);
  }
}

static void drop_cancelled(void *reference) {
  conntrail__reference_drop(reference);
}

/* The system's recvmsg, in which the program may wait and be cancelled. */
static ssize_t perform(conntrail__reference *socket, int fd, struct msghdr *received, int flags) {
  ssize_t size;
  pthread_cleanup_push(drop_cancelled, socket);
  size = CONNTRAIL__REAL(recvmsg)(fd, received, flags);
  pthread_cleanup_pop(0);
  return size;
}

static ssize_t receive_tracked(conntrail__reference *socket, int fd, struct msghdr *message,
                               int flags, bool is_plain) {
  struct sockaddr_storage from;
  struct msghdr received = *message;
  conntrail__received arrived = {
      .is_peek = (flags & MSG_PEEK) != 0,
      .is_plain = is_plain,
      .is_ipv6 = socket->family == AF_INET6,
      .control = message->msg_control,
      .capacity = message->msg_control == NULL ? 0 : (uint32_t)message->msg_controllen};
  received.msg_name = &from;
  received.msg_namelen = sizeof from;
  ssize_t size = perform(socket, fd, &received, flags);
  if (size < 0 || !conntrail__address_from_sockaddr((struct sockaddr *)&from, received.msg_namelen,
                                                    &arrived.from)) {
    int error = errno;
    conntrail__reference_drop(socket);
    if (size >= 0) { /* a descriptor that names something else by now */
      pass_on(&received, message);
    }
    errno = error;
    return size;
  }
  arrived.used = (uint32_t)received.msg_controllen;
  ask_engine(socket, fd, &arrived);
  message->msg_controllen = arrived.used;
  message->msg_flags = received.msg_flags | (arrived.is_control_cut ? MSG_CTRUNC : 0);
  give_sender(socket, &arrived, &received, message);
  return size;
}

static ssize_t receive_taken(conntrail__reference *socket, int fd, struct msghdr *message,
                             int flags, bool is_plain) {
  /* What the child of a fork would see is not what the emulation shows (E6). */
  if (socket->is_inherited && (message->msg_name != NULL || !is_plain)) {
    conntrail__reference_drop(socket);
    return conntrail__session_refuse_inherited("recvfrom");
  }
  return receive_tracked(socket, fd, message, flags, is_plain);
}

ssize_t conntrail__datagram_receive(int fd, struct msghdr *message, int flags, bool is_plain) {
  conntrail__reference socket;
  if ((flags & MSG_ERRQUEUE) != 0) {
    return conntrail__error_queue_receive(fd, message, flags);
  }
  if ((!conntrail__reference_take_quickly(fd, &socket) &&
       !conntrail__reference_take(fd, &socket))) {
    return CONNTRAIL__REAL(recvmsg)(fd, message, flags);
  }
  if (socket.may_fault && !is_plain) {
    uint32_t native = conntrail__message_fault(fd, CONNTRAIL_EMU_RECEIVE_MESSAGE);
    if (native != 0) {
      conntrail__reference_drop(&socket);
      return conntrail__fail_message(native);
    }
  }
  return receive_taken(&socket, fd, message, flags, is_plain);
}

static bool concerns(int fd) {
  return conntrail__session_applies() && conntrail__table_is_datagram(fd);
}

static ssize_t receive_plain(int fd, void *data, size_t size, int flags, struct sockaddr *address,
                             socklen_t *address_size) {
  struct iovec piece = {data, size};
  struct msghdr message;
  ssize_t received;
  memset(&message, 0, sizeof message);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (address != NULL) {
    message.msg_name = address;
    message.msg_namelen = *address_size;
  }
  received = conntrail__datagram_receive(fd, &message, flags, true);
  if (address != NULL && received >= 0) {
    *address_size = message.msg_namelen;
  }
  return received;
}

CONNTRAIL__APART static ssize_t recv_watched(int fd, void *data, size_t size, int flags) {
  return concerns(fd) ? receive_plain(fd, data, size, flags, NULL, NULL)
                      : CONNTRAIL__REAL(recv)(fd, data, size, flags);
}

CONNTRAIL__EXPORT ssize_t recv(int fd, void *data, size_t size, int flags) {
  return conntrail__is_active() ? recv_watched(fd, data, size, flags)
                                : CONNTRAIL__REAL(recv)(fd, data, size, flags);
}

CONNTRAIL__APART static ssize_t recvfrom_watched(int fd, void *data, size_t size, int flags,
                                                 struct sockaddr *address,
                                                 socklen_t *address_size) {
  /* Where the caller's own arguments are wrong, the kernel says so. */
  bool has_room = address == NULL || (address_size != NULL && (int)*address_size >= 0);
  return has_room && concerns(fd)
             ? receive_plain(fd, data, size, flags, address, address_size)
             : CONNTRAIL__REAL(recvfrom)(fd, data, size, flags, address, address_size);
}

CONNTRAIL__EXPORT ssize_t recvfrom(int fd, void *data, size_t size, int flags,
                                   struct sockaddr *address, socklen_t *address_size) {
  return conntrail__is_active()
             ? recvfrom_watched(fd, data, size, flags, address, address_size)
             : CONNTRAIL__REAL(recvfrom)(fd, data, size, flags, address, address_size);
}

CONNTRAIL__APART static ssize_t recvmsg_watched(int fd, struct msghdr *message, int flags) {
  bool has_room = message != NULL && (message->msg_name == NULL || (int)message->msg_namelen >= 0);
  if (!conntrail__session_applies()) {
    return CONNTRAIL__REAL(recvmsg)(fd, message, flags);
  }
  return has_room && conntrail__table_is_datagram(fd)
             ? conntrail__datagram_receive(
                   fd, message, flags, message->msg_control == NULL || message->msg_controllen == 0)
             : CONNTRAIL__REAL(recvmsg)(fd, message, flags);
}

CONNTRAIL__EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  return conntrail__is_active() ? recvmsg_watched(fd, message, flags)
                                : CONNTRAIL__REAL(recvmsg)(fd, message, flags);
}

/*
 * What _FORTIFY_SOURCE makes of recv and recvfrom where it knows the size of the buffer. It has
 * found the call sound when it was compiled, or it checks here.
 */
CONNTRAIL__EXPORT ssize_t conntrail__recv_checked(int fd, void *data, size_t size, size_t room,
                                                  int flags) __asm__("__recv_chk");
CONNTRAIL__EXPORT ssize_t conntrail__recvfrom_checked(
    int fd, void *data, size_t size, size_t room, int flags, struct sockaddr *address,
    socklen_t *address_size) __asm__("__recvfrom_chk");

ssize_t conntrail__recv_checked(int fd, void *data, size_t size, size_t room, int flags) {
  return recv(fd, data, size < room ? size : room, flags);
}

ssize_t conntrail__recvfrom_checked(int fd, void *data, size_t size, size_t room, int flags,
                                    struct sockaddr *address, socklen_t *address_size) {
  return recvfrom(fd, data, size < room ? size : room, flags, address, address_size);
}
