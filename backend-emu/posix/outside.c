/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "watched.h"

/*
 * TCP sockets that were connected past libc, by io_uring or a raw system call. Nothing shows it but
 * that the system has a peer for them; so it is told when a descriptor is closed, or the process
 * ends, or becomes another program.
 */

CONNTRAIL__WATCHED_FILE(outside)

void conntrail__outside_note(conntrail__socket *socket, int fd) {
  conntrail__socket_state state = conntrail__kernel_state_of(socket);
  if (conntrail__kernel_kind_of(socket) == CONNTRAIL__STREAM &&
      (state == CONNTRAIL__FRESH || state == CONNTRAIL__BOUND) &&
      conntrail__has_internet_peer(fd)) {
    conntrail__kernel_outside(socket);
  }
}

static bool is_closed_on_exec(int fd) {
  int flags = CONNTRAIL__REAL(fcntl)(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) != 0;
}

static void note_all(bool is_exec) {
  int error = errno;
  conntrail__native_lock();
  for (unsigned n = conntrail__table_next(0); n < CONNTRAIL__TABLE_REACH;
       n = conntrail__table_next(n + 1)) {
    conntrail__socket *socket = conntrail__table_find((int)n);
    if (socket != NULL && (!is_exec || is_closed_on_exec((int)n))) {
      conntrail__outside_note(socket, (int)n);
    }
  }
  conntrail__native_unlock();
  errno = error;
}

/* An emulation of the process' own ends with it, and its trail as well. A child of vfork has its
 * parent's memory, and the parent its sockets. */
static bool has_somebody_to_tell(void) {
  return conntrail__is_watched() && conntrail__is_served &&
         conntrail__table_next(0) < CONNTRAIL__TABLE_REACH && !conntrail__session_is_foreign();
}

void conntrail__outside_before_exec(void) {
  if (has_somebody_to_tell()) {
    note_all(true);
  }
}

/* After exit(), and main's return. */
#if defined(__GNUC__)
__attribute__((destructor))
#endif
static void
end(void) {
  if (has_somebody_to_tell()) {
    note_all(false);
  }
}

CONNTRAIL__EXPORT void _exit(int code) {
  end();
  CONNTRAIL__REAL(_exit)(code);
  abort();
}

CONNTRAIL__EXPORT void _Exit(int code) {
  _exit(code);
}
