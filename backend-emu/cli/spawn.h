/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SPAWN_H
#define CONNTRAIL_CLI_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/* Programs that are watched. */

typedef struct conntrail__start {
  char *const *command;
  const char *name;    /* as the service is to know it; NULL: it has none */
  const char *service; /* the path of the service's socket */
  bool is_apart;       /* in a process group of its own, and ended with conntrail-emu */
} conntrail__start;

/* The preloaded library: CONNTRAIL_EMU_PRELOAD, or beside this program, or where it was installed.
 * False, with why. */
bool conntrail__find_preload(char *path, size_t capacity, char *why, size_t why_size);

/* Whether the program can be watched. False, with why: not found, statically linked, set-user-id.
 */
bool conntrail__can_be_watched(const char *program, char *why, size_t why_size);

/* The new process; -1, and errno. */
pid_t conntrail__spawn(const conntrail__start *start, const char *preload);
/* Becomes the program. Returns where that fails, with errno. */
void conntrail__become(const conntrail__start *start, const char *preload);

/* Kills every child of this process; what programs left behind is its own by
 * PR_SET_CHILD_SUBREAPER. */
void conntrail__end_orphans(void);

#endif
