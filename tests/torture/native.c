/* SPDX-License-Identifier: MIT */
/* The system's calls as the emulation makes them: each can fail. The emulation finds them in one
 * table, whose entries are replaced here. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include "backend-emu/posix/interpose.h"
#include "descriptors.h"
#include "fault.h"

static conntrail__libc libc;

static int refuse(void) {
  errno = ENOBUFS;
  return -1;
}

/* A close that fails has closed what was open: close(2). */
#define CLOSES(name) (strncmp(name, "close", 5) == 0 || strcmp(name, "fclose") == 0)
#define OPENS(name)                                                                                \
  (strcmp(name, "socket") == 0 || strncmp(name, "accept", 6) == 0 || strncmp(name, "dup", 3) == 0)

#define NATIVE(result, name, parameters, arguments)                                                \
  static result native_##name parameters {                                                         \
    bool fails = torture_fails("the system's " #name);                                             \
    if (fails && !CLOSES(#name)) {                                                                 \
      return refuse();                                                                             \
    }                                                                                              \
    result answer = atomic_load(&libc.name) arguments;                                             \
    if (OPENS(#name)) {                                                                            \
      torture_opened((int)answer);                                                                 \
    }                                                                                              \
    if (fails && answer != -1) {                                                                   \
      errno = EIO;                                                                                 \
      answer = -1;                                                                                 \
    }                                                                                              \
    return answer;                                                                                 \
  }
CONNTRAIL__WATCHED_MAP(NATIVE)
#undef NATIVE

static int native_close_tracked(int fd) {
  torture_closed(fd);
  return native_close(fd);
}

static int native_fclose_tracked(FILE *stream) {
  torture_closed(fileno(stream));
  return native_fclose(stream);
}

#define NATIVE_FCNTL(name)                                                                         \
  static int native_##name(int fd, int command, ...) {                                             \
    va_list list;                                                                                  \
    va_start(list, command);                                                                       \
    void *argument = va_arg(list, void *);                                                         \
    va_end(list);                                                                                  \
    if (torture_fails("the system's " #name)) {                                                    \
      return refuse();                                                                             \
    }                                                                                              \
    int answer = atomic_load(&libc.name)(fd, command, argument);                                   \
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {                                        \
      torture_opened(answer);                                                                      \
    }                                                                                              \
    return answer;                                                                                 \
  }
NATIVE_FCNTL(fcntl)
NATIVE_FCNTL(fcntl64)
#undef NATIVE_FCNTL

#define REPLACE(result, name, parameters, arguments)                                               \
  atomic_store(&libc.name, atomic_load(&conntrail__real.name));                                    \
  atomic_store(&conntrail__real.name, native_##name);

void torture_replace_native(void) {
  CONNTRAIL__WATCHED_MAP(REPLACE)
  REPLACE(int, fcntl, , )
  REPLACE(int, fcntl64, , )
  atomic_store(&conntrail__real.close, native_close_tracked);
  atomic_store(&conntrail__real.fclose, native_fclose_tracked);
}
