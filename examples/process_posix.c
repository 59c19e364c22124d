/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "process.h"

#include <signal.h>
#include <unistd.h>

bool process_begin(void) {
  return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

bool process_has_terminal(void) {
  return isatty(STDOUT_FILENO) != 0;
}
