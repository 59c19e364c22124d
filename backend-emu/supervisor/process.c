/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "borrow.h"
#include "closings.h"
#include "loop.h"
#include "notice.h"
#include "process.h"
#include "start.h"
#include "state.h"
#include "watch.h"

/* Who makes a call: a process of a program, what it runs, and its user. */

enum {
  FRESH_FOR = 50, /* milliseconds: exec and setuid change what was read */
  MOST_IN_A_TICK = 64,
  MOST_ENDED = 1024 /* as many are kept for the trail, which names them */
};

static void read_command(conntrail__process *process) {
  char path[64];
  char file[4096];
  snprintf(path, sizeof path, "/proc/%u/exe", process->number);
  ssize_t size = readlink(path, file, sizeof file - 1);
  if (size > 0) {
    file[size] = '\0';
    const char *slash = strrchr(file, '/');
    snprintf(process->command, sizeof process->command, "%.63s", slash == NULL ? file : slash + 1);
  }
}

static void read_program(const conntrail__notice *notice, conntrail__process *process) {
  char before[CONNTRAIL__NAME];
  char path[64];
  memcpy(before, process->command, sizeof before);
  read_command(process);
  if (process->family == 0 || strcmp(before, process->command) != 0) {
    process->family = conntrail__read_family(process->number);
    snprintf(path, sizeof path, "/proc/%u/exe", process->number);
    conntrail__look_at_start(notice, path, process->command);
  }
}

static void read_user(conntrail__process *process) {
  char path[64];
  struct stat about;
  snprintf(path, sizeof path, "/proc/%u", process->number);
  const struct passwd *user = stat(path, &about) == 0 ? getpwuid(about.st_uid) : NULL;
  snprintf(process->user, sizeof process->user, "%.63s", user == NULL ? "" : user->pw_name);
}

/* The system gives numbers again: what the number's last process was exempted from does not count.
 */
static void exempt(const conntrail__supervisor *supervisor, const conntrail__process *process) {
  conntrail__refusal ignored;
  for (const conntrail__exempt *e = supervisor->exempt; e != NULL; e = e->next) {
    conntrail__service_end_exemption(e->service, process->number);
  }
  for (const conntrail__exempt *e = supervisor->exempt; e != NULL; e = e->next) {
    if (strcmp(e->program, process->watch->program) == 0) {
      (void)conntrail__service_exempt_process(e->service, process->number, &ignored);
    }
  }
}

bool conntrail__exempt_processes(const conntrail__supervisor *supervisor,
                                 conntrail_emu_service *service, const char *program) {
  conntrail__refusal ignored;
  for (const conntrail__process *p = supervisor->processes; p != NULL; p = p->hh.next) {
    if (!p->is_over && p->watch != NULL && strcmp(program, p->watch->program) == 0 &&
        conntrail__service_exempt_process(service, p->number, &ignored) != CONNTRAIL_OK) {
      return false;
    }
  }
  return true;
}

static conntrail__process *find(const conntrail__supervisor *supervisor, uint32_t number) {
  conntrail__process *process = NULL;
  HASH_FIND(hh, supervisor->processes, &number, sizeof number, process);
  return process;
}

static conntrail__process *add(conntrail__supervisor *supervisor, uint32_t number) {
  conntrail__process *process = calloc(1, sizeof *process);
  if (process != NULL) {
    process->number = number;
    HASH_ADD(hh, supervisor->processes, number, sizeof process->number, process);
  }
  if (process != NULL && process->hh.tbl == NULL) {
    free(process);
    return NULL;
  }
  return process;
}

static void look_at(const conntrail__notice *notice, conntrail__process *process) {
  conntrail__supervisor *supervisor = notice->supervisor;
  conntrail__watch *watch = notice->watch;
  uint64_t now = conntrail__milliseconds();
  if (process->is_over) { /* the number is given again */
    supervisor->ended_processes--;
    process->is_over = false;
    process->watch = NULL;
  }
  if (process->watch != watch) {
    process->watch = watch;
    process->looked_at = 0;
    process->family = 0;
    conntrail__engine_process_begins(supervisor->emu, process->number);
    exempt(supervisor, process);
  }
  if (process->looked_at == 0 || now > process->looked_at + FRESH_FOR) {
    process->looked_at = now;
    read_program(notice, process);
    read_user(process);
  }
}

conntrail__identity conntrail__identify_process(const conntrail__notice *notice) {
  conntrail__supervisor *supervisor = notice->supervisor;
  const conntrail__slot *slot = &supervisor->slots[notice->thread % CONNTRAIL__SLOTS];
  uint32_t number = slot->thread == notice->thread ? slot->process : notice->thread;
  conntrail__process *process = find(supervisor, number);
  conntrail__identity who = {.actor = notice->thread, .process = number};
  if (process == NULL) {
    process = add(supervisor, number);
  }
  if (process != NULL) {
    conntrail__watch_name_first(notice->watch);
    look_at(notice, process);
    who.user = process->user[0] == '\0' ? NULL : process->user;
    who.family = process->family;
  }
  return who;
}

conntrail__identity conntrail__identify(const conntrail__notice *notice) {
  conntrail__identity who = conntrail__identify_process(notice);
  const uint32_t own = who.process;
  if (notice->supervisor->disguise != NULL) {
    notice->supervisor->disguise(notice->thread, &who);
  }
  who.family = who.process == own ? who.family : 0;
  return who;
}

const char *conntrail__supervisor_program(const conntrail__supervisor *supervisor,
                                          uint32_t number) {
  const conntrail__process *process = find(supervisor, number);
  return process == NULL || process->watch == NULL ? NULL : process->watch->program;
}

const char *conntrail__supervisor_command(const conntrail__supervisor *supervisor,
                                          uint32_t number) {
  const conntrail__process *process = find(supervisor, number);
  bool is_other = process != NULL && process->watch != NULL &&
                  strcmp(process->command, process->watch->first_command) != 0;
  return is_other ? process->command : NULL;
}

uint32_t conntrail__family_of(const conntrail__supervisor *supervisor, uint32_t number) {
  const conntrail__process *process = find(supervisor, number);
  return process == NULL ? number : process->family;
}

const conntrail__watch *conntrail__watch_of(const conntrail__supervisor *supervisor,
                                            uint32_t number) {
  const conntrail__process *process = find(supervisor, number);
  return process == NULL ? NULL : process->watch;
}

bool conntrail__holds(uint32_t number, uint32_t inode) {
  char path[64];
  char wanted[64];
  char link[64];
  const struct dirent *entry;
  bool is_found = false;
  snprintf(path, sizeof path, "/proc/%u/fd", number);
  snprintf(wanted, sizeof wanted, "socket:[%u]", inode);
  DIR *folder = opendir(path);
  while (folder != NULL && !is_found && (entry = readdir(folder)) != NULL) {
    ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
    link[size > 0 ? size : 0] = '\0';
    is_found = strcmp(link, wanted) == 0;
  }
  if (folder != NULL) {
    closedir(folder);
  }
  return is_found;
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static void forget(conntrail__supervisor *supervisor, conntrail__process *process) {
  HASH_DEL(supervisor->processes, process);
  free(process);
}

/* The first of the table came first. */
static void forget_oldest_ended(conntrail__supervisor *supervisor) {
  conntrail__process *process;
  conntrail__process *next;
  HASH_ITER(hh, supervisor->processes, process, next) {
    if (process->is_over) {
      supervisor->ended_processes--;
      forget(supervisor, process);
      return;
    }
  }
}

static void end_if_over(conntrail__supervisor *supervisor, conntrail__process *process) {
  if (process->is_over || kill((pid_t)process->number, 0) == 0 || errno != ESRCH) {
    return;
  }
  process->is_over = true;
  supervisor->ended_processes++;
  conntrail__end_closed_of(supervisor, process->number);
}

void conntrail__look_at_processes(conntrail__supervisor *supervisor) {
  conntrail__process *process = find(supervisor, supervisor->next_process);
  for (unsigned i = 0; i < MOST_IN_A_TICK && i < HASH_COUNT(supervisor->processes); i++) {
    process = process == NULL ? supervisor->processes : process;
    end_if_over(supervisor, process);
    process = process->hh.next;
  }
  supervisor->next_process = process == NULL ? 0 : process->number;
  if (supervisor->ended_processes > MOST_ENDED) {
    while (supervisor->ended_processes > MOST_ENDED) {
      forget_oldest_ended(supervisor);
    }
    conntrail__forget_ended_watches(supervisor);
  }
}

void conntrail__forget_processes(conntrail__supervisor *supervisor) {
  conntrail__process *process;
  conntrail__process *next;
  HASH_ITER(hh, supervisor->processes, process, next) {
    forget(supervisor, process);
  }
}
