/* SPDX-License-Identifier: MIT */
/* For RTLD_DEFAULT and dladdr. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/auxv.h>

#include "channel.h"

static const void *module_of(const void *address) {
  Dl_info info;
  return address != NULL && dladdr(address, &info) != 0 ? info.dli_fbase : NULL;
}

static const void *program(void) {
  unsigned long entry = getauxval(AT_ENTRY);
  const void *address;
  memcpy(&address, &entry, sizeof address);
  return module_of(address);
}

/*
 * Preloaded into a program that is itself linked with conntrail: its own copy, which its calls of
 * conntrail.h reach, does the work. It shows by a connect() of the program's own, in front of this
 * one, or by the library's public names.
 */
bool conntrail__stands_aside(void) {
  const void *first = module_of(dlsym(RTLD_DEFAULT, "connect"));
  return (first != NULL && first == program()) ||
         dlsym(RTLD_DEFAULT, "conntrail_emu_create") != NULL;
}
