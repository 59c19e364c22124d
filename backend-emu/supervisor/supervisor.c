/* SPDX-License-Identifier: MIT */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "awaited.h"
#include "borrow.h"
#include "describe.h"
#include "diag.h"
#include "endings.h"
#include "known.h"
#include "launch.h"
#include "loop.h"
#include "parked.h"
#include "places.h"
#include "process.h"
#include "refusals.h"
#include "state.h"
#include "watch.h"

enum { TICK = 20, NOT_STARTED = 127 };

static bool open_events(conntrail__supervisor *s) {
  static const struct timeval tick = {.tv_usec = TICK * 1000L};
  s->diag_readable =
      event_new(s->base, s->diag.events, EV_READ | EV_PERSIST, conntrail__on_endings, s);
  s->diag_pause = event_new(s->base, -1, 0, conntrail__on_endings_pause, s);
  s->tick = event_new(s->base, -1, EV_PERSIST, conntrail__on_tick, s);
  s->parked_tick = event_new(s->base, -1, 0, conntrail__on_parked_tick, s);
  return s->diag_readable != NULL && s->diag_pause != NULL && s->tick != NULL &&
         s->parked_tick != NULL && event_add(s->diag_readable, NULL) == 0 &&
         event_add(s->tick, &tick) == 0;
}

conntrail__supervisor *conntrail__supervisor_create(struct event_base *base, conntrail_emu *emu,
                                                    conntrail__supervisor_changed changed,
                                                    void *arg, conntrail__refusal *why) {
  conntrail__supervisor *s = calloc(1, sizeof *s);
  if (s == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a supervisor");
    return NULL;
  }
  s->base = base;
  s->emu = emu;
  s->changed = changed;
  s->arg = arg;
  s->awaited_end = &s->awaited;
  if (!conntrail__diag_open(&s->diag)) {
    snprintf(why->text, sizeof why->text,
             "the kernel's list of sockets cannot be asked (netlink, sock_diag): %s; "
             "conntrail-emu doctor says what is missing",
             strerror(errno));
    conntrail__supervisor_destroy(s);
    return NULL;
  }
  s->network = conntrail__network_of(s->diag.events);
  if (!open_events(s)) {
    snprintf(why->text, sizeof why->text, "libevent does not watch what a supervisor needs");
    conntrail__supervisor_destroy(s);
    return NULL;
  }
  return s;
}

void conntrail__supervisor_open_network(conntrail__supervisor *supervisor) {
  supervisor->is_open = true;
}

void conntrail__supervisor_answers_names(conntrail__supervisor *supervisor) {
  supervisor->answers_names = true;
}

void conntrail__supervisor_on_refused(conntrail__supervisor *supervisor,
                                      conntrail__supervisor_refused refused) {
  supervisor->refused = refused;
}

static void free_event(struct event *event) {
  if (event != NULL) {
    event_free(event);
  }
}

static void forget_exemptions(conntrail__supervisor *supervisor) {
  while (supervisor->exempt != NULL) {
    conntrail__exempt *first = supervisor->exempt;
    supervisor->exempt = first->next;
    free(first);
  }
}

static void forget_sockets(conntrail__supervisor *s) {
  conntrail__known *known;
  conntrail__known *next;
  HASH_ITER(hh, s->known, known, next) {
    conntrail__forget_known(s, known);
  }
}

void conntrail__supervisor_destroy(conntrail__supervisor *s) {
  if (s == NULL) {
    return;
  }
  if (s->parked_tick != NULL) {
    conntrail__forget_parked(s);
  }
  conntrail__forget_attachments(s);
  conntrail__forget_watches(s);
  free_event(s->diag_readable);
  free_event(s->diag_pause);
  free_event(s->tick);
  free_event(s->parked_tick);
  forget_sockets(s);
  conntrail__forget_awaited(s);
  conntrail__forget_places(s);
  conntrail__forget_processes(s);
  forget_exemptions(s);
  conntrail__slots_close(s);
  conntrail__diag_close(&s->diag);
  free(s);
}

void conntrail__supervisor_reset(conntrail__supervisor *supervisor) {
  forget_exemptions(supervisor);
  for (conntrail__watch *watch = supervisor->watches; watch != NULL; watch = watch->next) {
    watch->refusals = 0;
  }
}

bool conntrail__supervisor_exempt(conntrail__supervisor *supervisor, conntrail_emu_service *service,
                                  const char *program) {
  conntrail__exempt *exempt = calloc(1, sizeof *exempt);
  if (exempt == NULL) {
    return false;
  }
  exempt->service = service;
  snprintf(exempt->program, sizeof exempt->program, "%s", program);
  exempt->next = supervisor->exempt;
  supervisor->exempt = exempt;
  return conntrail__exempt_processes(supervisor, service, program);
}

/* ---- Starting a program ---------------------------------------------------------------------- */

typedef struct beginning {
  const conntrail__program *program;
  pid_t parent;
} beginning;

/* 0 or an errno. This process' own output is PROGRAM's. */
static int redirect(const beginning *b) {
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  bool is_done = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
                 dup2(b->program->output, STDOUT_FILENO) >= 0 &&
                 dup2(b->program->output, STDERR_FILENO) >= 0;
  return is_done ? 0 : errno;
}

static int stand_apart(const beginning *b) {
  int error = redirect(b);
  (void)setpgid(0, 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != b->parent) {
    _exit(NOT_STARTED);
  }
  return error;
}

static int become(void *arg) {
  const beginning *b = arg;
  sigset_t none;
  int error = b->program->is_apart ? stand_apart(b) : 0;
  if (error == 0 && b->program->prepare != NULL) {
    error = b->program->prepare(b->program->arg);
  }
  if (error != 0) {
    return error;
  }
  (void)signal(SIGINT, SIG_DFL);
  (void)signal(SIGQUIT, SIG_DFL);
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)execvp(b->program->command[0], b->program->command);
  return errno;
}

static pid_t give_up(const conntrail__launch *launch) {
  (void)kill(launch->child, SIGKILL);
  (void)waitpid(launch->child, NULL, 0);
  return -1;
}

/* It asks before it executes the program; what the program asks comes after. 0, or why it could
 * not.
 */
static int see_start(conntrail__launch *launch, conntrail__watch *watch) {
  struct pollfd wanted[] = {{.fd = launch->report, .events = POLLIN},
                            {.fd = watch->fd, .events = POLLIN}};
  watch->is_starting = true;
  do {
    wanted[1].revents = 0;
    (void)poll(wanted, 2, -1);
    if ((wanted[1].revents & POLLIN) != 0 && poll(wanted, 1, 0) == 0) {
      conntrail__take_notice(watch);
    }
  } while (wanted[0].revents == 0);
  watch->is_starting = false;
  return conntrail__launch_report(launch);
}

static void tell_of_start(conntrail__watch *watch, const char *name) {
  const conntrail__notice as_if = {
      .supervisor = watch->supervisor, .watch = watch, .thread = (uint32_t)watch->first};
  if (watch->loses_rights) {
    conntrail__tell_refused_file(&as_if, CONNTRAIL__PRIVILEGED_FILE, name);
  }
}

pid_t conntrail__supervisor_start(conntrail__supervisor *supervisor,
                                  const conntrail__program *program, conntrail__refusal *why) {
  beginning b = {program, getpid()};
  conntrail__launch launch = {.act = become, .arg = &b};
  if (!conntrail__launch_child(&launch, why)) {
    return -1;
  }
  conntrail__watch *watch =
      conntrail__watch_over(supervisor, launch.listener, launch.child, program->name);
  if (watch == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a program");
    close(launch.listener);
    close(launch.report);
    return give_up(&launch);
  }
  int error = see_start(&launch, watch);
  if (error != 0) {
    snprintf(why->text, sizeof why->text, "%.200s: %s", program->command[0], strerror(error));
    conntrail__unwatch(watch);
    return give_up(&launch);
  }
  if (program->is_apart) {
    (void)setpgid(launch.child, launch.child);
  }
  conntrail__watch_name_first(watch);
  tell_of_start(watch, program->command[0]);
  return launch.child;
}
