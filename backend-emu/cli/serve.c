/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>

#include "running.h"

/* `serve`: the scenario's programs, and whatever attaches, until a signal. */

int conntrail__serve(conntrail__running *r) {
  const time_t begin = time(NULL);
  conntrail__refusal why;
  if (!conntrail__supervisor_accept_at(r->supervisor, r->socket, &why)) {
    return conntrail__complain(why.text);
  }
  bool is_said = printf("CONNTRAIL_EMU_SOCKET=%s\n", r->socket) >= 0;
  if (r->control != NULL) {
    is_said = printf("CONNTRAIL_EMU_CONTROL=%s\n", r->asked->control) >= 0 && is_said;
  }
  if (!is_said || fflush(stdout) != 0) {
    return conntrail__complain("where to attach cannot be written on stdout");
  }
  while (r->caught == 0) {
    if (conntrail__is_time_over(r, begin)) {
      return CONNTRAIL__TIME_OVER;
    }
    (void)event_base_dispatch(r->base);
    conntrail__say_ended(r, "while the run went on");
  }
  return 0;
}
