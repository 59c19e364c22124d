/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bequest.h"
#include "watched.h"

CONNTRAIL__WATCHED_FILE(exec)

/* Of the execl calls. Their source text has them one by one, so there is no need for more, and no
 * memory to be had between vfork and exec. */
enum { MOST_ARGUMENTS = 1024 };

static int has_failed(int bequest, int result) {
  conntrail__bequest_revoke(bequest);
  return result;
}

static int prepare(void) {
  conntrail__outside_before_exec();
  return conntrail__bequeath(CONNTRAIL__HEIR_BY_EXEC);
}

CONNTRAIL__EXPORT int execve(const char *path, char *const arguments[], char *const variables[]) {
  int bequest = prepare();
  return has_failed(bequest, CONNTRAIL__REAL(execve)(path, arguments, variables));
}

CONNTRAIL__EXPORT int execv(const char *path, char *const arguments[]) {
  int bequest = prepare();
  return has_failed(bequest, CONNTRAIL__REAL(execv)(path, arguments));
}

CONNTRAIL__EXPORT int execvp(const char *name, char *const arguments[]) {
  int bequest = prepare();
  return has_failed(bequest, CONNTRAIL__REAL(execvp)(name, arguments));
}

CONNTRAIL__EXPORT int execvpe(const char *name, char *const arguments[], char *const variables[]) {
  int bequest = prepare();
  return has_failed(bequest, CONNTRAIL__REAL(execvpe)(name, arguments, variables));
}

CONNTRAIL__EXPORT int fexecve(int fd, char *const arguments[], char *const variables[]) {
  int bequest = prepare();
  return has_failed(bequest, CONNTRAIL__REAL(fexecve)(fd, arguments, variables));
}

CONNTRAIL__EXPORT int execveat(int folder, const char *path, char *const arguments[],
                               char *const variables[], int flags) {
  int bequest = prepare();
  return has_failed(bequest, CONNTRAIL__REAL(execveat)(folder, path, arguments, variables, flags));
}

/* ---- With their arguments one by one -------------------------------------------------------- */

typedef struct gathered_arguments {
  char *items[MOST_ARGUMENTS + 1];
} gathered_arguments;

/* False, with errno: they are too many. */
static bool gather(gathered_arguments *gathered, const char *first, va_list *list) {
  const char *next = first;
  for (unsigned i = 0; i <= MOST_ARGUMENTS; i++) {
    memcpy(&gathered->items[i], &next, sizeof next);
    if (next == NULL) {
      return true;
    }
    next = va_arg(*list, const char *);
  }
  errno = E2BIG;
  return false;
}

CONNTRAIL__EXPORT int execl(const char *path, const char *first, ...) {
  gathered_arguments gathered;
  va_list list;
  bool is_whole;
  va_start(list, first);
  is_whole = gather(&gathered, first, &list);
  va_end(list);
  return is_whole ? execv(path, gathered.items) : -1;
}

CONNTRAIL__EXPORT int execlp(const char *name, const char *first, ...) {
  gathered_arguments gathered;
  va_list list;
  bool is_whole;
  va_start(list, first);
  is_whole = gather(&gathered, first, &list);
  va_end(list);
  return is_whole ? execvp(name, gathered.items) : -1;
}

CONNTRAIL__EXPORT int execle(const char *path, const char *first, ...) {
  gathered_arguments gathered;
  va_list list;
  char *const *variables = NULL;
  bool is_whole;
  va_start(list, first);
  is_whole = gather(&gathered, first, &list);
  if (is_whole) {
    variables = va_arg(list, char *const *);
  }
  va_end(list);
  return is_whole ? execve(path, gathered.items, variables) : -1;
}

/* ---- In another process --------------------------------------------------------------------- */

/* It is there by now, or never will be. */
static int has_spawned(int bequest, int error, const pid_t *child) {
  if (error == 0) {
    conntrail__bequest_narrow(bequest, *child);
  } else {
    conntrail__bequest_revoke(bequest);
  }
  return error;
}

CONNTRAIL__EXPORT int posix_spawn(pid_t *child, const char *path,
                                  const posix_spawn_file_actions_t *actions,
                                  const posix_spawnattr_t *attributes, char *const arguments[],
                                  char *const variables[]) {
  pid_t own = 0;
  pid_t *place = child == NULL ? &own : child;
  int bequest = conntrail__bequeath(CONNTRAIL__HEIR_BY_SPAWN);
  int error = CONNTRAIL__REAL(posix_spawn)(place, path, actions, attributes, arguments, variables);
  return has_spawned(bequest, error, place);
}

CONNTRAIL__EXPORT int posix_spawnp(pid_t *child, const char *name,
                                   const posix_spawn_file_actions_t *actions,
                                   const posix_spawnattr_t *attributes, char *const arguments[],
                                   char *const variables[]) {
  pid_t own = 0;
  pid_t *place = child == NULL ? &own : child;
  int bequest = conntrail__bequeath(CONNTRAIL__HEIR_BY_SPAWN);
  int error = CONNTRAIL__REAL(posix_spawnp)(place, name, actions, attributes, arguments, variables);
  return has_spawned(bequest, error, place);
}

/* libc's own of these two start the shell by calls that nobody else reaches. */
CONNTRAIL__EXPORT int system(const char *command) {
  if (command != NULL) {
    conntrail__bequest_leave(conntrail__bequeath(CONNTRAIL__HEIR_BY_EXEC));
  }
  return CONNTRAIL__REAL(system)(command);
}

CONNTRAIL__EXPORT FILE *popen(const char *command, const char *mode) {
  conntrail__bequest_leave(conntrail__bequeath(CONNTRAIL__HEIR_BY_EXEC));
  return CONNTRAIL__REAL(popen)(command, mode);
}
