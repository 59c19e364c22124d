/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "start.h"

/* ---- The engine's calls ---------------------------------------------------------------------- */

static conntrail_emu_service *add_service(void *arg, conntrail_emu *emu, const char *name,
                                          const conntrail_emu_guid *guid, conntrail__refusal *why) {
  (void)arg;
  return conntrail__service_add(emu, name, guid, why);
}

static conntrail_emu_service *find_service(void *arg, const conntrail_emu *emu, const char *name) {
  (void)arg;
  return conntrail__service_named(emu, name);
}

static conntrail_status add_filter(conntrail_emu_service *service, const char *rule,
                                   const conntrail__address *target, conntrail__refusal *why) {
  return conntrail__filter_add(service, target == NULL ? CONNTRAIL__BLOCK : CONNTRAIL__REDIRECT,
                               rule, target, why);
}

static conntrail_status add_fault(conntrail_emu *emu, const conntrail_emu_fault *fault,
                                  conntrail__refusal *why) {
  return conntrail__fault_add(emu, fault, NULL, why);
}

static const conntrail__scenario_calls engine_calls = {
    .add_service = add_service,
    .find_service = find_service,
    .set_record_padding = conntrail__service_set_record_padding,
    .set_context_layout = conntrail__service_set_context_layout,
    .exempt_user = conntrail__service_exempt_user,
    .add_filter = add_filter,
    .add_route = conntrail__route_add,
    .add_fault = add_fault,
    .use_table = conntrail__engine_use_table,
    .answer_fault = conntrail__answer_fault};

/* ---- The world of a run ---------------------------------------------------------------------- */

conntrail_emu *conntrail__scenario_emulate(const conntrail__scenario *scenario,
                                           conntrail__complaint *why) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  conntrail__refusal refusal;
  conntrail__scenario_read_options(scenario, &options);
  conntrail_emu *emu = conntrail__engine_create(&options, 1, &refusal);
  if (emu == NULL) {
    (void)conntrail__document_refuse(scenario, why, "", "%s", refusal.text);
    return NULL;
  }
  if (!conntrail__scenario_add_services(scenario, &engine_calls, emu, why)) {
    conntrail__engine_destroy(emu);
    return NULL;
  }
  return emu;
}

bool conntrail__scenario_inject(const conntrail__scenario *scenario, conntrail_emu *emu,
                                conntrail__complaint *why) {
  return conntrail__scenario_add_faults(scenario, &engine_calls, emu, why);
}

bool conntrail__scenario_populate(const conntrail__scenario *scenario, conntrail_emu *emu,
                                  conntrail__whereabouts where, void *arg,
                                  conntrail__complaint *why) {
  return conntrail__scenario_add_filters(scenario, &engine_calls, emu, where, arg, why);
}

bool conntrail__scenario_equip(const conntrail__scenario *scenario, conntrail_emu *emu,
                               conntrail__whereabouts where, void *arg, conntrail__complaint *why) {
  return conntrail__scenario_add_services(scenario, &engine_calls, emu, why) &&
         conntrail__scenario_add_faults(scenario, &engine_calls, emu, why) &&
         conntrail__scenario_add_filters(scenario, &engine_calls, emu, where, arg, why);
}

/* For a trial, every program listens at port 1 of this host, for both families. */
static bool somewhere(void *arg, const char *program, uint8_t family, conntrail__address *address) {
  const conntrail__scenario *scenario = arg;
  *address = conntrail__address_loopback(family, 1);
  return conntrail__scenario_has_program(scenario, program);
}

bool conntrail__scenario_try(conntrail__scenario *scenario, conntrail__ports *ports,
                             conntrail__complaint *why) {
  if (!conntrail__scenario_check(scenario, why) ||
      !conntrail__scenario_fill_starts(scenario, conntrail__ports_choose, ports, why) ||
      !conntrail__scenario_fill_places(scenario, conntrail__ports_choose, ports, why)) {
    return false;
  }
  conntrail_emu *emu = conntrail__scenario_emulate(scenario, why);
  bool is_valid = emu != NULL && conntrail__scenario_inject(scenario, emu, why) &&
                  conntrail__scenario_populate(scenario, emu, somewhere, scenario, why);
  conntrail__engine_destroy(emu);
  return is_valid && conntrail__start_check_all(scenario, why);
}

conntrail__scenario *conntrail__scenario_load(const char *file, conntrail__ports *ports,
                                              conntrail__complaint *why) {
  conntrail__scenario *scenario = conntrail__document_load(file, "scenario", why);
  if (scenario != NULL && !conntrail__scenario_try(scenario, ports, why)) {
    conntrail__scenario_free(scenario);
    return NULL;
  }
  return scenario;
}
