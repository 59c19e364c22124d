/* SPDX-License-Identifier: MIT */
#include "conntrail/emu_files.h"

#include <stdio.h>
#include <string.h>

#include "../frontend/sockaddr.h"
#include "conntrail/emu.h"
#include "scenario.h"
#include "scenario_variables.h"

enum { MOST_SERVICES = 64 };

/* A scenario on its way into an emulation behind emu.h. */
typedef struct loading {
  const conntrail_emu_place *places;
  size_t place_count;
  conntrail_emu_service *services[MOST_SERVICES];
  size_t service_count;
} loading;

/* ---- The calls of emu.h ---------------------------------------------------------------------- */

static conntrail_status answer(conntrail_status status, conntrail__refusal *why) {
  if (status != CONNTRAIL_OK) {
    snprintf(why->text, sizeof why->text, "%s", conntrail_emu_refusal());
  }
  return status;
}

static conntrail_emu_service *add_service(void *arg, conntrail_emu *emu, const char *name,
                                          const conntrail_emu_guid *guid, conntrail__refusal *why) {
  loading *l = arg;
  conntrail_emu_service *added = conntrail_emu_add_service(emu, name, guid);
  if (added == NULL) {
    (void)answer(CONNTRAIL_INVALID, why);
  } else {
    l->services[l->service_count++] = added; /* scenario_check.c allows no more */
  }
  return added;
}

static conntrail_emu_service *find_service(void *arg, const conntrail_emu *emu, const char *name) {
  const loading *l = arg;
  (void)emu;
  for (size_t i = 0; i < l->service_count; i++) {
    if (strcmp(conntrail_emu_service_name(l->services[i]), name) == 0) {
      return l->services[i];
    }
  }
  return NULL;
}

static conntrail_status set_record_padding(conntrail_emu_service *service, size_t padding,
                                           conntrail__refusal *why) {
  return answer(conntrail_emu_set_record_padding(service, padding), why);
}

static conntrail_status set_context_layout(conntrail_emu_service *service,
                                           conntrail_emu_context layout, conntrail__refusal *why) {
  return answer(conntrail_emu_set_context_layout(service, layout), why);
}

static conntrail_status exempt_user(conntrail_emu_service *service, const char *user,
                                    conntrail__refusal *why) {
  return answer(conntrail_emu_exempt_user(service, user), why);
}

static conntrail_status add_filter(conntrail_emu_service *service, const char *rule,
                                   const conntrail__address *target, conntrail__refusal *why) {
  struct sockaddr_storage storage;
  if (target == NULL) {
    return answer(conntrail_emu_block(service, rule), why);
  }
  (void)conntrail__address_to_sockaddr(target, &storage);
  return answer(conntrail_emu_redirect(service, rule, (const struct sockaddr *)&storage), why);
}

static conntrail_status add_route(conntrail_emu *emu, const char *destination,
                                  const conntrail__address *address, conntrail__refusal *why) {
  struct sockaddr_storage storage;
  (void)conntrail__address_to_sockaddr(address, &storage);
  return answer(conntrail_emu_route(emu, destination, (const struct sockaddr *)&storage), why);
}

static conntrail_status add_fault(conntrail_emu *emu, const conntrail_emu_fault *fault,
                                  conntrail__refusal *why) {
  return answer(conntrail_emu_add_fault(emu, fault), why);
}

static conntrail_status use_table(conntrail_emu *emu, const conntrail_emu_table *table,
                                  conntrail__refusal *why) {
  return answer(conntrail_emu_use_table(emu, table), why);
}

/* ---- Places ---------------------------------------------------------------------------------- */

static size_t size_of(const struct sockaddr *address) {
  return address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static bool where(void *arg, const char *program, uint8_t family, conntrail__address *address) {
  const loading *l = arg;
  for (size_t i = 0; i < l->place_count; i++) {
    const conntrail_emu_place *place = &l->places[i];
    if (place->address != NULL && strcmp(place->program, program) == 0 &&
        conntrail__address_from_sockaddr(place->address, size_of(place->address), address) &&
        address->family == family) {
      return true;
    }
  }
  return false;
}

/* A place has one port: that of ${PORT}. */
static bool port_of(void *arg, const char *program, const char *name, uint16_t *port,
                    conntrail__refusal *why) {
  conntrail__address address;
  if (strcmp(name, "PORT") != 0) {
    snprintf(why->text, sizeof why->text, "conntrail-emu alone chooses ports that \"ports\" names");
    return false;
  }
  if (!where(arg, program, CONNTRAIL__IPV4, &address) &&
      !where(arg, program, CONNTRAIL__IPV6, &address)) {
    snprintf(why->text, sizeof why->text, "no place says where the program \"%s\" listens",
             program);
    return false;
  }
  *port = address.port;
  return true;
}

static conntrail_status exempt_program(const loading *l, conntrail_emu_service *service,
                                       const char *program) {
  conntrail_status status = CONNTRAIL_OK;
  for (size_t i = 0; status == CONNTRAIL_OK && i < l->place_count; i++) {
    if (l->places[i].process != 0 && strcmp(l->places[i].program, program) == 0) {
      status = conntrail_emu_exempt_process(service, l->places[i].process);
    }
  }
  return status;
}

static conntrail_status exempt_programs(const loading *l, const conntrail__scenario *scenario) {
  const json_t *services = json_object_get(scenario->root, "services");
  conntrail_status status = CONNTRAIL_OK;
  for (size_t i = 0; i < json_array_size(services); i++) {
    const json_t *names = json_object_get(json_array_get(services, i), "exempt_programs");
    for (size_t j = 0; status == CONNTRAIL_OK && j < json_array_size(names); j++) {
      status = exempt_program(l, l->services[i], json_string_value(json_array_get(names, j)));
    }
  }
  return status;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static conntrail__scenario *open_scenario(const char *path) {
  conntrail__complaint why;
  conntrail__scenario *scenario = conntrail__document_load(path, "scenario", &why);
  if (scenario != NULL && !(conntrail__scenario_check(scenario, &why) &&
                            conntrail__scenario_fill_starts(scenario, NULL, NULL, &why) &&
                            conntrail__scenario_fill_places(scenario, NULL, NULL, &why))) {
    conntrail__scenario_free(scenario);
    scenario = NULL;
  }
  if (scenario == NULL) {
    (void)conntrail_emu_refuse(CONNTRAIL_INVALID, why.text);
  }
  return scenario;
}

static conntrail_status load(conntrail_emu *emu, conntrail__scenario *scenario, loading *l) {
  const conntrail__scenario_calls calls = {.arg = l,
                                           .add_service = add_service,
                                           .find_service = find_service,
                                           .set_record_padding = set_record_padding,
                                           .set_context_layout = set_context_layout,
                                           .exempt_user = exempt_user,
                                           .add_filter = add_filter,
                                           .add_route = add_route,
                                           .add_fault = add_fault,
                                           .use_table = use_table,
                                           .answer_fault = conntrail_emu_answer_fault};
  conntrail__complaint why;
  if (!conntrail__scenario_fill_places(scenario, port_of, l, &why) ||
      !conntrail__scenario_add_services(scenario, &calls, emu, &why) ||
      !conntrail__scenario_add_faults(scenario, &calls, emu, &why) ||
      !conntrail__scenario_add_filters(scenario, &calls, emu, where, l, &why)) {
    return conntrail_emu_refuse(CONNTRAIL_INVALID, why.text);
  }
  return exempt_programs(l, scenario);
}

static conntrail_status check_places(const conntrail_emu_place *places, size_t count) {
  if (places == NULL && count > 0) {
    return conntrail_emu_refuse(CONNTRAIL_FAULT, "conntrail_emu_load_scenario: places is NULL");
  }
  for (size_t i = 0; i < count; i++) {
    if (places[i].program == NULL) {
      return conntrail_emu_refuse(CONNTRAIL_FAULT,
                                  "conntrail_emu_load_scenario: the program of a place is NULL");
    }
  }
  return CONNTRAIL_OK;
}

conntrail_status conntrail_emu_load_scenario(conntrail_emu *emu, const char *path,
                                             const conntrail_emu_place *places, size_t count) {
  if (emu == NULL || path == NULL) {
    return conntrail_emu_refuse(CONNTRAIL_FAULT, emu == NULL
                                                     ? "conntrail_emu_load_scenario: emu is NULL"
                                                     : "conntrail_emu_load_scenario: path is NULL");
  }
  conntrail_status status = check_places(places, count);
  conntrail__scenario *scenario = status == CONNTRAIL_OK ? open_scenario(path) : NULL;
  if (scenario == NULL) {
    return status == CONNTRAIL_OK ? CONNTRAIL_INVALID : status;
  }
  loading l = {places, count, {NULL}, 0};
  status = load(emu, scenario, &l);
  conntrail__scenario_free(scenario);
  return status;
}

conntrail_status conntrail_emu_read_options(const char *path, conntrail_emu_options *options) {
  if (path == NULL || options == NULL) {
    return conntrail_emu_refuse(CONNTRAIL_FAULT,
                                path == NULL ? "conntrail_emu_read_options: path is NULL"
                                             : "conntrail_emu_read_options: options is NULL");
  }
  if (options->struct_size != sizeof *options) {
    return conntrail_emu_refuse(CONNTRAIL_INVALID,
                                "conntrail_emu_read_options: options.struct_size is that of "
                                "another version; start from CONNTRAIL_EMU_OPTIONS_INIT");
  }
  conntrail__scenario *scenario = open_scenario(path);
  if (scenario == NULL) {
    return CONNTRAIL_INVALID;
  }
  conntrail__scenario_read_options(scenario, options);
  conntrail__scenario_free(scenario);
  return CONNTRAIL_OK;
}
