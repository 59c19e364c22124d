/* SPDX-License-Identifier: MIT */

/*
 * Whether the linker bound this program's calls to ours (clause E7). A file apart from
 * interpose.c: it names connect as any program does.
 */

#include "winsock.h"

typedef void (*any_call)(void);

bool conntrail__calls_are_ours(const char **stranger) {
#define COMPARE(library, result, name, bytes, parameters)                                          \
  if ((any_call)name != (any_call)conntrail__watched_##name) {                                     \
    *stranger = #name;                                                                             \
    return false;                                                                                  \
  }
  CONNTRAIL__WATCHED_MAP(COMPARE)
#undef COMPARE
  return true;
}
