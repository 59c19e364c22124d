/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SYSTEM_LINUX_H
#define CONNTRAIL_SYSTEM_LINUX_H

/*
 * What the front ends of Linux ask of the system about a socket, and their part of native_calls.h
 * that is the same. None of it waits.
 */

#include <sys/socket.h>

#include "native_calls.h"

/* The system's own calls. connect() is for datagram sockets alone, which do not wait. */
typedef struct conntrail__linux_calls {
  int (*socket)(int domain, int type, int protocol);
  int (*bind)(int fd, const struct sockaddr *address, socklen_t size);
  int (*connect)(int fd, const struct sockaddr *address, socklen_t size);
  int (*getsockname)(int fd, struct sockaddr *address, socklen_t *size);
  int (*getpeername)(int fd, struct sockaddr *address, socklen_t *size);
  int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *size);
  int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t size);
} conntrail__linux_calls;

/* Each front end's: posix defines calls of these names itself, and means those behind them. */
conntrail__linux_calls conntrail__native_linux_calls(void);

/*
 * [D] getsockopt(2), getsockname(2), getpeername(2): ENOBUFS or ENOMEM, for lack of memory. Then
 * the system is asked once more: most callers have done something that cannot be taken back.
 */

/* 0 or an errno. */
int conntrail__ask_option(int fd, int level, int name, void *value, socklen_t size);
/* Of any family. False with errno. */
bool conntrail__ask_peer(int fd, struct sockaddr_storage *peer, socklen_t *size);

/* What the system says of a descriptor. 0, or an errno where it does not say. Keeps errno. */
int conntrail__untracked_describe(int fd, conntrail__untracked *untracked);

#endif
