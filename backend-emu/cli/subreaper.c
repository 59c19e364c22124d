/* SPDX-License-Identifier: MIT */
#include "subreaper.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

enum { MOST_BELOW = 65536, GRACE_TICKS = 200, TICK = 10000000, SIGNALS = 5 };

/* ---- What is below --------------------------------------------------------------------------- */

typedef struct family {
  pid_t *members;
  size_t count;
} family;

static void add_children_of_thread(family *f, pid_t parent, const char *thread) {
  char path[64];
  char word[32];
  snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)parent, thread);
  FILE *file = fopen(path, "re");
  while (file != NULL && f->count < MOST_BELOW && fscanf(file, "%31s", word) == 1) {
    f->members[f->count++] = (pid_t)strtol(word, NULL, 10);
  }
  if (file != NULL) {
    fclose(file);
  }
}

/* Whose parent is a thread is no child of the thread group's leader. */
static void add_children(family *f, pid_t parent) {
  char path[64];
  const struct dirent *entry;
  snprintf(path, sizeof path, "/proc/%d/task", (int)parent);
  DIR *threads = opendir(path);
  while (threads != NULL && (entry = readdir(threads)) != NULL) {
    if (entry->d_name[0] != '.') {
      add_children_of_thread(f, parent, entry->d_name);
    }
  }
  if (threads != NULL) {
    closedir(threads);
  }
}

bool conntrail__signal_below(int number) {
  family f = {malloc(MOST_BELOW * sizeof *f.members), 0};
  if (f.members == NULL) {
    return false;
  }
  add_children(&f, getpid());
  for (size_t i = 0; i < f.count; i++) {
    add_children(&f, f.members[i]);
  }
  for (size_t i = 0; number != 0 && i < f.count; i++) {
    (void)kill(f.members[i], number);
  }
  free(f.members);
  return f.count > 0;
}

/* ---- The one that waits ---------------------------------------------------------------------- */

static void set_of(sigset_t *set) {
  static const int numbers[SIGNALS] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigemptyset(set);
  for (int i = 0; i < SIGNALS; i++) {
    sigaddset(set, numbers[i]);
  }
}

/* True: the child is among those that ended. */
static bool reap(pid_t child, int *status) {
  int one;
  pid_t ended;
  bool is_over = false;
  /* The SIGCHLD of an earlier child does not come again. */
  while ((ended = waitpid(-1, &one, WNOHANG)) > 0 || (ended < 0 && errno == EINTR)) {
    if (ended == child) {
      *status = one;
      is_over = true;
    }
  }
  return is_over || (ended < 0 && errno == ECHILD);
}

static int wait_for(pid_t child, const sigset_t *set) {
  int status = CONNTRAIL__CANNOT << 8;
  siginfo_t about;
  while (!reap(child, &status)) {
    int number = sigwaitinfo(set, &about);
    /* Ctrl-C comes to both from the terminal. */
    if (number > 0 && number != SIGCHLD && about.si_code != SI_KERNEL) {
      (void)kill(child, number);
    }
  }
  if (WIFSIGNALED(status)) {
    fprintf(stderr, "conntrail-emu: the supervisor was ended by signal %d: all is ended\n",
            WTERMSIG(status));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void end_below(void) {
  static const struct timespec tick = {0, TICK};
  int ignored;
  int number = SIGTERM;
  for (int i = 0; i < 2 * GRACE_TICKS && conntrail__signal_below(number); i++) {
    (void)nanosleep(&tick, NULL);
    (void)reap(0, &ignored);
    number = i < GRACE_TICKS ? 0 : SIGKILL;
  }
}

int conntrail__under_subreaper(int (*act)(void *arg), void *arg) {
  sigset_t set;
  sigset_t before;
  pid_t parent = getpid();
  set_of(&set);
  (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
  (void)sigprocmask(SIG_BLOCK, &set, &before);
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) {
    fprintf(stderr, "conntrail-emu: fork: %s\n", strerror(errno));
    return CONNTRAIL__CANNOT;
  }
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return getppid() == parent ? act(arg) : CONNTRAIL__CANNOT;
  }
  int code = wait_for(child, &set);
  end_below();
  return code;
}
