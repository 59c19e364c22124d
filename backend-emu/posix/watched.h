/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_WATCHED_H
#define CONNTRAIL_POSIX_WATCHED_H

/* What the files of watched calls share. */

#include <errno.h>
#include <string.h>

#include "../frontend/sockaddr.h"
#include "session.h"

/* Sets errno, and answers as a call that failed. */
static inline int conntrail__fail(int error) {
  errno = error;
  return -1;
}

/* descriptor.c: conntrail__reference_enter(), without the lock where nothing is tracked. A
 * descriptor that was closed behind the emulation's back is forgotten. */
CONNTRAIL__HIDDEN bool conntrail__descriptor_enter(int fd, conntrail__reference *reference);

/* descriptor.c: the descriptor was found to name something else. */
CONNTRAIL__HIDDEN void conntrail__descriptor_forget(int fd);
/* descriptor.c: closes a descriptor that could not be tracked. Sets errno, answers -1. */
CONNTRAIL__HIDDEN int conntrail__descriptor_give_up(int fd, int error);

/* outside.c: (locked) this descriptor will not name the socket any more: where the system has a
 * peer for it and it was not connected here, that is noted. */
CONNTRAIL__HIDDEN void conntrail__outside_note(conntrail__socket *socket, int fd);

/* address.c: the system's own answer. Keeps errno. */
CONNTRAIL__HIDDEN bool conntrail__has_peer(int fd);
/* address.c: copies as the kernel does: what fits, and the size of the whole. */
CONNTRAIL__HIDDEN void conntrail__copy_address(const struct sockaddr_storage *from, size_t size,
                                               struct sockaddr *to, socklen_t *to_size);

/* connect.c: (locked) whether a connect that was under way has succeeded by now. */
CONNTRAIL__HIDDEN void conntrail__connect_settle(conntrail__socket *socket, int fd);

/* device.c: the program sets this option. */
CONNTRAIL__HIDDEN void conntrail__device_note(int level, int name);
/* Whether the control data of a message keep it to an interface. */
CONNTRAIL__HIDDEN bool conntrail__device_is_named(const struct msghdr *message);
/* It goes by any interface; the control data are this library's copy. */
CONNTRAIL__HIDDEN void conntrail__device_lift(struct msghdr *message);

/* datagram.c, receive.c: sendmsg and recvmsg on what may be a tracked datagram socket. is_plain: by
 * a call without a place for control messages. */
CONNTRAIL__HIDDEN ssize_t conntrail__datagram_send(int fd, const struct msghdr *message, int flags);
CONNTRAIL__HIDDEN ssize_t conntrail__datagram_receive(int fd, struct msghdr *message, int flags,
                                                      bool is_plain);
/* error_queue.c: recvmsg with MSG_ERRQUEUE on a tracked datagram socket. */
CONNTRAIL__HIDDEN ssize_t conntrail__error_queue_receive(int fd, struct msghdr *message, int flags);
/* What the system only reads, though its types do not say so. */
static inline void *conntrail__readable(const void *pointer) {
  void *same;
  memcpy(&same, &pointer, sizeof same);
  return same;
}

/* untracked.c: a stream socket that no emulation knows connects although one is current. */
CONNTRAIL__HIDDEN void conntrail__untracked_connects(int fd);

#endif
