/* SPDX-License-Identifier: MIT */
#include "clients.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "running.h"
#include "start.h"

int conntrail__exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool starts_with_previous(const json_t *client) {
  const char *turn = json_string_value(json_object_get(client, "start"));
  return turn != NULL && strcmp(turn, "with previous") == 0;
}

static bool start_client(conntrail__running *r, size_t index) {
  const json_t *about = conntrail__scenario_client(r->scenario, index);
  const char *name = json_string_value(json_object_get(about, "name"));
  conntrail__start start;
  conntrail__refusal why;
  pid_t child = -1;
  snprintf(why.text, sizeof why.text, "no memory for a client");
  if (conntrail__start_read(&start, r->scenario, about, r->folder)) {
    const conntrail__program program = {start.command, name, false, -1, conntrail__start_prepare,
                                        &start};
    child = conntrail__supervisor_start(r->supervisor, &program, &why);
  }
  conntrail__start_free(&start);
  if (child < 0) {
    (void)conntrail__complain(why.text);
    return false;
  }
  r->clients[index].process = child;
  return true;
}

static bool have_ended(const conntrail__running *r, size_t first, size_t end) {
  bool is_over = true;
  for (size_t i = first; i < end; i++) {
    is_over = is_over && r->clients[i].has_ended;
  }
  return is_over;
}

static int wait_for(conntrail__running *r, size_t first, size_t end) {
  while (!have_ended(r, first, end)) {
    if (conntrail__is_time_over(r, r->begin)) {
      return CONNTRAIL__TIME_OVER;
    }
    if (r->caught != 0) {
      fprintf(stderr, "conntrail-emu: signal %d came while a client ran\n", r->caught);
      return 128 + r->caught;
    }
    (void)event_base_dispatch(r->base);
    conntrail__say_ended(r, "while the run went on");
  }
  return 0;
}

int conntrail__run_clients(conntrail__running *r) {
  int code = 0;
  for (size_t first = 0; code == 0 && conntrail__scenario_client(r->scenario, first) != NULL;) {
    size_t end = first;
    do {
      if (!start_client(r, end++)) {
        return CONNTRAIL__CANNOT;
      }
    } while (starts_with_previous(conntrail__scenario_client(r->scenario, end)));
    code = wait_for(r, first, end);
    first = end;
  }
  return code;
}
