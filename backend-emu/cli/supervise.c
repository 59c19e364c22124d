/* SPDX-License-Identifier: MIT */
#include "supervise.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../supervisor/escape.h"
#include "control.h"
#include "exemption.h"
#include "find.h"
#include "folder.h"
#include "name_server.h"
#include "running.h"
#include "start.h"
#include "subreaper.h"
#include "summary.h"
#include "verdict.h"

/* A supervised run, from its scenario to its trail. */

int conntrail__complain(const char *text) {
  fprintf(stderr, "conntrail-emu: %s\n", text);
  return CONNTRAIL__CANNOT;
}

bool conntrail__is_time_over(const conntrail__running *r, time_t begin) {
  const unsigned most = conntrail__scenario_seconds(r->scenario);
  if (most == 0 || time(NULL) <= begin + (time_t)most) {
    return false;
  }
  fprintf(stderr, "conntrail-emu: limits.seconds (%u) of the scenario are over: all is ended\n",
          most);
  return true;
}

/* The first write that failed counts: a trail that is not whole must not look so. */
static void note_error(conntrail__running *r) {
  if (r->trail_error == 0 && ferror(r->trail) != 0) {
    r->trail_error = errno == 0 ? EIO : errno;
  }
}

static void on_change(void *arg) {
  conntrail__running *r = arg;
  if (r->trail != NULL && r->trail_error == 0) {
    errno = 0;
    conntrail__trail_drain(r->trail, r->emu, r->supervisor, &r->written);
    note_error(r);
  }
  conntrail__control_changed(r->control);
}

void conntrail__trail_begin_anew(conntrail__running *r) {
  on_change(r);
  r->written = 0;
  if (r->trail != NULL && r->trail_error == 0) {
    errno = 0;
    conntrail__trail_reset(r->trail);
    note_error(r);
  }
}

static void on_refused(void *arg, uint32_t process, const char *sentence) {
  conntrail__running *r = arg;
  r->refusals++;
  on_change(r);
  if (r->trail != NULL && r->trail_error == 0) {
    errno = 0;
    conntrail__trail_refusal(r->trail, r->supervisor, process, sentence);
    note_error(r);
  }
}

static void on_unknown_name(void *arg, const char *name, const char *suggestion) {
  conntrail__running *r = arg;
  char shown[4 * CONNTRAIL__NAME_TEXT];
  char text[sizeof shown + 200];
  if (name[0] == '\0') {
    if (!r->is_ending) {
      (void)conntrail__complain("the process that answers for \"hosts\" has ended");
    }
    return;
  }
  conntrail__escape(name, shown, sizeof shown);
  snprintf(text, sizeof text,
           "\"%s\" was asked for, which is none of the scenario's \"hosts\"%s%s%s", shown,
           suggestion == NULL ? "" : "; did you mean \"", suggestion == NULL ? "" : suggestion,
           suggestion == NULL ? "" : "\"?");
  (void)conntrail__complain(text);
  on_change(r);
  if (r->trail != NULL && r->trail_error == 0) {
    errno = 0;
    conntrail__trail_unknown_name(r->trail, name, text);
    note_error(r);
  }
}

/* ---- The beginning --------------------------------------------------------------------------- */

/* Before there is anything that the process would inherit. */
static bool start_names(conntrail__running *r) {
  conntrail__refusal why;
  if (!conntrail__scenario_has_hosts(r->scenario)) {
    return true;
  }
  r->names = conntrail__names_start(r->scenario, r->ports, &why);
  if (r->names == NULL) {
    (void)conntrail__complain(why.text);
  }
  return r->names != NULL;
}

static bool watch_names(conntrail__running *r) {
  if (r->names == NULL) {
    return true;
  }
  conntrail__names_route(r->names, r->emu);
  conntrail__supervisor_answers_names(r->supervisor);
  return conntrail__names_watch(r->names, r->base, on_unknown_name, r);
}

static bool open_trail(conntrail__running *r) {
  if (r->asked->trail == NULL) {
    return true;
  }
  r->trail = fopen(r->asked->trail, "we");
  if (r->trail != NULL) {
    (void)setvbuf(r->trail, NULL, _IOLBF, BUFSIZ); /* whole lines, also where this is killed */
    conntrail__trail_head(r->trail, conntrail__scenario_profile(r->scenario));
    note_error(r);
  }
  return r->trail != NULL;
}

static int supervise_scenario(conntrail__running *r) {
  conntrail__refusal refusal;
  conntrail__complaint why;
  r->supervisor = conntrail__supervisor_create(r->base, r->emu, on_change, r, &refusal);
  if (r->supervisor == NULL) {
    return conntrail__complain(refusal.text);
  }
  conntrail__supervisor_on_refused(r->supervisor, on_refused);
  if (!watch_names(r)) {
    return conntrail__complain("no memory for \"hosts\"");
  }
  if (conntrail__scenario_has_real_network(r->scenario)) {
    conntrail__supervisor_open_network(r->supervisor);
  }
  return conntrail__exempt_programs(r->scenario, r->emu, r->supervisor, &why)
             ? 0
             : conntrail__complain(why.text);
}

/* PROGRAM runs where this process does. */
static bool find_program(const conntrail__running *r, char *why, size_t size) {
  const json_t *shared = json_object_get(r->scenario->root, "env");
  const json_t *search = json_object_get(shared, "PATH");
  return r->asked->command == NULL ||
         conntrail__find_program(r->asked->command[0], NULL,
                                 search == NULL ? getenv("PATH") : json_string_value(search), why,
                                 size);
}

static bool has_clients(const conntrail__running *r) {
  return conntrail__scenario_client(r->scenario, 0) != NULL;
}

static int prepare(conntrail__running *r) {
  conntrail__complaint why;
  char text[512];
  r->ports = conntrail__ports_create();
  if (r->ports == NULL) {
    return conntrail__complain("no memory for ports");
  }
  r->scenario = conntrail__scenario_load(r->asked->scenario, r->ports, &why);
  if (r->scenario == NULL) {
    return conntrail__complain(why.text);
  }
  if (!r->asked->is_serving && r->asked->command == NULL && !has_clients(r)) {
    (void)conntrail__complain("run wants SCENARIO -- PROGRAM, or a scenario with \"clients\"");
    return CONNTRAIL__USAGE;
  }
  if (!find_program(r, text, sizeof text)) {
    return conntrail__complain(text);
  }
  if (!start_names(r)) {
    return CONNTRAIL__CANNOT;
  }
  r->folder = conntrail__scenario_folder(r->scenario);
  r->emu = conntrail__scenario_emulate(r->scenario, &why);
  if (r->emu == NULL || !conntrail__scenario_inject(r->scenario, r->emu, &why)) {
    return conntrail__complain(why.text);
  }
  r->base = event_base_new();
  if (r->folder == NULL || !open_trail(r) || r->base == NULL || !conntrail__watch_signals(r)) {
    snprintf(text, sizeof text, "cannot begin (trail %.150s): %s",
             r->asked->trail == NULL ? "none" : r->asked->trail, strerror(errno));
    return conntrail__complain(text);
  }
  return supervise_scenario(r);
}

/* ---- The end --------------------------------------------------------------------------------- */

static void end_supervision(conntrail__running *r) {
  conntrail__control_close(r->control);
  r->control = NULL;
  conntrail__supervisor_catch_up(r->supervisor, false);
  conntrail__end_programs(r);
  conntrail__supervisor_catch_up(r->supervisor, true);
  on_change(r);
  conntrail__names_end(r->names);
  r->names = NULL;
  if (!r->asked->is_quiet) {
    conntrail__trail_show(stderr, r->emu, r->supervisor);
    conntrail__summary_print(stderr, r->emu);
  }
  conntrail__supervisor_destroy(r->supervisor);
}

static void close_trail(conntrail__running *r) {
  if (r->trail == NULL) {
    return;
  }
  if (fclose(r->trail) != 0 && r->trail_error == 0) {
    r->trail_error = errno;
  }
  if (r->trail_error != 0) {
    fprintf(stderr, "conntrail-emu: %s: %s: the trail is not complete\n", r->asked->trail,
            strerror(r->trail_error));
  }
}

static void clean_up(conntrail__running *r) {
  conntrail__names_end(r->names);
  conntrail__unwatch_signals(r);
  if (r->base != NULL) {
    event_base_free(r->base);
  }
  conntrail__engine_destroy(r->emu);
  conntrail__scenario_free(r->scenario);
  conntrail__ports_free(r->ports);
  free(r->folder);
}

static bool complain_of_file(const char *path) {
  fprintf(stderr, "conntrail-emu: %s: %s\n", path, strerror(errno));
  return false;
}

static bool report(const conntrail__running *r, const conntrail__verdict *verdict) {
  const char *junit = r->asked->junit;
  const char *tap = r->asked->tap;
  bool is_written = true;
  if (junit != NULL && !conntrail__verdict_junit(junit, verdict, r->asked->scenario)) {
    is_written = complain_of_file(junit);
  }
  if (tap != NULL && !conntrail__verdict_tap(tap, verdict)) {
    is_written = complain_of_file(tap);
  }
  return is_written;
}

/* What went wrong beside PROGRAM's own end, which comes first. */
static int judge(const conntrail__running *r, int code) {
  conntrail__verdict *verdict = malloc(sizeof *verdict);
  if (verdict == NULL) {
    return conntrail__complain("no memory for a verdict");
  }
  if (!conntrail__verdict_reach(verdict, r->scenario, r->emu, r->asked->fail_on, r->refusals,
                                r->asked->is_serving ? NULL : r->clients,
                                r->asked->command == NULL ? NULL : &code)) {
    free(verdict);
    return conntrail__complain("no memory for a verdict");
  }
  conntrail__verdict_say(stderr, verdict);
  bool is_whole = report(r, verdict) && r->trail_error == 0;
  bool is_met = verdict->is_met;
  free(verdict);
  if (r->asked->is_strict && r->refusals > 0) {
    fprintf(stderr, "conntrail-emu: --strict: something could not be supervised, as said above\n");
    return CONNTRAIL__UNSUPERVISED;
  }
  return code != 0 ? code : !is_met ? CONNTRAIL__VERDICT : is_whole ? 0 : CONNTRAIL__INCOMPLETE;
}

/* PROGRAM, which may change its folder, finds it in its environment. */
static int open_control(conntrail__running *r) {
  conntrail__refusal why;
  r->control = conntrail__control_open(r, r->asked->control, &why);
  if (r->control == NULL) {
    return conntrail__complain(why.text);
  }
  char folder[PATH_MAX];
  char *path = conntrail__path_below(getcwd(folder, sizeof folder), r->asked->control);
  const bool is_set = path != NULL && setenv("CONNTRAIL_EMU_CONTROL", path, 1) == 0;
  free(path);
  return is_set ? 0 : conntrail__complain("no memory for the environment");
}

/* Once every program listens. */
static int act(conntrail__running *r) {
  r->begin = time(NULL);
  if (r->asked->is_serving) {
    if (has_clients(r)) {
      fprintf(stderr, "conntrail-emu: serve starts none of the scenario's clients; run does\n");
    }
    return conntrail__serve(r);
  }
  const int code = conntrail__run_clients(r);
  return code == 0 && r->asked->command != NULL ? conntrail__run_program(r) : code;
}

static int supervise(void *arg) {
  conntrail__running *r = arg;
  int code = prepare(r);
  bool has_begun = false;
  if (code == 0) {
    code = conntrail__start_programs(r);
  }
  if (code == 0 && r->asked->control != NULL) {
    code = open_control(r);
  }
  if (code == 0) {
    code = act(r);
    has_begun = code != CONNTRAIL__CANNOT;
    conntrail__exempt_tell_unmet(r->scenario, r->supervisor);
  }
  if (r->supervisor != NULL) {
    end_supervision(r);
  }
  close_trail(r);
  code = has_begun ? judge(r, code) : code;
  clean_up(r);
  return code;
}

int conntrail__supervise_scenario(const conntrail__run *asked) {
  conntrail__running *r = calloc(1, sizeof *r);
  conntrail__folder folder = {.path = ""};
  int code = CONNTRAIL__CANNOT;
  if (r == NULL) {
    return conntrail__complain("no memory");
  }
  r->asked = asked;
  r->signal_fd = -1;
  r->socket = asked->socket;
  bool is_ready = true;
  if (asked->is_serving && asked->socket == NULL) {
    is_ready = conntrail__folder_make(&folder);
    r->socket = folder.socket;
  }
  if (is_ready) {
    code = conntrail__under_subreaper(supervise, r);
  } else {
    fprintf(stderr, "conntrail-emu: no folder for the socket: %s; set TMPDIR\n", strerror(errno));
  }
  if (r->socket != NULL) {
    (void)conntrail__remove_left_socket(r->socket);
  }
  if (asked->control != NULL) {
    (void)conntrail__remove_left_socket(asked->control);
  }
  conntrail__folder_remove(&folder);
  free(r);
  return code;
}
