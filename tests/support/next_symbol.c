/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* RTLD_NEXT. No call with a socket address is defined here. */

#include <dlfcn.h>

#include "kill_at.h"

void *kill_at_next(const char *name) {
  return dlsym(RTLD_NEXT, name);
}
