/* SPDX-License-Identifier: MIT */
#include "held.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "state.h"
#include "watch.h"

/* Which sockets are open: a socket whose connection is over is in no table of the kernel's any
 * more, or as TIME_WAIT, whether it is open or not. Most are found with a process that made a call;
 * one that got it by fork or by a message need not have made any. */

#define SOCKET "socket:["

enum { MOST_PROCESSES = 65536 };

static void put(conntrail__numbers *list, uint32_t number) {
  if (list->count == list->room) {
    size_t room = list->room == 0 ? CONNTRAIL__NAME : 2 * list->room;
    uint32_t *grown = realloc(list->items, room * sizeof *grown);
    if (grown == NULL) {
      return;
    }
    list->items = grown;
    list->room = room;
  }
  list->items[list->count++] = number;
}

static int compare(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one;
  uint32_t b = *(const uint32_t *)other;
  return a < b ? -1 : a > b ? 1 : 0;
}

static void put_in_order(conntrail__numbers *list) {
  if (list->count > 0) {
    qsort(list->items, list->count, sizeof *list->items, compare);
  }
}

static bool has(const conntrail__numbers *list, uint32_t number) {
  return list->count > 0 &&
         bsearch(&number, list->items, list->count, sizeof number, compare) != NULL;
}

/* ---- Sockets of a process -------------------------------------------------------------------- */

static void list_sockets(conntrail__numbers *inodes, uint32_t process) {
  char path[64];
  char link[64];
  const struct dirent *entry;
  snprintf(path, sizeof path, "/proc/%u/fd", process);
  DIR *folder = opendir(path);
  while (folder != NULL && (entry = readdir(folder)) != NULL) {
    ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
    link[size > 0 ? size : 0] = '\0';
    if (strncmp(link, SOCKET, strlen(SOCKET)) == 0) {
      put(inodes, (uint32_t)strtoul(link + strlen(SOCKET), NULL, 10));
    }
  }
  if (folder != NULL) {
    closedir(folder);
  }
}

static void list_known(conntrail__held *held) {
  for (const conntrail__process *p = held->supervisor->processes; p != NULL; p = p->hh.next) {
    if (!p->is_over) {
      put(&held->processes, p->number);
      list_sockets(&held->inodes, p->number);
    }
  }
  put_in_order(&held->processes);
  put_in_order(&held->inodes);
}

/* ---- Processes that made no call ------------------------------------------------------------- */

static void list_children(conntrail__numbers *processes, uint32_t parent) {
  char path[320];
  char word[32];
  const struct dirent *entry;
  snprintf(path, sizeof path, "/proc/%u/task", parent);
  DIR *threads = opendir(path);
  while (threads != NULL && (entry = readdir(threads)) != NULL) {
    snprintf(path, sizeof path, "/proc/%u/task/%s/children", parent, entry->d_name);
    FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
    while (file != NULL && fscanf(file, "%31s", word) == 1) {
      put(processes, (uint32_t)strtoul(word, NULL, 10));
    }
    if (file != NULL) {
      fclose(file);
    }
  }
  if (threads != NULL) {
    closedir(threads);
  }
}

/* A process that was started here is below this one; an attached one is below its program's first.
 */
static void list_others(conntrail__held *held) {
  conntrail__numbers below = {NULL, 0, 0};
  list_children(&below, (uint32_t)getpid());
  for (const conntrail__watch *w = held->supervisor->watches; w != NULL; w = w->next) {
    if (w->fd >= 0) {
      put(&below, (uint32_t)w->first);
    }
  }
  for (size_t i = 0; i < below.count && below.count < MOST_PROCESSES; i++) {
    list_children(&below, below.items[i]);
  }
  put_in_order(&below);
  for (size_t i = 0; i < below.count; i++) {
    const bool is_double = i > 0 && below.items[i] == below.items[i - 1];
    if (!is_double && !has(&held->processes, below.items[i])) {
      list_sockets(&held->inodes, below.items[i]);
    }
  }
  put_in_order(&held->inodes);
  free(below.items);
}

bool conntrail__is_held(conntrail__held *held, uint32_t inode) {
  if (!held->is_listed) {
    held->is_listed = true;
    list_known(held);
  }
  if (has(&held->inodes, inode)) {
    return true;
  }
  if (held->is_thorough && !held->is_whole) {
    held->is_whole = true;
    list_others(held);
  }
  return has(&held->inodes, inode);
}

void conntrail__held_free(conntrail__held *held) {
  free(held->inodes.items);
  free(held->processes.items);
}
