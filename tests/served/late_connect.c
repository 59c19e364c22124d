/* SPDX-License-Identifier: MIT */
#include "late_connect.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../support/next_symbol.h"

enum { MOST_SECONDS = 20 };

#if defined(__GNUC__)
#define SHOWN __attribute__((visibility("default")))
#else
#define SHOWN
#endif

static atomic_bool is_held;
static sem_t let_go;

SHOWN void late_connect_hold(void) {
  (void)sem_init(&let_go, 0, 0);
  atomic_store(&is_held, true);
}

SHOWN void late_connect_let_go(void) {
  (void)sem_post(&let_go);
}

static void wait_until_let_go(void) {
  struct timespec deadline;
  (void)clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += MOST_SECONDS;
  while (sem_timedwait(&let_go, &deadline) != 0 && errno == EINTR) {
  }
}

/* In front of libc's; conntrail's, which is in the program, comes before it. */
SHOWN int connect(int fd, const struct sockaddr *address, socklen_t size) {
  int (*next)(int, const struct sockaddr *, socklen_t);
  void *symbol = next_symbol("connect");
  int result;
  int error;
  memcpy(&next, &symbol, sizeof next);
  result = next(fd, address, size);
  error = errno;
  if (atomic_exchange(&is_held, false)) {
    wait_until_let_go();
  }
  errno = error;
  return result;
}
