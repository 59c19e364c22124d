/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>

#include "../frontend/track.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(accept)

/* An accept of a tracked listener. */
typedef struct waiting {
  conntrail__reference listener;
  conntrail__accept_room room;
} waiting;

static void drop(void *accept) {
  waiting *dropped = accept;
  conntrail__reference_drop(&dropped->listener);
  conntrail__track_unreserve(&dropped->room);
}

/* Not an address: the descriptor names something else by now. */
static int tell(waiting *accept, const struct sockaddr_storage *from, socklen_t size, int fd) {
  conntrail__address peer;
  if (conntrail__address_from_sockaddr((const struct sockaddr *)from, size, &peer)) {
    return conntrail__track_accepted(&accept->listener, &peer, fd, &accept->room);
  }
  drop(accept);
  return 0;
}

/* The system's accept, in which the program may wait and be cancelled. */
static int perform(waiting *accept, struct sockaddr_storage *from, socklen_t *size, int flags) {
  int fd;
  pthread_cleanup_push(drop, accept);
  fd = CONNTRAIL__REAL(accept4)((int)accept->listener.handle, (struct sockaddr *)from, size, flags);
  pthread_cleanup_pop(0);
  return fd;
}

static int accept_prepared(waiting *accept, struct sockaddr *address, socklen_t *size, int flags) {
  struct sockaddr_storage from;
  socklen_t from_size = sizeof from;
  int fd = perform(accept, &from, &from_size, flags);
  if (fd < 0) {
    int error = errno;
    drop(accept);
    errno = error;
    return fd;
  }
  conntrail__descriptor_forget(fd);
  int error = tell(accept, &from, from_size, fd);
  if (error != 0) {
    return conntrail__descriptor_give_up(fd, error);
  }
  if (address != NULL) {
    conntrail__copy_address(&from, from_size, address, size);
  }
  return fd;
}

/* (locked) Gives the lock back. */
static int accept_tracked(waiting *accept, struct sockaddr *address, socklen_t *size, int flags) {
  if (!conntrail__track_reserve(accept->listener.socket, &accept->room)) {
    conntrail__reference_leave();
    return conntrail__fail(ENOMEM);
  }
  conntrail__reference_keep(&accept->listener);
  return accept_prepared(accept, address, size, flags);
}

static int accept_untracked(int listening, struct sockaddr *address, socklen_t *size, int flags) {
  int fd = CONNTRAIL__REAL(accept4)(listening, address, size, flags);
  if (fd >= 0) {
    conntrail__descriptor_forget(fd);
  }
  return fd;
}

/* Where the caller's own arguments are wrong, the kernel says so, and loses the connection. */
static bool has_room(const struct sockaddr *address, const socklen_t *size) {
  return address == NULL || (size != NULL && (int)*size >= 0);
}

static int accept_watched(int listening, struct sockaddr *address, socklen_t *size, int flags,
                          const char *call) {
  waiting accept;
  if (!has_room(address, size) || !conntrail__descriptor_enter(listening, &accept.listener)) {
    return accept_untracked(listening, address, size, flags);
  }
  if (accept.listener.is_inherited) {
    conntrail__reference_leave();
    return conntrail__session_refuse_inherited(call);
  }
  return accept_tracked(&accept, address, size, flags);
}

CONNTRAIL__EXPORT int accept(int fd, struct sockaddr *address, socklen_t *size) {
  if (!conntrail__is_watched()) {
    return CONNTRAIL__REAL(accept)(fd, address, size);
  }
  return accept_watched(fd, address, size, 0, "accept");
}

CONNTRAIL__EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
  if (!conntrail__is_watched()) {
    return CONNTRAIL__REAL(accept4)(fd, address, size, flags);
  }
  return accept_watched(fd, address, size, flags, "accept4");
}
