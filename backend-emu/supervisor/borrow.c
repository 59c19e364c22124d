/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "borrow.h"
#include "notice.h"
#include "refusals.h"
#include "state.h"

/*
 * A program's descriptor, as one of this process. Threads may have tables of descriptors of their
 * own, so that it is asked of the thread that calls; before Linux 6.9 that is only possible by its
 * group's leader, and what comes is compared: a thread with a table of its own is refused by name
 * there (ci/kernel-6.1).
 */

enum { OF_THREAD = O_EXCL }; /* PIDFD_THREAD */

static uint32_t read_leader(uint32_t thread) {
  char path[64];
  char line[256];
  uint32_t leader = thread;
  snprintf(path, sizeof path, "/proc/%u/status", thread);
  FILE *file = fopen(path, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "Tgid:", 5) == 0) {
      leader = (uint32_t)strtoul(line + 5, NULL, 10);
      break;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  return leader;
}

static void empty(conntrail__slot *slot) {
  if (slot->thread != 0) {
    close(slot->pidfd);
  }
  *slot = (conntrail__slot){.pidfd = -1};
}

void conntrail__slots_close(conntrail__supervisor *supervisor) {
  for (int i = 0; i < CONNTRAIL__SLOTS; i++) {
    empty(&supervisor->slots[i]);
  }
}

static bool fill(conntrail__slot *slot, uint32_t thread) {
  uint32_t native_error = slot->thread == thread ? slot->native_error : 0;
  empty(slot);
  uint32_t leader = read_leader(thread);
  int pidfd = (int)syscall(SYS_pidfd_open, thread, OF_THREAD);
  bool is_leaders = pidfd < 0 && errno == EINVAL;
  if (is_leaders) {
    pidfd = (int)syscall(SYS_pidfd_open, leader, 0);
  }
  if (pidfd < 0) {
    return false;
  }
  *slot = (conntrail__slot){thread, leader, pidfd, is_leaders, native_error};
  return true;
}

/* A thread's number may be another's by now: what its descriptor says counts. */
static bool is_alive(const conntrail__slot *slot) {
  return syscall(SYS_pidfd_send_signal, slot->pidfd, 0, NULL, 0) == 0 || errno != ESRCH;
}

conntrail__slot *conntrail__slot_of(const conntrail__notice *notice) {
  conntrail__slot *slot = &notice->supervisor->slots[notice->thread % CONNTRAIL__SLOTS];
  if (slot->thread == notice->thread && is_alive(slot)) {
    return slot;
  }
  return fill(slot, notice->thread) ? slot : NULL;
}

/* False: the thread has no such descriptor. */
static bool look_at(const conntrail__notice *notice, int fd, struct stat *theirs) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%u/fd/%d", notice->thread, fd);
  return stat(path, theirs) == 0;
}

static bool is_same_file(const conntrail__notice *notice, int fd, int own) {
  struct stat theirs;
  struct stat ours;
  return look_at(notice, fd, &theirs) && fstat(own, &ours) == 0 && theirs.st_ino == ours.st_ino &&
         theirs.st_dev == ours.st_dev;
}

static int take(const conntrail__notice *notice, const conntrail__slot *slot, int fd) {
  int own = (int)syscall(SYS_pidfd_getfd, slot->pidfd, fd, 0);
  struct stat theirs;
  if (own >= 0 && slot->is_leaders && !is_same_file(notice, fd, own)) {
    close(own);
    own = -1;
    errno = EPERM;
  } else if (own < 0 && errno == EBADF && slot->is_leaders) { /* the leader's, not the thread's */
    errno = look_at(notice, fd, &theirs) ? EPERM : EBADF;
  }
  return own;
}

/* The program's error: only a number that is no descriptor is its own fault. */
static int explain(const conntrail__notice *notice, int error) {
  if (error == EBADF) {
    return EBADF;
  }
  if (error == EMFILE || error == ENFILE) {
    conntrail__tell_refused(notice, CONNTRAIL__NO_DESCRIPTOR);
  } else if (error != ESRCH) {
    conntrail__tell_refused(notice, CONNTRAIL__UNREADABLE);
  }
  return ENETDOWN;
}

int conntrail__borrow(const conntrail__notice *notice, int fd, int *error) {
  conntrail__slot *slot = &notice->supervisor->slots[notice->thread % CONNTRAIL__SLOTS];
  bool was_filled = slot->thread == notice->thread;
  if (!was_filled && !fill(slot, notice->thread)) {
    *error = explain(notice, errno);
    return -1;
  }
  int own = take(notice, slot, fd);
  if (own < 0 && errno == ESRCH && was_filled && fill(slot, notice->thread)) {
    own = take(notice, slot, fd);
  }
  if (own < 0) {
    *error = explain(notice, errno);
  }
  return own;
}
