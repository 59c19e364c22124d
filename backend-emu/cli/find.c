/* SPDX-License-Identifier: MIT */
#include "find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *conntrail__path_below(const char *folder, const char *path) {
  const bool is_alone = folder == NULL || path[0] == '/';
  const size_t size = (is_alone ? 0 : strlen(folder) + 1) + strlen(path) + 1;
  char *joined = malloc(size);
  if (joined != NULL) {
    snprintf(joined, size, "%s%s%s", is_alone ? "" : folder, is_alone ? "" : "/", path);
  }
  return joined;
}

/* 0, or why execve() refuses it: errno. */
static int try_path(const char *path) {
  struct stat about;
  if (stat(path, &about) != 0) {
    return errno;
  }
  if (!S_ISREG(about.st_mode)) {
    return EISDIR;
  }
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static int try_in(const char *folder, const char *place, size_t size, const char *name) {
  char *path = malloc(size + strlen(name) + 2);
  if (path == NULL) {
    return ENOMEM;
  }
  snprintf(path, size + strlen(name) + 2, "%.*s%s%s", (int)size, place, size == 0 ? "" : "/", name);
  char *whole = conntrail__path_below(folder, path);
  const int error = whole == NULL ? ENOMEM : try_path(whole);
  free(path);
  free(whole);
  return error;
}

/* [D] execvp(3): what may not be executed in one folder is looked for in the next. */
static int search_for(const char *word, const char *folder, const char *search) {
  int error = ENOENT;
  for (const char *place = search; place != NULL && error != 0;) {
    const size_t size = strcspn(place, ":");
    const int one = try_in(folder, place, size, word);
    error = one == 0 || one == EACCES ? one : error;
    place = place[size] == ':' ? place + size + 1 : NULL;
  }
  return error;
}

static const char *reason(int error) {
  return error == EISDIR ? "is no file, so it cannot be started" : strerror(error);
}

bool conntrail__find_program(const char *word, const char *folder, const char *search, char *why,
                             size_t size) {
  if (strchr(word, '/') != NULL) {
    const int error = try_in(folder, "", 0, word);
    char *path = conntrail__path_below(folder, word);
    snprintf(why, size, "%.300s%s %s", path == NULL ? word : path, error == EISDIR ? "" : ":",
             reason(error));
    free(path);
    return error == 0;
  }
  const int error = search_for(word, folder, search == NULL ? "/bin:/usr/bin" : search);
  snprintf(why, size, "%.200s: %s", word,
           error == EACCES ? strerror(error) : "No such file or directory, in any folder of PATH");
  return error == 0;
}
