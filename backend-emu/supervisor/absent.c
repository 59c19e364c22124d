/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "supervisor.h"

/* For processors whose system calls the filter does not know: whatever is asked of a supervisor is
 * refused by name. */

static const char reason[] = "programs are supervised on x86-64 only, so far";

conntrail__supervisor *conntrail__supervisor_create(struct event_base *base, conntrail_emu *emu,
                                                    conntrail__supervisor_changed changed,
                                                    void *arg, conntrail__refusal *why) {
  (void)base;
  (void)emu;
  (void)changed;
  (void)arg;
  snprintf(why->text, sizeof why->text, "%s", reason);
  return NULL;
}

void conntrail__supervisor_destroy(conntrail__supervisor *supervisor) {
  (void)supervisor;
}

void conntrail__supervisor_open_network(conntrail__supervisor *supervisor) {
  (void)supervisor;
}

void conntrail__supervisor_answers_names(conntrail__supervisor *supervisor) {
  (void)supervisor;
}

void conntrail__supervisor_on_refused(conntrail__supervisor *supervisor,
                                      conntrail__supervisor_refused refused) {
  (void)supervisor;
  (void)refused;
}

pid_t conntrail__supervisor_start(conntrail__supervisor *supervisor,
                                  const conntrail__program *program, conntrail__refusal *why) {
  (void)supervisor;
  (void)program;
  snprintf(why->text, sizeof why->text, "%s", reason);
  return -1;
}

bool conntrail__supervisor_accept_at(conntrail__supervisor *supervisor, const char *path,
                                     conntrail__refusal *why) {
  (void)supervisor;
  (void)path;
  snprintf(why->text, sizeof why->text, "%s", reason);
  return false;
}

bool conntrail__supervisor_attach(const char *path, const char *program, conntrail__refusal *why) {
  (void)path;
  (void)program;
  snprintf(why->text, sizeof why->text, "%s", reason);
  return false;
}

bool conntrail__supervisor_exempt(conntrail__supervisor *supervisor, conntrail_emu_service *service,
                                  const char *program) {
  (void)supervisor;
  (void)service;
  (void)program;
  return false;
}

void conntrail__supervisor_reset(conntrail__supervisor *supervisor) {
  (void)supervisor;
}

bool conntrail__supervisor_listens(const conntrail__supervisor *supervisor, const char *program,
                                   uint8_t family, bool is_datagram, conntrail__address *address) {
  (void)supervisor;
  (void)program;
  (void)family;
  (void)is_datagram;
  (void)address;
  return false;
}

bool conntrail__supervisor_has_left(const conntrail__supervisor *supervisor, pid_t first) {
  (void)supervisor;
  (void)first;
  return false;
}

bool conntrail__supervisor_has_met(const conntrail__supervisor *supervisor, const char *program) {
  (void)supervisor;
  (void)program;
  return false;
}

const char *conntrail__supervisor_program(const conntrail__supervisor *supervisor,
                                          uint32_t process) {
  (void)supervisor;
  (void)process;
  return NULL;
}

const char *conntrail__supervisor_command(const conntrail__supervisor *supervisor,
                                          uint32_t process) {
  (void)supervisor;
  (void)process;
  return NULL;
}

void conntrail__supervisor_catch_up(conntrail__supervisor *supervisor, bool is_over) {
  (void)supervisor;
  (void)is_over;
}

bool conntrail__supervisor_try(conntrail__need needs[CONNTRAIL__NEEDS]) {
  for (int i = 0; i < CONNTRAIL__NEEDS; i++) {
    needs[i] = (conntrail__need){.what = "a supervisor of system calls"};
    snprintf(needs[i].cure, sizeof needs[i].cure, "%s", reason);
  }
  return false;
}
