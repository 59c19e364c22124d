/* SPDX-License-Identifier: MIT */
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exemption.h"
#include "progress.h"
#include "scenario.h"
#include "subreaper.h"
#include "trail.h"

enum { MOST_PROGRAMS = 64, GRACE = 2, TICK = 20000, SIGNALS = 5 };

typedef struct run {
  const conntrail__run *asked;
  conntrail__scenario *scenario;
  conntrail_emu *emu;
  conntrail__supervisor *supervisor;
  struct event_base *base;
  struct event *signals[SIGNALS];
  struct event *tick;
  FILE *trail;
  uint64_t written;
  pid_t programs[MOST_PROGRAMS]; /* 0: ended, or not begun */
  size_t started;
  pid_t main;
  int status; /* of main */
  bool is_main_over;
  int caught; /* the signal that asked for the end; 0: none */
  conntrail__progress progress;
} run;

static int complain(const char *text) {
  fprintf(stderr, "conntrail-emu: %s\n", text);
  return CONNTRAIL__CANNOT;
}

static void on_change(void *arg) {
  run *r = arg;
  if (r->trail != NULL) {
    const conntrail__naming names = conntrail__naming_of_supervisor(r->supervisor);
    conntrail__trail_drain(r->trail, r->emu, &names, &r->written);
  }
}

/* Every child, whoever started it: what its parent leaves behind comes to this process. */
static void reap(run *r) {
  int status;
  pid_t child;
  while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
    if (child == r->main) {
      r->status = status;
      r->is_main_over = true;
    }
    for (size_t i = 0; i < r->started; i++) {
      if (r->programs[i] == child) {
        r->programs[i] = 0;
      }
    }
  }
}

static void on_signal(evutil_socket_t number, short what, void *arg) {
  run *r = arg;
  (void)what;
  if (number == SIGCHLD) {
    reap(r);
  } else {
    r->caught = (int)number;
    if (r->main > 0 && !r->is_main_over && number != SIGINT) {
      (void)kill(r->main, (int)number); /* SIGINT comes to it from the terminal */
    }
  }
  (void)event_base_loopbreak(r->base);
}

static void on_tick(evutil_socket_t fd, short what, void *arg) {
  run *r = arg;
  (void)fd;
  (void)what;
  (void)event_base_loopbreak(r->base);
}

static bool watch(run *r) {
  static const int numbers[SIGNALS] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  static const struct timeval tick = {.tv_usec = TICK};
  r->base = event_base_new();
  if (r->base == NULL) {
    return false;
  }
  for (int i = 0; i < SIGNALS; i++) {
    r->signals[i] = evsignal_new(r->base, numbers[i], on_signal, r);
    if (r->signals[i] == NULL || event_add(r->signals[i], NULL) != 0) {
      return false;
    }
  }
  r->tick = event_new(r->base, -1, EV_PERSIST, on_tick, r);
  return r->tick != NULL && event_add(r->tick, &tick) == 0;
}

static bool open_trail(run *r) {
  if (r->asked->trail == NULL) {
    return true;
  }
  r->trail = fopen(r->asked->trail, "we");
  if (r->trail != NULL) {
    (void)setvbuf(r->trail, NULL, _IOLBF, BUFSIZ); /* whole lines, also where this is killed */
    conntrail__trail_head(r->trail, conntrail__scenario_profile(r->scenario));
  }
  return r->trail != NULL;
}

static bool exempt(void *of, conntrail_emu_service *service, const char *program) {
  return conntrail__supervisor_exempt(of, service, program);
}

static int prepare(run *r) {
  conntrail__complaint why;
  conntrail__refusal refusal;
  char text[512];
  r->scenario = conntrail__scenario_load(r->asked->scenario, &why);
  if (r->scenario == NULL) {
    return complain(why.text);
  }
  r->emu = conntrail__scenario_emulate(r->scenario, &why);
  if (r->emu == NULL || !conntrail__scenario_plague(r->scenario, r->emu, &why)) {
    return complain(why.text);
  }
  if (!open_trail(r) || !watch(r)) {
    snprintf(text, sizeof text, "cannot begin (trail %.150s): %s",
             r->asked->trail == NULL ? "none" : r->asked->trail, strerror(errno));
    return complain(text);
  }
  r->supervisor = conntrail__supervisor_create(r->base, r->emu, on_change, r, &refusal);
  if (r->supervisor == NULL) {
    return complain(refusal.text);
  }
  if (conntrail__scenario_has_real_network(r->scenario)) {
    conntrail__supervisor_open_network(r->supervisor);
  }
  return conntrail__exempt_programs(r->scenario, r->emu, exempt, r->supervisor, &why)
             ? 0
             : complain(why.text);
}

/* ---- Programs -------------------------------------------------------------------------------- */

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* A folder or a pipe would be waited for, or fail in the words of exec. */
static bool is_startable(const char *path, conntrail__refusal *why) {
  struct stat about;
  if (strchr(path, '/') != NULL && stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
    snprintf(why->text, sizeof why->text, "%.200s is no file, so it cannot be started", path);
    return false;
  }
  return true;
}

static pid_t start(const run *r, const conntrail__program *program, conntrail__refusal *why) {
  return is_startable(program->command[0], why)
             ? conntrail__supervisor_start(r->supervisor, program, why)
             : -1;
}

static int start_program(run *r, size_t index) {
  conntrail__refusal why;
  char **command = conntrail__scenario_command(r->scenario, index);
  const conntrail__program program = {command, conntrail__scenario_program(r->scenario, index),
                                      true};
  if (command == NULL) {
    return complain("no memory for a command");
  }
  pid_t child = start(r, &program, &why);
  free(command);
  r->programs[index] = child > 0 ? child : 0;
  r->started = index + 1;
  return child > 0 ? 0 : complain(why.text);
}

static int wait_for(run *r, size_t index) {
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
      return complain(text);
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

static int start_all(run *r) {
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
             : complain(why.text);
}

/* Before PROGRAM has begun: afterwards its end tells. */
static int give_up_early(const run *r) {
  fprintf(stderr, "conntrail-emu: signal %d came before PROGRAM was started\n", r->caught);
  return 128 + r->caught;
}

static int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool is_time_over(const run *r, time_t begin) {
  const unsigned most = conntrail__scenario_seconds(r->scenario);
  if (most == 0 || time(NULL) <= begin + (time_t)most) {
    return false;
  }
  fprintf(stderr, "conntrail-emu: limits.seconds (%u) of the scenario are over: all is ended\n",
          most);
  return true;
}

static int run_main(run *r) {
  const conntrail__program program = {r->asked->command, name_of(r->asked->command[0]), false};
  conntrail__refusal why;
  const time_t begin = time(NULL);
  (void)event_base_loop(r->base, EVLOOP_NONBLOCK);
  if (r->caught != 0) {
    return give_up_early(r);
  }
  r->main = start(r, &program, &why);
  if (r->main < 0) {
    return complain(why.text);
  }
  while (!r->is_main_over) {
    if (is_time_over(r, begin)) {
      return CONNTRAIL__TIME_OVER;
    }
    (void)event_base_dispatch(r->base);
  }
  return exit_code(r->status);
}

/* ---- The end --------------------------------------------------------------------------------- */

/* What is left gets time to end, and its calls are answered meanwhile. */
static void end_programs(run *r) {
  const time_t end = time(NULL) + GRACE;
  bool is_any = conntrail__signal_below(SIGTERM);
  while (is_any && time(NULL) <= end) {
    (void)event_base_loop(r->base, EVLOOP_ONCE);
    reap(r);
    is_any = conntrail__signal_below(0);
  }
  while (conntrail__signal_below(SIGKILL)) {
    (void)waitpid(-1, NULL, 0);
  }
}

static void end_supervision(run *r) {
  conntrail__supervisor_catch_up(r->supervisor, false);
  end_programs(r);
  conntrail__supervisor_catch_up(r->supervisor, true);
  on_change(r);
  if (!r->asked->is_quiet) {
    const conntrail__naming names = conntrail__naming_of_supervisor(r->supervisor);
    conntrail__trail_show(stderr, r->emu, &names);
  }
  conntrail__supervisor_destroy(r->supervisor);
}

static void clean_up(run *r) {
  if (r->supervisor != NULL) {
    end_supervision(r);
  }
  if (r->trail != NULL) {
    fclose(r->trail);
  }
  for (int i = 0; i < SIGNALS; i++) {
    if (r->signals[i] != NULL) {
      event_free(r->signals[i]);
    }
  }
  if (r->tick != NULL) {
    event_free(r->tick);
  }
  if (r->base != NULL) {
    event_base_free(r->base);
  }
  conntrail__engine_destroy(r->emu);
  conntrail__scenario_free(r->scenario);
}

static int supervise(void *arg) {
  run *r = arg;
  int code = prepare(r);
  if (code == 0) {
    code = start_all(r);
  }
  if (code == 0) {
    code = run_main(r);
    const conntrail__naming names = conntrail__naming_of_supervisor(r->supervisor);
    conntrail__exempt_tell_unmet(r->scenario, &names);
  }
  clean_up(r);
  return code;
}

int conntrail__supervise_scenario(const conntrail__run *asked) {
  run *r = calloc(1, sizeof *r);
  if (r == NULL) {
    return complain("no memory");
  }
  r->asked = asked;
  int code = conntrail__under_subreaper(supervise, r);
  free(r);
  return code;
}
