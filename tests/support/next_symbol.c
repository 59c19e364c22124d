/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* RTLD_NEXT. No call with a socket address is defined here. */

#include <dlfcn.h>

#include "next_symbol.h"

void *next_symbol(const char *name) {
  return dlsym(RTLD_NEXT, name);
}
