/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "system.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

bool system_begin(void) {
  return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

bool system_would_wait(void) {
  return errno == EINPROGRESS || errno == EAGAIN || errno == EINTR;
}

bool system_has_terminal(void) {
  return isatty(STDOUT_FILENO) != 0;
}
