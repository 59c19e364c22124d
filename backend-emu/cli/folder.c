/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../supervisor/supervisor.h"

static const char prefix[] = "conntrail-emu-";

/* TMPDIR, as long as a socket's path can be made of it. */
static const char *base_of(void) {
  const char *base = getenv("TMPDIR");
  return base == NULL || base[0] == '\0' || strlen(base) > 40 ? "/tmp" : base;
}

static bool is_own(const conntrail__folder *folder) {
  struct stat about;
  return lstat(folder->path, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid();
}

static void remove_left(const char *base) {
  const struct dirent *entry;
  conntrail__folder old;
  DIR *all = opendir(base);
  while (all != NULL && (entry = readdir(all)) != NULL) {
    if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
        strlen(entry->d_name) == strlen(prefix) + 6) {
      snprintf(old.path, sizeof old.path, "%.40s/%.20s", base, entry->d_name);
      snprintf(old.socket, sizeof old.socket, "%s/socket", old.path);
      if (is_own(&old) && conntrail__remove_left_socket(old.socket)) {
        conntrail__folder_remove(&old);
      }
    }
  }
  if (all != NULL) {
    closedir(all);
  }
}

bool conntrail__folder_make(conntrail__folder *folder) {
  remove_left(base_of());
  snprintf(folder->path, sizeof folder->path, "%.40s/%sXXXXXX", base_of(), prefix);
  if (mkdtemp(folder->path) == NULL) {
    folder->path[0] = '\0';
    return false;
  }
  snprintf(folder->socket, sizeof folder->socket, "%s/socket", folder->path);
  return true;
}

void conntrail__folder_remove(const conntrail__folder *folder) {
  if (folder->path[0] != '\0') {
    (void)unlink(folder->socket);
    (void)rmdir(folder->path);
  }
}
