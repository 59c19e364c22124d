/* SPDX-License-Identifier: MIT */
/*
 * Preloaded behind conntrail: the process kills itself at a step of its choice. KILL_AT=CALL:N:WHEN
 * names a call of libc's, the how manieth one it is, and "before" or "after". Calls are those that
 * really reach libc: the program's own, and those of the emulation for it.
 */

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/next_symbol.h"

static char wanted[32];
static unsigned wanted_number;
static char wanted_when[8];
static atomic_uint calls;

__attribute__((constructor)) static void read_order(void) {
  const char *order = getenv("KILL_AT");
  char number[16] = "";
  if (order != NULL && strlen(order) < 64) {
    const char *colon = strchr(order, ':');
    const char *second = colon == NULL ? NULL : strchr(colon + 1, ':');
    if (second != NULL && (size_t)(colon - order) < sizeof wanted &&
        (size_t)(second - colon) < sizeof number && strlen(second + 1) < sizeof wanted_when) {
      memcpy(wanted, order, (size_t)(colon - order));
      memcpy(number, colon + 1, (size_t)(second - colon - 1));
      strcpy(wanted_when, second + 1);
      wanted_number = (unsigned)strtoul(number, NULL, 10);
    }
  }
}

static int is_the_one(const char *call) {
  return strcmp(call, wanted) == 0 && atomic_fetch_add(&calls, 1) + 1 == wanted_number;
}

static void die_if(int is_one, const char *when) {
  if (is_one && strcmp(when, wanted_when) == 0) {
    (void)kill(getpid(), SIGKILL);
  }
}

/* What <sys/socket.h> declares for _GNU_SOURCE alone, with which addresses are of another type. */
int accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);

/* A data pointer; POSIX says that it may be copied into a function's. */
#define STEP(result, name, parameters, arguments)                                                  \
  __attribute__((visibility("default"))) result name parameters {                                  \
    result(*real) parameters;                                                                      \
    void *found = next_symbol(#name);                                                              \
    const int is_one = is_the_one(#name);                                                          \
    memcpy(&real, &found, sizeof real);                                                            \
    die_if(is_one, "before");                                                                      \
    const result answer = real arguments;                                                          \
    die_if(is_one, "after");                                                                       \
    return answer;                                                                                 \
  }

STEP(int, socket, (int family, int kind, int protocol), (family, kind, protocol))
STEP(int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
STEP(int, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags),
     (fd, from, size, flags))
STEP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
STEP(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags))
STEP(ssize_t, recv, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags))
STEP(int, getsockname, (int fd, struct sockaddr *name, socklen_t *size), (fd, name, size))
STEP(int, close, (int fd), (fd))
STEP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
STEP(int, execv, (const char *path, char *const arguments[]), (path, arguments))
