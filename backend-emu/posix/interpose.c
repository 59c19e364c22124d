/* SPDX-License-Identifier: MIT */
/* For RTLD_NEXT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "interpose.h"

atomic_uint conntrail__active;

static void resolve_all(void);

/* A name that this libc lacks keeps its stub: the call then fails with ENOSYS. */
#define STUB(result, name, parameters, arguments)                                                  \
  static result resolve_##name parameters {                                                        \
    resolve_all();                                                                                 \
    if (CONNTRAIL__REAL(name) == resolve_##name) {                                                 \
      errno = ENOSYS;                                                                              \
      return -1;                                                                                   \
    }                                                                                              \
    return CONNTRAIL__REAL(name) arguments;                                                        \
  }
CONNTRAIL__WATCHED_MAP(STUB)
#undef STUB

/* A variable argument cannot be passed on as such; fcntl takes one, of a pointer's size. */
#define STUB_FCNTL(name)                                                                           \
  static int resolve_##name(int fd, int command, ...) {                                            \
    va_list list;                                                                                  \
    va_start(list, command);                                                                       \
    void *argument = va_arg(list, void *);                                                         \
    va_end(list);                                                                                  \
    resolve_all();                                                                                 \
    if (CONNTRAIL__REAL(name) == resolve_##name) {                                                 \
      errno = ENOSYS;                                                                              \
      return -1;                                                                                   \
    }                                                                                              \
    return CONNTRAIL__REAL(name)(fd, command, argument);                                           \
  }
STUB_FCNTL(fcntl)
STUB_FCNTL(fcntl64)
#undef STUB_FCNTL

static void resolve_closefrom(int first) {
  resolve_all();
  if (CONNTRAIL__REAL(closefrom) != resolve_closefrom) {
    CONNTRAIL__REAL(closefrom)(first);
  }
}

conntrail__libc conntrail__real = {
#define INITIAL(result, name, parameters, arguments) .name = resolve_##name,
    CONNTRAIL__WATCHED_MAP(INITIAL)
#undef INITIAL
        .fcntl = resolve_fcntl,
    .fcntl64 = resolve_fcntl64, .closefrom = resolve_closefrom};

/* ISO C has no cast from dlsym's object pointer to a function's. */
#define RESOLVE(result, name, parameters, arguments)                                               \
  {                                                                                                \
    result(*found) parameters;                                                                     \
    void *symbol = dlsym(RTLD_NEXT, #name);                                                        \
    if (symbol != NULL) {                                                                          \
      memcpy(&found, &symbol, sizeof found);                                                       \
      atomic_store_explicit(&conntrail__real.name, found, memory_order_relaxed);                   \
    }                                                                                              \
  }

/* At start, because dlsym is not for signal handlers; a call from an earlier constructor goes
 * through its stub. */
#if defined(__GNUC__)
__attribute__((constructor))
#endif
static void
resolve_all(void) {
  CONNTRAIL__WATCHED_MAP(RESOLVE)
  RESOLVE(int, fcntl, (int, int, ...), )
  RESOLVE(int, fcntl64, (int, int, ...), )
  RESOLVE(void, closefrom, (int), )
}
