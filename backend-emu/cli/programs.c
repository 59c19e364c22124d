/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "running.h"
#include "subreaper.h"

/* The scenario's programs, and PROGRAM: from their start to the end of all that they left. */

const char *conntrail__file_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* A folder or a pipe would be waited for, or fail in the words of exec. */
bool conntrail__is_startable(const char *path, conntrail__refusal *why) {
  struct stat about;
  if (strchr(path, '/') != NULL && stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
    snprintf(why->text, sizeof why->text, "%.200s is no file, so it cannot be started", path);
    return false;
  }
  return true;
}

static pid_t start(const conntrail__running *r, const conntrail__program *program,
                   conntrail__refusal *why) {
  return conntrail__is_startable(program->command[0], why)
             ? conntrail__supervisor_start(r->supervisor, program, why)
             : -1;
}

/* ---- The scenario's -------------------------------------------------------------------------- */

static int start_program(conntrail__running *r, size_t index) {
  conntrail__refusal why;
  char **command = conntrail__scenario_command(r->scenario, index);
  const conntrail__program program = {command, conntrail__scenario_program(r->scenario, index),
                                      true};
  if (command == NULL) {
    return conntrail__complain("no memory for a command");
  }
  pid_t child = start(r, &program, &why);
  free(command);
  r->programs[index] = child > 0 ? child : 0;
  r->started = index + 1;
  return child > 0 ? 0 : conntrail__complain(why.text);
}

static int wait_for(conntrail__running *r, size_t index) {
  const unsigned patience = conntrail__scenario_patience(r->scenario, index);
  const time_t begin = time(NULL);
  const char *name = conntrail__scenario_program(r->scenario, index);
  conntrail__address ignored;
  char text[256];
  while (!conntrail__supervisor_listens(r->supervisor, name, CONNTRAIL__NO_FAMILY, &ignored)) {
    const char *what = r->programs[index] == 0 ? "ended before it listened"
                       : time(NULL) > begin + (time_t)patience
                           ? "does not listen; is \"ready_within\" too short?"
                           : NULL;
    if (r->caught != 0 || what != NULL) {
      conntrail__progress_end(&r->progress);
    }
    if (r->caught != 0) {
      return 128 + r->caught;
    }
    if (what != NULL) {
      snprintf(text, sizeof text, "the program \"%s\" %s", name, what);
      return conntrail__complain(text);
    }
    if (!r->asked->is_quiet) {
      conntrail__progress_wait(&r->progress, index, conntrail__scenario_programs(r->scenario), name,
                               begin, patience);
    }
    (void)event_base_loop(r->base, EVLOOP_ONCE);
  }
  conntrail__progress_end(&r->progress);
  return 0;
}

static bool where(void *arg, const char *program, uint8_t family, conntrail__address *address) {
  return conntrail__supervisor_listens(arg, program, family, address);
}

int conntrail__start_programs(conntrail__running *r) {
  conntrail__complaint why;
  for (size_t i = 0; i < conntrail__scenario_programs(r->scenario); i++) {
    int code = start_program(r, i);
    code = code == 0 ? wait_for(r, i) : code;
    if (code != 0) {
      return code;
    }
  }
  return conntrail__scenario_furnish(r->scenario, r->emu, where, r->supervisor, &why)
             ? 0
             : conntrail__complain(why.text);
}

/* ---- PROGRAM --------------------------------------------------------------------------------- */

/* Before PROGRAM has begun: afterwards its end tells. */
static int give_up_early(const conntrail__running *r) {
  fprintf(stderr, "conntrail-emu: signal %d came before PROGRAM was started\n", r->caught);
  return 128 + r->caught;
}

static int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Who asked for the end with SIGINT may talk to PROGRAM, which goes on; other signals are final. */
static bool is_patience_over(const conntrail__running *r) {
  return r->caught != 0 && r->caught != SIGINT && time(NULL) > r->caught_at + CONNTRAIL__GRACE;
}

static bool is_left(const conntrail__running *r) {
  return r->asked->waits_for_all && r->caught == 0 &&
         conntrail__supervisor_has_left(r->supervisor, r->main);
}

int conntrail__run_program(conntrail__running *r) {
  const conntrail__program program = {r->asked->command, conntrail__file_name(r->asked->command[0]),
                                      false};
  conntrail__refusal why;
  const time_t begin = time(NULL);
  (void)event_base_loop(r->base, EVLOOP_NONBLOCK);
  if (r->caught != 0) {
    return give_up_early(r);
  }
  r->main = start(r, &program, &why);
  if (r->main < 0) {
    return conntrail__complain(why.text);
  }
  while (!r->is_main_over || is_left(r)) {
    if (conntrail__is_time_over(r, begin)) {
      return CONNTRAIL__TIME_OVER;
    }
    if (is_patience_over(r)) {
      return 128 + r->caught;
    }
    (void)event_base_dispatch(r->base);
  }
  return exit_code(r->status);
}

/* ---- The end --------------------------------------------------------------------------------- */

/* What is left gets time to end, and its calls are answered meanwhile. */
void conntrail__end_programs(conntrail__running *r) {
  const time_t end = time(NULL) + CONNTRAIL__GRACE;
  bool is_any = conntrail__signal_below(SIGTERM);
  while (is_any && time(NULL) <= end) {
    (void)event_base_loop(r->base, EVLOOP_ONCE);
    conntrail__reap(r);
    is_any = conntrail__signal_below(0);
  }
  while (conntrail__signal_below(SIGKILL)) {
    (void)waitpid(-1, NULL, 0);
  }
}
