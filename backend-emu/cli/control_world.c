/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "control_client.h"
#include "exemption.h"

/* What changes the emulation of a run. Each change is tried in an emulation that ends again: what
 * is refused there changes nothing. */

static bool refuse(const conntrail__document *document, conntrail__complaint *why,
                   const char *text) {
  return conntrail__document_refuse(document, why, "", "%s", text);
}

/* ---- More of it ------------------------------------------------------------------------------ */

static bool try_addition(conntrail__running *r, const conntrail__document *request,
                         conntrail__complaint *why) {
  conntrail__refusal refusal;
  conntrail_emu *trial = conntrail__engine_create(NULL, 1, &refusal);
  if (trial == NULL || !conntrail__service_copy_all(trial, r->emu, &refusal)) {
    conntrail__engine_destroy(trial);
    return refuse(request, why, refusal.text);
  }
  bool is_valid = conntrail__scenario_equip(request, trial, conntrail__find_listening, r, why);
  conntrail__engine_destroy(trial);
  return is_valid;
}

bool conntrail__control_add(conntrail__running *r, conntrail__document *request,
                            conntrail__complaint *why) {
  return conntrail__scenario_check_addition(request, why) && try_addition(r, request, why) &&
         conntrail__scenario_equip(request, r->emu, conntrail__find_listening, r, why) &&
         conntrail__exempt_programs(request, r->emu, r->supervisor, why);
}

/* ---- All of it anew -------------------------------------------------------------------------- */

/* A program of the scenario may have ended. */
static bool try_scenario(conntrail__running *r, conntrail__complaint *why) {
  conntrail_emu *trial = conntrail__scenario_emulate(r->scenario, why);
  bool is_valid =
      trial != NULL && conntrail__scenario_inject(r->scenario, trial, why) &&
      conntrail__scenario_populate(r->scenario, trial, conntrail__find_listening, r, why);
  conntrail__engine_destroy(trial);
  return is_valid;
}

bool conntrail__control_reset(conntrail__running *r, conntrail__complaint *why) {
  conntrail__supervisor_catch_up(r->supervisor, false);
  if (!try_scenario(r, why)) {
    return false;
  }
  conntrail__trail_begin_anew(r);
  conntrail__engine_reset(r->emu);
  conntrail__supervisor_reset(r->supervisor);
  r->refusals = 0;
  return conntrail__scenario_equip(r->scenario, r->emu, conntrail__find_listening, r, why) &&
         conntrail__exempt_programs(r->scenario, r->emu, r->supervisor, why);
}
