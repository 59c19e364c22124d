/* SPDX-License-Identifier: MIT */
/* With 64-bit offsets the header would turn fcntl into fcntl64, which is defined here as well. */
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "../frontend/track.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(descriptor)

enum { DUPLICATE_CLOSE_ON_EXEC = 1030, UNSHARE = 2 }; /* F_DUPFD_CLOEXEC, CLOSE_RANGE_UNSHARE */

/* (locked) What the system could say of the socket before its end. A connected one was watched all
 * the way; of others the descriptor must still name it. */
static void note_end(conntrail__socket *socket, int fd) {
  if (conntrail__socket_state_of(socket) != CONNTRAIL__CONNECTED &&
      !conntrail__table_is_stale(fd)) {
    conntrail__outside_note(socket, fd);
    conntrail__connect_settle(socket, fd);
  }
}

/* is_open: the descriptor names the socket still. */
static void release(int fd, bool is_open) {
  conntrail__native_lock();
  conntrail__socket *socket = conntrail__table_find(fd);
  if (socket != NULL) {
    if (is_open) {
      note_end(socket, fd);
    }
    conntrail__socket_release(conntrail__table_take(fd));
  }
  conntrail__native_unlock();
}

bool conntrail__descriptor_enter(int fd, conntrail__reference *reference) {
  if (conntrail__table_find(fd) == NULL || !conntrail__reference_enter(fd, reference)) {
    return false;
  }
  if (!conntrail__table_is_stale(fd)) {
    return true;
  }
  conntrail__socket_release(conntrail__table_take(fd));
  conntrail__reference_leave();
  return false;
}

void conntrail__native_sweep(void) {
  for (unsigned n = conntrail__table_next(0); n < CONNTRAIL__TABLE_REACH;
       n = conntrail__table_next(n + 1)) {
    if (conntrail__table_is_stale((int)n)) {
      conntrail__socket_release(conntrail__table_take((int)n));
    }
  }
}

/* A child of vfork closes its own descriptor, in its parent's memory. is_open: it names the socket
 * still, and will not any more. */
static void forget(int fd, bool is_open) {
  bool applies = conntrail__session_applies();
  if (conntrail__table_find(fd) == NULL || conntrail__session_is_foreign()) {
    return;
  }
  if (applies) {
    release(fd, is_open);
  } else {
    conntrail__table_drop(fd);
  }
}

void conntrail__descriptor_forget(int fd) {
  forget(fd, false);
}

int conntrail__descriptor_give_up(int fd, int error) {
  CONNTRAIL__REAL(close)(fd);
  return conntrail__fail(error);
}

static void forget_range(unsigned first, unsigned last) {
  unsigned fd = conntrail__table_next(first);
  while (fd < CONNTRAIL__TABLE_REACH && fd <= last) {
    forget((int)fd, true);
    fd = conntrail__table_next(fd + 1);
  }
}

static int follow(int from, int to) {
  int error;
  if (conntrail__table_find(from) == NULL || conntrail__session_is_foreign()) {
    return to;
  }
  conntrail__native_lock();
  error = conntrail__table_is_stale(from) ? 0 : conntrail__track_copy(from, to);
  conntrail__native_unlock();
  return error == 0 ? to : conntrail__descriptor_give_up(to, error);
}

/* A new descriptor `to`, which was closed until now. */
static int follow_new(int from, int to) {
  if (!conntrail__is_watched() || to < 0) {
    return to;
  }
  conntrail__descriptor_forget(to);
  return follow(from, to);
}

CONNTRAIL__APART static int close_watched(int fd) {
  forget(fd, true);
  return CONNTRAIL__REAL(close)(fd);
}

CONNTRAIL__EXPORT int close(int fd) {
  return conntrail__is_active() ? close_watched(fd) : CONNTRAIL__REAL(close)(fd);
}

CONNTRAIL__EXPORT int close_range(unsigned first, unsigned last, int flags) {
  conntrail__show_probe();
  if (conntrail__is_active() && (flags & ~UNSHARE) == 0) {
    forget_range(first, last);
  }
  return CONNTRAIL__REAL(close_range)(first, last, flags);
}

CONNTRAIL__EXPORT void closefrom(int first) {
  conntrail__show_probe();
  if (conntrail__is_active()) {
    forget_range(first < 0 ? 0 : (unsigned)first, CONNTRAIL__TABLE_REACH);
  }
  CONNTRAIL__REAL(closefrom)(first);
}

CONNTRAIL__EXPORT int fclose(FILE *stream) {
  if (conntrail__is_active()) {
    int error = errno;
    forget(fileno(stream), true);
    errno = error;
  }
  return CONNTRAIL__REAL(fclose)(stream);
}

CONNTRAIL__EXPORT int dup(int fd) {
  return follow_new(fd, CONNTRAIL__REAL(dup)(fd));
}

/* `to` is closed by the same call that fills it, unless that call fails: its only causes for a
 * target that is open are these. */
static void forget_target(int from, int to, int flags) {
  int error = errno;
  if (conntrail__table_find(to) != NULL && from != to && (flags & ~O_CLOEXEC) == 0 &&
      CONNTRAIL__REAL(fcntl)(from, F_GETFD) >= 0) {
    forget(to, true);
  }
  errno = error;
}

CONNTRAIL__EXPORT int dup2(int from, int to) {
  int result;
  if (!conntrail__is_watched()) {
    return CONNTRAIL__REAL(dup2)(from, to);
  }
  forget_target(from, to, 0);
  result = CONNTRAIL__REAL(dup2)(from, to);
  return result < 0 || from == to ? result : follow(from, to);
}

CONNTRAIL__EXPORT int dup3(int from, int to, int flags) {
  int result;
  if (!conntrail__is_watched()) {
    return CONNTRAIL__REAL(dup3)(from, to, flags);
  }
  forget_target(from, to, flags);
  result = CONNTRAIL__REAL(dup3)(from, to, flags);
  return result < 0 ? result : follow(from, to);
}

static int follow_fcntl(int fd, int command, int result) {
  bool duplicates = command == F_DUPFD || command == DUPLICATE_CLOSE_ON_EXEC;
  return duplicates ? follow_new(fd, result) : result;
}

CONNTRAIL__EXPORT int fcntl(int fd, int command, ...) {
  va_list list;
  void *argument;
  va_start(list, command);
  argument = va_arg(list, void *);
  va_end(list);
  return follow_fcntl(fd, command, CONNTRAIL__REAL(fcntl)(fd, command, argument));
}

CONNTRAIL__EXPORT int fcntl64(int fd, int command, ...) {
  va_list list;
  void *argument;
  va_start(list, command);
  argument = va_arg(list, void *);
  va_end(list);
  return follow_fcntl(fd, command, CONNTRAIL__REAL(fcntl64)(fd, command, argument));
}
