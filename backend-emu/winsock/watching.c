/* SPDX-License-Identifier: MIT */

/*
 * Whether the linker bound this program's calls to ours (clause E7). A file apart from
 * interpose.c: it names connect as any program does.
 */

#include "winsock.h"

typedef void (*any_call)(void);

/* Compared as numbers in memory: a compiler may take it for granted that a function of a DLL is
 * never one of this program. clang does, and answers for the linker. */
static bool is_same(const volatile any_call *bound, const volatile any_call *ours) {
  return *bound == *ours;
}

bool conntrail__calls_are_ours(const char **untracked) {
#define COMPARE(library, result, name, bytes, parameters)                                          \
  {                                                                                                \
    const volatile any_call bound = (any_call)name;                                                \
    const volatile any_call ours = (any_call)conntrail__watched_##name;                            \
    if (!is_same(&bound, &ours)) {                                                                 \
      *untracked = #name;                                                                          \
      return false;                                                                                \
    }                                                                                              \
  }
  CONNTRAIL__WATCHED_MAP(COMPARE)
#undef COMPARE
  return true;
}
