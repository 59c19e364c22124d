/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "running.h"
#include "start.h"
#include "subreaper.h"

/* The scenario's programs, and PROGRAM: from their start to the end of all that they left. */

const char *conntrail__file_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* ---- The scenario's -------------------------------------------------------------------------- */

static pid_t start_one(const conntrail__running *r, size_t index, int writes,
                       conntrail__refusal *why) {
  conntrail__start start;
  const json_t *about = json_array_get(json_object_get(r->scenario->root, "programs"), index);
  pid_t child = -1;
  if (conntrail__start_read(&start, r->scenario, about, r->folder)) {
    const conntrail__program program = {start.command,
                                        conntrail__scenario_program(r->scenario, index),
                                        true,
                                        writes,
                                        conntrail__start_prepare,
                                        &start};
    child = conntrail__supervisor_start(r->supervisor, &program, why);
  } else {
    snprintf(why->text, sizeof why->text, "no memory for a program");
  }
  conntrail__start_free(&start);
  return child;
}

static int start_program(conntrail__running *r, size_t index) {
  conntrail__refusal why;
  int writes = -1;
  if (!conntrail__output_open(&r->programs[index].output, r->base, &writes)) {
    return conntrail__complain("no memory, or no descriptor, for a program");
  }
  pid_t child = start_one(r, index, writes, &why);
  close(writes);
  r->programs[index].process = child > 0 ? child : 0;
  r->programs[index].first = child;
  r->started = index + 1;
  return child > 0 ? 0 : conntrail__complain(why.text);
}

/* Its first process has ended, and left another one behind. */
static bool is_in_background(const conntrail__running *r, const conntrail__started *program) {
  return WIFEXITED(program->status) && WEXITSTATUS(program->status) == 0 &&
         conntrail__supervisor_has_left(r->supervisor, program->first);
}

static void say_end(const conntrail__running *r, conntrail__started *ended, const char *name,
                    const char *when) {
  conntrail__output_drain(&ended->output);
  ended->is_said = true;
  const conntrail__output *output = &ended->output;
  const bool is_open_line = output->size > 0 && output->last[output->size - 1] != '\n';
  fprintf(stderr, "%sconntrail-emu: the program \"%s\" ended %s: ", is_open_line ? "\n" : "", name,
          ended->has_listened ? when : "before it listened");
  if (WIFSIGNALED(ended->status)) {
    fprintf(stderr, "signal %d (%s)", WTERMSIG(ended->status), strsignal(WTERMSIG(ended->status)));
  } else {
    fprintf(stderr, "exit code %d", WEXITSTATUS(ended->status));
  }
  fprintf(stderr, "%s\n", output->size > 0 ? "; its last lines:" : "");
  conntrail__output_say(stderr, output);
  if (is_in_background(r, ended)) {
    (void)conntrail__complain("it went into the background; run it in the foreground");
  }
}

void conntrail__say_ended(conntrail__running *r, const char *when) {
  for (size_t i = 0; i < r->started; i++) {
    if (r->programs[i].has_ended && !r->programs[i].is_said) {
      conntrail__progress_end(&r->progress);
      say_end(r, &r->programs[i], conntrail__scenario_program(r->scenario, i), when);
    }
  }
}

static int fail_to_listen(const conntrail__running *r, size_t index) {
  char text[256];
  if (!r->programs[index].has_ended) {
    snprintf(text, sizeof text,
             "the program \"%s\" does not listen; is \"ready_within\" too short?",
             conntrail__scenario_program(r->scenario, index));
    (void)conntrail__complain(text);
  }
  return CONNTRAIL__CANNOT;
}

/* A program may have UDP sockets that it only asks names by: they count where it is not reached by
 * TCP. */
static bool listens(const conntrail__running *r, const char *name, uint8_t family,
                    conntrail__address *address) {
  const conntrail__reached_by by = conntrail__scenario_reached_by(r->scenario, name);
  return (by != CONNTRAIL__BY_DATAGRAMS &&
          conntrail__supervisor_listens(r->supervisor, name, family, false, address)) ||
         (by != CONNTRAIL__BY_STREAMS &&
          conntrail__supervisor_listens(r->supervisor, name, family, true, address));
}

/* Others that listened may end meanwhile. */
static int wait_for(conntrail__running *r, size_t index) {
  const unsigned patience = conntrail__scenario_patience(r->scenario, index);
  const time_t begin = time(NULL);
  const char *name = conntrail__scenario_program(r->scenario, index);
  conntrail__address ignored;
  while (!listens(r, name, CONNTRAIL__NO_FAMILY, &ignored)) {
    const bool is_failed = r->programs[index].has_ended || time(NULL) > begin + (time_t)patience;
    if (r->caught != 0 || is_failed) {
      conntrail__progress_end(&r->progress);
      return r->caught != 0 ? 128 + r->caught : fail_to_listen(r, index);
    }
    if (!r->asked->is_quiet) {
      conntrail__progress_wait(&r->progress, index, conntrail__scenario_programs(r->scenario), name,
                               begin, patience);
    }
    (void)event_base_loop(r->base, EVLOOP_ONCE);
    conntrail__say_ended(r, "while the next one began");
  }
  r->programs[index].has_listened = true;
  conntrail__progress_end(&r->progress);
  return 0;
}

bool conntrail__find_listening(void *arg, const char *program, uint8_t family,
                               conntrail__address *address) {
  const conntrail__running *r = arg;
  return listens(r, program, family, address) ||
         conntrail__supervisor_listens(r->supervisor, program, family, false, address) ||
         conntrail__supervisor_listens(r->supervisor, program, family, true, address);
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
  return conntrail__scenario_populate(r->scenario, r->emu, conntrail__find_listening, r, &why)
             ? 0
             : conntrail__complain(why.text);
}

/* ---- PROGRAM --------------------------------------------------------------------------------- */

/* Before PROGRAM has begun: afterwards its end is the reason. */
static int give_up_early(const conntrail__running *r) {
  fprintf(stderr, "conntrail-emu: signal %d came before PROGRAM was started\n", r->caught);
  return 128 + r->caught;
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
  conntrail__start how = {.shared = json_object_get(r->scenario->root, "env")};
  const conntrail__program program = {r->asked->command,
                                      conntrail__file_name(r->asked->command[0]),
                                      false,
                                      -1,
                                      conntrail__start_prepare,
                                      &how};
  conntrail__refusal why;
  (void)event_base_loop(r->base, EVLOOP_NONBLOCK);
  if (r->caught != 0) {
    return give_up_early(r);
  }
  r->main = conntrail__supervisor_start(r->supervisor, &program, &why);
  if (r->main < 0) {
    return conntrail__complain(why.text);
  }
  while (!r->is_main_over || is_left(r)) {
    if (conntrail__is_time_over(r, r->begin)) {
      return CONNTRAIL__TIME_OVER;
    }
    if (is_patience_over(r)) {
      return 128 + r->caught;
    }
    (void)event_base_dispatch(r->base);
    conntrail__say_ended(r, "while the run went on");
  }
  return conntrail__exit_code(r->status);
}

/* ---- The end --------------------------------------------------------------------------------- */

/* What is left gets time to end, and its calls are answered meanwhile. */
void conntrail__end_programs(conntrail__running *r) {
  const time_t end = time(NULL) + CONNTRAIL__GRACE;
  r->is_ending = true;
  bool is_any = conntrail__signal_below(SIGTERM);
  while (is_any && time(NULL) <= end) {
    (void)event_base_loop(r->base, EVLOOP_ONCE);
    conntrail__reap(r);
    is_any = conntrail__signal_below(0);
  }
  while (conntrail__signal_below(SIGKILL)) {
    (void)waitpid(-1, NULL, 0);
  }
  for (size_t i = 0; i < r->started; i++) {
    conntrail__output_close(&r->programs[i].output);
  }
}
