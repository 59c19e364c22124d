/* SPDX-License-Identifier: MIT */
/* The wrappers of the calls that the emulation watches, for the cases. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "backend-emu/posix/interpose.h"
#include "boundary.h"
#include "descriptors.h"

/* A descriptor is closed whatever close() answers: it is never closed twice. Linux documents that
 * of close(2). */
#define IS_FINAL(name)                                                                             \
  (strcmp(name, "close") == 0 || strcmp(name, "fclose") == 0 || strcmp(name, "close_range") == 0)
#define GIVES_DESCRIPTOR(name)                                                                     \
  (strcmp(name, "socket") == 0 || strncmp(name, "accept", 6) == 0 || strncmp(name, "dup", 3) == 0)

#define WRAPPER(result, name, parameters, arguments)                                               \
  result __real_##name parameters;                                                                 \
  result __wrap_##name parameters;                                                                 \
  result __wrap_##name parameters {                                                                \
    torture_call call = torture_call_begin(#name);                                                 \
    result answer = __real_##name arguments;                                                       \
    if (IS_FINAL(#name) && torture_struck(&call) && answer == -1 && errno == EIO) {                \
      answer = 0;                                                                                  \
    } else if (torture_repeat_errno(&call, answer == -1)) {                                        \
      answer = __real_##name arguments;                                                            \
    }                                                                                              \
    torture_call_end();                                                                            \
    if (GIVES_DESCRIPTOR(#name)) {                                                                 \
      torture_given((int)answer);                                                                  \
    }                                                                                              \
    return answer;                                                                                 \
  }
CONNTRAIL__WATCHED_MAP(WRAPPER)
#undef WRAPPER

#define WRAPPER_FCNTL(name)                                                                        \
  int __real_##name(int fd, int command, ...);                                                     \
  int __wrap_##name(int fd, int command, ...);                                                     \
  int __wrap_##name(int fd, int command, ...) {                                                    \
    va_list list;                                                                                  \
    va_start(list, command);                                                                       \
    void *argument = va_arg(list, void *);                                                         \
    va_end(list);                                                                                  \
    torture_call call = torture_call_begin(#name);                                                 \
    int answer = __real_##name(fd, command, argument);                                             \
    if (torture_repeat_errno(&call, answer == -1)) {                                               \
      answer = __real_##name(fd, command, argument);                                               \
    }                                                                                              \
    torture_call_end();                                                                            \
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {                                        \
      torture_given(answer);                                                                       \
    }                                                                                              \
    return answer;                                                                                 \
  }
WRAPPER_FCNTL(fcntl)
WRAPPER_FCNTL(fcntl64)
#undef WRAPPER_FCNTL
