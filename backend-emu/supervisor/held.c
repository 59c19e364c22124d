/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "held.h"
#include "process.h"
#include "state.h"
#include "watch.h"

/* Which sockets are open: a socket whose connection is over is in no table of the kernel's any
 * more, or as TIME_WAIT, whether it is open or not. */

#define SOCKET "socket:["

static void put(conntrail__held *held, uint32_t inode) {
  if (held->count == held->room) {
    size_t room = held->room == 0 ? CONNTRAIL__NAME : 2 * held->room;
    uint32_t *grown = realloc(held->inodes, room * sizeof *grown);
    if (grown == NULL) {
      return;
    }
    held->inodes = grown;
    held->room = room;
  }
  held->inodes[held->count++] = inode;
}

static void list_process(conntrail__held *held, uint32_t number) {
  char path[64];
  char link[64];
  const struct dirent *entry;
  snprintf(path, sizeof path, "/proc/%u/fd", number);
  DIR *folder = opendir(path);
  while (folder != NULL && (entry = readdir(folder)) != NULL) {
    ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
    link[size > 0 ? size : 0] = '\0';
    if (strncmp(link, SOCKET, strlen(SOCKET)) == 0) {
      put(held, (uint32_t)strtoul(link + strlen(SOCKET), NULL, 10));
    }
  }
  if (folder != NULL) {
    closedir(folder);
  }
}

static int compare(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one;
  uint32_t b = *(const uint32_t *)other;
  return a < b ? -1 : a > b ? 1 : 0;
}

static void list_all(conntrail__held *held) {
  for (const conntrail__process *p = held->supervisor->processes; p != NULL; p = p->hh.next) {
    if (!p->is_over) {
      list_process(held, p->number);
    }
  }
  if (held->count > 0) {
    qsort(held->inodes, held->count, sizeof *held->inodes, compare);
  }
  held->is_listed = true;
}

bool conntrail__is_held(conntrail__held *held, uint32_t inode) {
  if (!held->is_listed) {
    list_all(held);
  }
  return held->count > 0 &&
         bsearch(&inode, held->inodes, held->count, sizeof inode, compare) != NULL;
}

void conntrail__held_free(conntrail__held *held) {
  free(held->inodes);
}
