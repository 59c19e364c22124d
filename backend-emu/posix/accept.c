/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>

#include "../frontend/track.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(accept)

/* Not an address: the descriptor names something else by now. */
static int tell(const conntrail__reference *listener, const struct sockaddr_storage *from,
                socklen_t size, int fd) {
  conntrail__address peer;
  if (conntrail__address_from_sockaddr((const struct sockaddr *)from, size, &peer)) {
    return conntrail__track_accepted(listener, &peer, fd);
  }
  conntrail__reference_drop(listener);
  return 0;
}

static void drop_cancelled(void *reference) {
  conntrail__reference_drop(reference);
}

/* The system's accept, in which the program may wait and be cancelled. */
static int perform(conntrail__reference *listener, struct sockaddr_storage *from, socklen_t *size,
                   int flags) {
  int fd;
  pthread_cleanup_push(drop_cancelled, listener);
  fd = CONNTRAIL__REAL(accept4)((int)listener->handle, (struct sockaddr *)from, size, flags);
  pthread_cleanup_pop(0);
  return fd;
}

static int accept_tracked(conntrail__reference *listener, struct sockaddr *address, socklen_t *size,
                          int flags) {
  struct sockaddr_storage from;
  socklen_t from_size = sizeof from;
  int fd = perform(listener, &from, &from_size, flags);
  if (fd < 0) {
    int error = errno;
    conntrail__reference_drop(listener);
    errno = error;
    return fd;
  }
  conntrail__descriptor_forget(fd);
  int error = tell(listener, &from, from_size, fd);
  if (error != 0) {
    return conntrail__descriptor_give_up(fd, error);
  }
  if (address != NULL) {
    conntrail__copy_address(&from, from_size, address, size);
  }
  return fd;
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
  conntrail__reference listener;
  if (!has_room(address, size) || !conntrail__descriptor_take(listening, &listener)) {
    return accept_untracked(listening, address, size, flags);
  }
  if (listener.is_inherited) {
    conntrail__reference_drop(&listener);
    return conntrail__session_refuse_inherited(call);
  }
  return accept_tracked(&listener, address, size, flags);
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
