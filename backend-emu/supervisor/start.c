/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "handlers.h"
#include "memory.h"
#include "refusals.h"
#include "start.h"

/*
 * What programs execute. A process that may not put a filter on others gives up the rights that a
 * file would give (no_new_privs). sudo, su and ping then fail with messages of their own; the
 * supervisor reports the reason before.
 */

enum { LONGEST = 4096, PAGE = 4096 };

static bool has_no_new_rights(uint32_t thread) {
  char path[64];
  char line[256];
  bool is_so = false;
  snprintf(path, sizeof path, "/proc/%u/status", thread);
  FILE *file = fopen(path, "re");
  while (file != NULL && !is_so && fgets(line, sizeof line, file) != NULL) {
    is_so = strncmp(line, "NoNewPrivs:\t1", sizeof "NoNewPrivs:\t1" - 1) == 0;
  }
  if (file != NULL) {
    fclose(file);
  }
  return is_so;
}

/* By its set-user-id or set-group-id bit, or by capabilities. */
static bool gives_rights(const char *path) {
  struct stat file;
  struct statvfs mount;
  if (stat(path, &file) != 0 || !S_ISREG(file.st_mode) ||
      (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0)) {
    return false;
  }
  const bool is_group = (file.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  return (file.st_mode & S_ISUID) != 0 || is_group ||
         getxattr(path, "security.capability", NULL, 0) > 0;
}

static bool loses_rights(const conntrail__notice *notice, const char *path) {
  return gives_rights(path) && has_no_new_rights(notice->thread);
}

void conntrail__look_at_start(const conntrail__notice *notice, const char *path, const char *name) {
  if (loses_rights(notice, path)) {
    conntrail__tell_refused_file(notice, CONNTRAIL__PRIVILEGED_FILE, name);
  }
}

/* A page at a time: the next one may not be there. */
static bool read_text(const conntrail__notice *notice, uint64_t from, char *text) {
  size_t size = 0;
  while (size < LONGEST) {
    size_t part = PAGE - (from + size) % PAGE;
    part = part < LONGEST - size ? part : LONGEST - size;
    if (conntrail__read_memory(notice, text + size, from + size, part) != 0) {
      return false;
    }
    if (memchr(text + size, '\0', part) != NULL) {
      return true;
    }
    size += part;
  }
  return false;
}

typedef struct started {
  char name[LONGEST];      /* as the program says it */
  char path[LONGEST + 64]; /* by its root, its folder, or a descriptor of it */
} started;

static void find(const conntrail__notice *notice, int folder, started *file) {
  if (file->name[0] == '/') {
    snprintf(file->path, sizeof file->path, "/proc/%u/root%s", notice->thread, file->name);
  } else if (folder == AT_FDCWD) {
    snprintf(file->path, sizeof file->path, "/proc/%u/cwd/%s", notice->thread, file->name);
  } else if (file->name[0] != '\0') {
    snprintf(file->path, sizeof file->path, "/proc/%u/fd/%d/%s", notice->thread, folder,
             file->name);
  } else { /* the descriptor itself: fexecve() */
    snprintf(file->path, sizeof file->path, "/proc/%u/fd/%d", notice->thread, folder);
    ssize_t size = readlink(file->path, file->name, sizeof file->name - 1);
    file->name[size > 0 ? size : 0] = '\0';
  }
}

/* A program that is being started has no name yet: it is reported after its start. */
conntrail__answer conntrail__on_start(const conntrail__notice *notice) {
  started file;
  const bool has_folder = notice->call == CONNTRAIL__SYS_EXECVEAT;
  if (!read_text(notice, notice->args[has_folder ? 1 : 0], file.name)) {
    return conntrail__go_on();
  }
  find(notice, has_folder ? (int)notice->args[0] : AT_FDCWD, &file);
  if (notice->watch->is_starting) {
    notice->watch->loses_rights = loses_rights(notice, file.path);
  } else {
    conntrail__look_at_start(notice, file.path, file.name);
  }
  return conntrail__go_on();
}
