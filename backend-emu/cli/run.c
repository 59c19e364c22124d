/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../service/hub.h"
#include "exemption.h"
#include "progress.h"
#include "report.h"
#include "scenario.h"
#include "spawn.h"
#include "trail.h"

enum { MOST_PROGRAMS = 64, GRACE = 2, TICK = 20000, SIGNALS = 5 };

typedef struct run {
  const conntrail__run *asked;
  conntrail__scenario *scenario;
  conntrail_emu *emu;
  conntrail__hub *hub;
  struct event_base *base;
  struct event *signals[SIGNALS];
  struct event *tick;
  FILE *trail;
  uint64_t written;
  char preload[PATH_MAX];
  char folder[64];
  char socket[108];
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
    const conntrail__naming names = conntrail__naming_of_hub(r->hub);
    conntrail__trail_drain(r->trail, r->emu, &names, &r->written);
  }
  if (r->main == 0) { /* a program may listen by now */
    (void)event_base_loopbreak(r->base);
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

static bool choose_socket(run *r) {
  const char *base = getenv("TMPDIR");
  if (r->asked->socket != NULL) {
    snprintf(r->socket, sizeof r->socket, "%s", r->asked->socket);
    return strlen(r->asked->socket) < sizeof r->socket;
  }
  snprintf(r->folder, sizeof r->folder, "%.40s/conntrail-XXXXXX",
           base == NULL || strlen(base) > 40 ? "/tmp" : base);
  if (mkdtemp(r->folder) == NULL) {
    r->folder[0] = '\0';
    return false;
  }
  snprintf(r->socket, sizeof r->socket, "%s/service", r->folder);
  return true;
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
  return conntrail__hub_exempt(of, service, program);
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
  if (!conntrail__find_preload(r->preload, sizeof r->preload, text, sizeof text)) {
    return complain(text);
  }
  if (!open_trail(r) || !choose_socket(r) || !watch(r)) {
    snprintf(text, sizeof text, "cannot begin (trail %.150s, socket %.100s): %s",
             r->asked->trail == NULL ? "none" : r->asked->trail, r->socket, strerror(errno));
    return complain(text);
  }
  r->hub = conntrail__hub_create(r->base, r->socket, r->emu, on_change, r, &refusal);
  if (r->hub == NULL) {
    return complain(refusal.text);
  }
  return conntrail__exempt_programs(r->scenario, r->emu, exempt, r->hub, &why) ? 0
                                                                               : complain(why.text);
}

/* ---- Programs ------------------------------------------------------------------------------- */

static int start_program(run *r, size_t index) {
  char text[512];
  char **command = conntrail__scenario_command(r->scenario, index);
  conntrail__start start = {command, conntrail__scenario_program(r->scenario, index), r->socket,
                            true};
  if (command == NULL) {
    return complain("no memory for a command");
  }
  if (!conntrail__can_be_watched(command[0], text, sizeof text)) {
    free(command);
    return complain(text);
  }
  r->programs[index] = conntrail__spawn(&start, r->preload);
  r->started = index + 1;
  free(command);
  return r->programs[index] > 0 ? 0 : complain(strerror(errno));
}

static int wait_for(run *r, size_t index) {
  const unsigned patience = conntrail__scenario_patience(r->scenario, index);
  const time_t begin = time(NULL);
  const char *name = conntrail__scenario_program(r->scenario, index);
  conntrail__address ignored;
  char text[256];
  while (!conntrail__hub_listens(r->hub, name, CONNTRAIL__NO_FAMILY, &ignored)) {
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
    (void)event_base_dispatch(r->base);
  }
  conntrail__progress_end(&r->progress);
  return 0;
}

static bool where(void *arg, const char *program, uint8_t family, conntrail__address *address) {
  return conntrail__hub_listens(arg, program, family, address);
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
  if (!conntrail__scenario_furnish(r->scenario, r->emu, where, r->hub, &why)) {
    return complain(why.text);
  }
  conntrail__hub_fix(r->hub);
  return 0;
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
  conntrail__start start = {r->asked->command, r->asked->command[0], r->socket, false};
  const char *slash = strrchr(start.name, '/');
  char text[512];
  uint64_t before = conntrail__hub_count(r->hub)->processes;
  const time_t begin = time(NULL);
  if (!conntrail__can_be_watched(start.command[0], text, sizeof text)) {
    return complain(text);
  }
  start.name = slash == NULL ? start.name : slash + 1;
  (void)event_base_loop(r->base, EVLOOP_NONBLOCK);
  if (r->caught != 0) {
    return 128 + r->caught;
  }
  r->main = conntrail__spawn(&start, r->preload);
  if (r->main < 0) {
    return complain(strerror(errno));
  }
  while (!r->is_main_over) {
    if (is_time_over(r, begin)) {
      return CONNTRAIL__TIME_OVER;
    }
    (void)event_base_dispatch(r->base);
  }
  if (conntrail__hub_count(r->hub)->processes == before) {
    fprintf(stderr,
            "conntrail-emu: %s was never seen by the service: a static program, or one that "
            "clears LD_PRELOAD, cannot be watched\n",
            start.command[0]);
  }
  return exit_code(r->status);
}

static int serve(run *r) {
  const time_t begin = time(NULL);
  printf("%s=%s\n", CONNTRAIL__SERVICE_VARIABLE, r->socket);
  fflush(stdout);
  while (r->caught == 0) {
    if (is_time_over(r, begin)) {
      return CONNTRAIL__TIME_OVER;
    }
    (void)event_base_dispatch(r->base);
  }
  return 0;
}

/* ---- The end -------------------------------------------------------------------------------- */

static bool signal_all(const run *r, int number) {
  bool is_any = false;
  for (size_t i = 0; i < r->started; i++) {
    if (r->programs[i] > 0) {
      is_any = true;
      (void)kill(-r->programs[i], number);
    }
  }
  return is_any;
}

static void end_programs(run *r) {
  time_t end = time(NULL) + GRACE;
  bool is_any = signal_all(r, SIGTERM);
  if (r->main > 0 && !r->is_main_over) {
    (void)kill(r->main, SIGTERM);
  }
  while (is_any && time(NULL) <= end) {
    (void)event_base_dispatch(r->base);
    reap(r);
    is_any = signal_all(r, 0);
  }
  (void)signal_all(r, SIGKILL);
  conntrail__end_orphans();
}

static void clean_up(run *r) {
  end_programs(r);
  if (r->hub != NULL) {
    /* What the last processes said before they ended. */
    (void)event_base_loop(r->base, EVLOOP_NONBLOCK);
    on_change(r);
    if (!r->asked->is_quiet) {
      const conntrail__naming names = conntrail__naming_of_hub(r->hub);
      conntrail__trail_show(stderr, r->emu, &names);
    }
    conntrail__report_counts(r->hub);
    conntrail__hub_destroy(r->hub);
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
  if (r->folder[0] != '\0') {
    (void)rmdir(r->folder);
  }
  conntrail__engine_destroy(r->emu);
  conntrail__scenario_free(r->scenario);
}

int conntrail__run_scenario(const conntrail__run *asked) {
  run *r = calloc(1, sizeof *r);
  int code;
  if (r == NULL) {
    return complain("no memory");
  }
  r->asked = asked;
  (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
  code = prepare(r);
  if (code == 0) {
    code = start_all(r);
  }
  if (code == 0) {
    code = asked->command == NULL ? serve(r) : run_main(r);
    const conntrail__naming names = conntrail__naming_of_hub(r->hub);
    conntrail__exempt_tell_unmet(r->scenario, &names);
  }
  clean_up(r);
  free(r);
  return code;
}
