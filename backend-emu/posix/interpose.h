/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_INTERPOSE_H
#define CONNTRAIL_POSIX_INTERPOSE_H

/*
 * The libc calls that the emulation watches, and libc's own ones behind them.
 *
 * Each watched call begins with conntrail__is_watched(): while no emulation exists that is one
 * relaxed load and one predictable branch, and the call is libc's, errno included (clause E1).
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#if defined(__GNUC__)
#define CONNTRAIL__EXPORT __attribute__((visibility("default")))
#define CONNTRAIL__HIDDEN __attribute__((visibility("hidden")))
#define CONNTRAIL__UNLIKELY(condition) __builtin_expect(!!(condition), 0)
/* What follows while an emulation exists: inlined, it would cost every call its registers. */
#define CONNTRAIL__APART __attribute__((noinline))
#else
#define CONNTRAIL__EXPORT
#define CONNTRAIL__HIDDEN
#define CONNTRAIL__UNLIKELY(condition) (condition)
#define CONNTRAIL__APART
#endif

struct mmsghdr;
struct timespec;

/* Declared by GNU's headers only under _GNU_SOURCE, which changes the types of the others. */
#ifndef _GNU_SOURCE
CONNTRAIL__EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
CONNTRAIL__EXPORT int dup3(int from, int to, int flags);
CONNTRAIL__EXPORT int close_range(unsigned first, unsigned last, int flags);
CONNTRAIL__EXPORT void closefrom(int first);
CONNTRAIL__EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
CONNTRAIL__EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                               struct timespec *limit);
CONNTRAIL__EXPORT int fcntl64(int fd, int command, ...);
#endif

/* The one list of watched calls that answer with a value: X(result, name, parameters, arguments).
 * fcntl, fcntl64 and closefrom stand beside it. */
#define CONNTRAIL__WATCHED_MAP(X)                                                                  \
  X(int, socket, (int domain, int type, int protocol), (domain, type, protocol))                   \
  X(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))      \
  X(int, listen, (int fd, int backlog), (fd, backlog))                                             \
  X(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))   \
  X(int, accept, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))         \
  X(int, accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags),                  \
    (fd, address, size, flags))                                                                    \
  X(int, getpeername, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))    \
  X(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size),                  \
    (fd, level, name, value, size))                                                                \
  X(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),             \
    (fd, level, name, value, size))                                                                \
  X(int, close, (int fd), (fd))                                                                    \
  X(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags))            \
  X(int, fclose, (FILE * stream), (stream))                                                        \
  X(int, dup, (int fd), (fd))                                                                      \
  X(int, dup2, (int from, int to), (from, to))                                                     \
  X(int, dup3, (int from, int to, int flags), (from, to, flags))                                   \
  X(ssize_t, sendto,                                                                               \
    (int fd, const void *data, size_t size, int flags, const struct sockaddr *address,             \
     socklen_t address_size),                                                                      \
    (fd, data, size, flags, address, address_size))                                                \
  X(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))     \
  X(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags),                  \
    (fd, messages, count, flags))                                                                  \
  X(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))          \
  X(ssize_t, recvfrom,                                                                             \
    (int fd, void *data, size_t size, int flags, struct sockaddr *address,                         \
     socklen_t *address_size),                                                                     \
    (fd, data, size, flags, address, address_size))                                                \
  X(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))           \
  X(int, recvmmsg,                                                                                 \
    (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit),         \
    (fd, messages, count, flags, limit))

/* libc's own calls. Each pointer starts at a stub that finds them, so that no call asks. */
typedef struct conntrail__libc {
#define CONNTRAIL__POINTER(result, name, parameters, arguments) result(*_Atomic name) parameters;
  CONNTRAIL__WATCHED_MAP(CONNTRAIL__POINTER)
#undef CONNTRAIL__POINTER
  int (*_Atomic fcntl)(int fd, int command, ...);
  int (*_Atomic fcntl64)(int fd, int command, ...);
  void (*_Atomic closefrom)(int first);
} conntrail__libc;

extern CONNTRAIL__HIDDEN conntrail__libc conntrail__real;

/* libc's connect is CONNTRAIL__REAL(connect)(fd, address, size). */
#define CONNTRAIL__REAL(name) (atomic_load_explicit(&conntrail__real.name, memory_order_relaxed))

/* How many emulations exist. */
extern CONNTRAIL__HIDDEN atomic_uint conntrail__active;

static inline bool conntrail__is_active(void) {
  return CONNTRAIL__UNLIKELY(atomic_load_explicit(&conntrail__active, memory_order_relaxed) != 0);
}

/* What conntrail__is_watched() asks once an emulation exists: false in a signal handler that
 * interrupted the lock's holder, and where conntrail__native_is_watching() only tries the way. */
CONNTRAIL__HIDDEN bool conntrail__session_applies(void);

static inline bool conntrail__is_watched(void) {
  return conntrail__is_active() && conntrail__session_applies();
}

/* For a watched call that asks neither: conntrail__native_is_watching() sees that it came here. */
static inline void conntrail__show_probe(void) {
  if (conntrail__is_active()) {
    (void)conntrail__session_applies();
  }
}

/* The files that define libc's calls. A static archive's linker takes a file for the sake of a
 * name: each has one, and session.c refers to them all. */
/* clang-format off */
#define CONNTRAIL__WATCHED_FILES(X)                                                                \
  X(accept) X(address) X(batch) X(bind_listen) X(connect) X(datagram) X(descriptor) X(option)       \
  X(receive) X(socket)
/* clang-format on */
#define CONNTRAIL__WATCHED_FILE(name)                                                              \
  extern CONNTRAIL__HIDDEN const char conntrail__keep_##name;                                      \
  const char conntrail__keep_##name = 0;

#endif
