/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "session.h"

static atomic_int warned; /* the process that was warned */

int conntrail__session_refuse_inherited(const char *call) {
  char text[400];
  int process = (int)getpid();
  if (atomic_exchange_explicit(&warned, process, memory_order_relaxed) != process) {
    int size = snprintf(text, sizeof text,
                        "conntrail: %s: this process was forked, and the emulation of its parent "
                        "does not cross fork: several processes are the service's work; create an "
                        "emulation of the child's own (conntrail_emu_create), and its sockets "
                        "after it\n",
                        call);
    ssize_t written = write(STDERR_FILENO, text, (size_t)size);
    (void)written;
  }
  errno = ENOTSUP;
  return -1;
}
