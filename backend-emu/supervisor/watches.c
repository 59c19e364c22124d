/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "loop.h"
#include "process.h"
#include "state.h"
#include "watch.h"

/* The listeners of filters: one for each program that was started or that attached itself. */

/* Headers may be older than the kernel: Linux 6.6. */
#define SET_FLAGS SECCOMP_IOW(4, __u64)
enum { WAKE_UP_HERE = 1 };

void conntrail__watch_name_first(conntrail__watch *watch) {
  char path[64];
  char file[4096];
  if (watch->first_command[0] != '\0') {
    return;
  }
  snprintf(path, sizeof path, "/proc/%d/exe", (int)watch->first);
  ssize_t size = readlink(path, file, sizeof file - 1);
  file[size > 0 ? size : 0] = '\0';
  const char *slash = strrchr(file, '/');
  snprintf(watch->first_command, sizeof watch->first_command, "%.63s",
           slash == NULL ? file : slash + 1);
}

static void free_event(struct event *event) {
  if (event != NULL) {
    event_free(event);
  }
}

/* Whether this kernel is of that version, or a later one. */
static bool is_since(unsigned major, unsigned minor) {
  struct utsname system;
  char *end = NULL;
  if (uname(&system) != 0) {
    return false;
  }
  const unsigned long first = strtoul(system.release, &end, 10);
  const unsigned long second = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
  return first > major || (first == major && second >= minor);
}

conntrail__watch *conntrail__watch_over(conntrail__supervisor *supervisor, int listener,
                                        pid_t first, const char *program) {
  conntrail__watch *watch = calloc(1, sizeof *watch);
  uint64_t flags = WAKE_UP_HERE;
  if (watch == NULL) {
    return NULL;
  }
  watch->supervisor = supervisor;
  watch->fd = listener;
  watch->first = first;
  watch->ends_receiving = is_since(6, 11);
  snprintf(watch->program, sizeof watch->program, "%s", program);
  (void)fcntl(listener, F_SETFD, FD_CLOEXEC);
  (void)ioctl(listener, SET_FLAGS, flags); /* quicker where there is such a thing */
  watch->readable =
      event_new(supervisor->base, listener, EV_READ | EV_PERSIST, conntrail__on_notice, watch);
  if (watch->readable == NULL || event_add(watch->readable, NULL) != 0) {
    free_event(watch->readable);
    free(watch);
    return NULL;
  }
  watch->next = supervisor->watches;
  supervisor->watches = watch;
  return watch;
}

/* Its name stays: the trail may still name its processes. */
void conntrail__watch_ended(conntrail__watch *watch) {
  free_event(watch->readable);
  watch->readable = NULL;
  close(watch->fd);
  watch->fd = -1;
}

void conntrail__unwatch(conntrail__watch *watch) {
  conntrail__watch **place = &watch->supervisor->watches;
  while (*place != watch) {
    place = &(*place)->next;
  }
  *place = watch->next;
  conntrail__watch_ended(watch);
  free(watch);
}

void conntrail__forget_ended_watches(conntrail__supervisor *supervisor) {
  conntrail__watch **place = &supervisor->watches;
  for (conntrail__watch *w = supervisor->watches; w != NULL; w = w->next) {
    w->is_named = false;
  }
  for (const conntrail__process *p = supervisor->processes; p != NULL; p = p->hh.next) {
    if (p->watch != NULL) {
      p->watch->is_named = true;
    }
  }
  while (*place != NULL) {
    conntrail__watch *watch = *place;
    if (watch->fd >= 0 || watch->is_named) {
      place = &watch->next;
    } else {
      *place = watch->next;
      free(watch);
    }
  }
}

void conntrail__forget_watches(conntrail__supervisor *supervisor) {
  while (supervisor->watches != NULL) {
    conntrail__watch *first = supervisor->watches;
    supervisor->watches = first->next;
    if (first->fd >= 0) {
      conntrail__watch_ended(first);
    }
    free(first);
  }
}

bool conntrail__supervisor_has_met(const conntrail__supervisor *supervisor, const char *program) {
  for (const conntrail__watch *w = supervisor->watches; w != NULL; w = w->next) {
    if (strcmp(w->program, program) == 0) {
      return true;
    }
  }
  return false;
}

bool conntrail__supervisor_has_left(const conntrail__supervisor *supervisor, pid_t first) {
  for (const conntrail__watch *w = supervisor->watches; w != NULL; w = w->next) {
    if (w->first == first) {
      return w->fd >= 0;
    }
  }
  return false;
}
