/* SPDX-License-Identifier: MIT */
/* The system's calls as the product's library makes them, whose objects call these functions
 * (CMakeLists.txt): each can fail. Where an emulation watches the call it follows, and can fail
 * once more. */
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

#define PRODUCT(result, name, parameters, arguments, failure)                                      \
  result torture_##name parameters;                                                                \
  result torture_##name parameters {                                                               \
    result answer = failure;                                                                       \
    torture_enter_product();                                                                       \
    if (torture_fails(#name)) {                                                                    \
      errno = ENOBUFS;                                                                             \
    } else {                                                                                       \
      answer = name arguments;                                                                     \
    }                                                                                              \
    torture_leave_product();                                                                       \
    return answer;                                                                                 \
  }

PRODUCT(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
PRODUCT(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
        -1)
PRODUCT(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
        -1)
PRODUCT(int, getpeername, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size),
        -1)
PRODUCT(int, getsockname, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size),
        -1)
PRODUCT(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
        (fd, level, name, value, size), -1)
PRODUCT(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags),
        -1)
PRODUCT(ssize_t, sendto,
        (int fd, const void *data, size_t size, int flags, const struct sockaddr *address,
         socklen_t address_size),
        (fd, data, size, flags, address, address_size), -1)
PRODUCT(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
        -1)
PRODUCT(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), -1)
PRODUCT(ssize_t, recvfrom,
        (int fd, void *data, size_t size, int flags, struct sockaddr *address,
         socklen_t *address_size),
        (fd, data, size, flags, address, address_size), -1)
PRODUCT(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1)
PRODUCT(FILE *, fmemopen, (void *bytes, size_t size, const char *mode), (bytes, size, mode), NULL)
PRODUCT(int, clock_gettime, (clockid_t clock, struct timespec *now), (clock, now), -1)
PRODUCT(struct bufferevent *, bufferevent_socket_new,
        (struct event_base * base, evutil_socket_t fd, int options), (base, fd, options), NULL)
PRODUCT(int, bufferevent_socket_connect,
        (struct bufferevent * stream, const struct sockaddr *address, int size),
        (stream, address, size), -1)
PRODUCT(int, event_add, (struct event * event, const struct timeval *limit), (event, limit), -1)
PRODUCT(int, event_assign,
        (struct event * event, struct event_base *base, evutil_socket_t fd, short what,
         event_callback_fn callback, void *argument),
        (event, base, fd, what, callback, argument), -1)
PRODUCT(int, evutil_socketpair, (int family, int type, int protocol, evutil_socket_t pair[2]),
        (family, type, protocol, pair), -1)
PRODUCT(int, evutil_make_socket_closeonexec, (evutil_socket_t fd), (fd), -1)

#define PRODUCT_HEAP(name, parameters, arguments)                                                  \
  void *torture_##name parameters;                                                                 \
  void *torture_product_##name parameters;                                                         \
  void *torture_product_##name parameters {                                                        \
    torture_enter_product();                                                                       \
    void *block = torture_##name arguments;                                                        \
    torture_leave_product();                                                                       \
    return block;                                                                                  \
  }

PRODUCT_HEAP(malloc, (size_t size), (size))
PRODUCT_HEAP(calloc, (size_t count, size_t size), (count, size))

/* Of a query 10055, which is ENOBUFS, says that the buffer is too small (Q3). */
int torture_getsockopt(int fd, int level, int name, void *value, socklen_t *size);

int torture_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  int answer = -1;
  torture_enter_product();
  if (torture_fails("getsockopt")) {
    errno = EINTR;
  } else {
    answer = getsockopt(fd, level, name, value, size);
  }
  torture_leave_product();
  return answer;
}

int torture_fcntl(int fd, int command, ...);

int torture_fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void *argument = va_arg(list, void *);
  va_end(list);
  int answer = -1;
  torture_enter_product();
  if (torture_fails("fcntl")) {
    errno = ENOBUFS;
  } else {
    answer = fcntl(fd, command, argument);
  }
  torture_leave_product();
  return answer;
}
