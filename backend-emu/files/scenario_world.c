/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "scenario_guid.h"
#include "scenario_internal.h"

/* A scenario's world, in an emulation. What the emulation refuses is reported with its place. */

static const struct {
  const char *word;
  conntrail_emu_operation operation;
} operations[] = {
    {"any code", CONNTRAIL_EMU_ANY_CODE},
    {"query records", CONNTRAIL_EMU_QUERY_RECORDS},
    {"query context", CONNTRAIL_EMU_QUERY_CONTEXT},
    {"set records", CONNTRAIL_EMU_SET_RECORDS},
    {"connect", CONNTRAIL_EMU_CONNECT},
    {"accept", CONNTRAIL_EMU_ACCEPT},
    {"original destination", CONNTRAIL_EMU_ORIGINAL_DESTINATION},
};

bool conntrail__scenario_operation(const char *word, conntrail_emu_operation *operation) {
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    if (strcmp(operations[i].word, word) == 0) {
      *operation = operations[i].operation;
      return true;
    }
  }
  return false;
}

bool conntrail__scenario_read_layout(const char *word, conntrail_emu_context *layout) {
  static const char *const words[] = {"two addresses", "one address", "none"};
  static const conntrail_emu_context layouts[] = {CONNTRAIL_EMU_CONTEXT_TWO_ADDRESSES,
                                                  CONNTRAIL_EMU_CONTEXT_ONE_ADDRESS,
                                                  CONNTRAIL_EMU_CONTEXT_NONE};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(words[i], word) == 0) {
      *layout = layouts[i];
      return true;
    }
  }
  return false;
}

static uint32_t number_of(const json_t *object, const char *name) {
  return (uint32_t)json_integer_value(json_object_get(object, name));
}

typedef struct world {
  const conntrail__scenario *scenario;
  const conntrail__scenario_calls *calls;
  conntrail_emu *emu;
  conntrail__whereabouts where;
  void *arg;
  conntrail__complaint *why;
} world;

static bool refuse(const world *w, const char *path, const char *why) {
  return conntrail__document_refuse(w->scenario, w->why, path, "%s", why);
}

/* A name that is free is not what was refused: the GUID is. */
static bool refuse_service(const world *w, const char *name, const char *path, const char *why) {
  char below[CONNTRAIL__PATH_TEXT];
  bool is_name = w->calls->find_service(w->calls->arg, w->emu, name) != NULL;
  snprintf(below, sizeof below, "%.200s/%s", path, is_name ? "name" : "guid");
  return refuse(w, below, why);
}

static conntrail_emu_service *add_named(const world *w, const json_t *service, const char *path) {
  conntrail__refusal why;
  conntrail_emu_guid guid;
  const char *name = json_string_value(json_object_get(service, "name"));
  const char *written = json_string_value(json_object_get(service, "guid"));
  bool has_guid = written != NULL && conntrail__scenario_read_guid(written, &guid);
  conntrail_emu_service *added =
      w->calls->add_service(w->calls->arg, w->emu, name, has_guid ? &guid : NULL, &why);
  if (added == NULL) {
    (void)refuse_service(w, name, path, why.text);
  }
  return added;
}

static bool add_service(const world *w, const json_t *service, const char *path) {
  conntrail__refusal why;
  const json_t *users = json_object_get(service, "exempt_users");
  const char *layout = json_string_value(json_object_get(service, "context"));
  conntrail_emu_context wanted;
  conntrail_emu_service *added = add_named(w, service, path);
  if (added == NULL) {
    return false;
  }
  if (w->calls->set_record_padding(added, number_of(service, "record_padding"), &why) !=
      CONNTRAIL_OK) {
    return refuse(w, path, why.text);
  }
  if (layout != NULL && conntrail__scenario_read_layout(layout, &wanted) &&
      w->calls->set_context_layout(added, wanted, &why) != CONNTRAIL_OK) {
    return refuse(w, path, why.text);
  }
  for (size_t i = 0; i < json_array_size(users); i++) {
    if (w->calls->exempt_user(added, json_string_value(json_array_get(users, i)), &why) !=
        CONNTRAIL_OK) {
      return refuse(w, path, why.text);
    }
  }
  return true;
}

void conntrail__scenario_read_options(const conntrail__scenario *scenario,
                                      conntrail_emu_options *options) {
  const json_t *limits = json_object_get(scenario->root, "limits");
  (void)conntrail__profile_named(conntrail__scenario_profile(scenario), &options->profile);
  options->seed = number_of(scenario->root, "seed");
  options->real_network = conntrail__scenario_has_real_network(scenario);
  options->trail_capacity = number_of(limits, "trail_events");
  options->loop_limit = number_of(limits, "untransferred");
}

bool conntrail__scenario_add_services(const conntrail__scenario *scenario,
                                      const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                      conntrail__complaint *why) {
  const json_t *services = json_object_get(scenario->root, "services");
  const world w = {scenario, calls, emu, NULL, NULL, why};
  bool is_sound = conntrail__scenario_load_profile(scenario, calls, emu, why);
  for (size_t i = 0; is_sound && i < json_array_size(services); i++) {
    char path[CONNTRAIL__PATH_TEXT];
    snprintf(path, sizeof path, "/services/%zu", i);
    is_sound = add_service(&w, json_array_get(services, i), path);
  }
  return is_sound;
}

/* Where something is sent to: where it is written, or where a program listens, for each family at
 * its newest place. IPv6 comes first: a route to IPv4 would be right for both. */
typedef struct place {
  const char *program; /* NULL: an address is written there */
  conntrail__address listens_at;
  conntrail__address addresses[2];
  size_t count;
} place;

static void find_program(const world *w, place *found) {
  static const uint8_t families[] = {CONNTRAIL__IPV6, CONNTRAIL__IPV4};
  for (size_t i = 0; i < sizeof families; i++) {
    conntrail__address *address = &found->addresses[found->count];
    if (w->where(w->arg, found->program, families[i], &found->listens_at)) {
      *address = conntrail__address_is_any(&found->listens_at)
                     ? conntrail__address_loopback(families[i], found->listens_at.port)
                     : found->listens_at;
      found->count++;
    }
  }
}

static bool find_place(const world *w, const json_t *written, const char *path, place *found) {
  const char *text = json_string_value(written);
  conntrail__refusal why;
  memset(found, 0, sizeof *found);
  if (!conntrail__scenario_has_program(w->scenario, text)) {
    found->count = 1;
    return conntrail__address_parse(text, &found->addresses[0], &why) || refuse(w, path, why.text);
  }
  found->program = text;
  find_program(w, found);
  return found->count > 0 || refuse(w, path, "that program listens nowhere");
}

/* what: a rule or a destination, of the family that the program is not there for. */
static bool refuse_family(const world *w, const char *path, const char *what, const place *to) {
  const int is = to->addresses[0].family;
  const int wanted = is == CONNTRAIL__IPV4 ? CONNTRAIL__IPV6 : CONNTRAIL__IPV4;
  const bool is_only = is == CONNTRAIL__IPV6 && conntrail__address_is_any(&to->listens_at);
  char at[CONNTRAIL__ADDRESS_TEXT];
  conntrail__address_format(&to->listens_at, at);
  return conntrail__document_refuse(
      w->scenario, w->why, path,
      "\"%.80s\" is IPv%d, and the program \"%s\" listens for IPv%d alone, at %s%s: let it listen "
      "for IPv%d as well",
      what, wanted, to->program, is, at, is_only ? " with IPV6_V6ONLY set" : "", wanted);
}

/* The world is not used any more once something was refused, so that one filter more does no harm.
 */
static bool would_fit_other_family(const world *w, conntrail_emu_service *service, const char *rule,
                                   const place *to) {
  const uint8_t family =
      to->addresses[0].family == CONNTRAIL__IPV4 ? CONNTRAIL__IPV6 : CONNTRAIL__IPV4;
  const conntrail__address other = conntrail__address_loopback(family, 1);
  conntrail__refusal ignored;
  return to->program != NULL && to->count == 1 &&
         w->calls->add_filter(service, rule, &other, &ignored) == CONNTRAIL_OK;
}

/* A rule for any address is for both families; another one is refused with the one it is not
 * for.
 */
static bool add_redirect(const world *w, conntrail_emu_service *service, const char *rule,
                         const place *to, const char *path) {
  conntrail__refusal why;
  bool is_added = false;
  for (size_t i = 0; i < to->count; i++) {
    is_added =
        w->calls->add_filter(service, rule, &to->addresses[i], &why) == CONNTRAIL_OK || is_added;
  }
  if (!is_added && would_fit_other_family(w, service, rule, to)) {
    return refuse_family(w, path, rule, to);
  }
  return is_added || refuse(w, path, why.text);
}

static bool add_redirects(const world *w, conntrail_emu_service *service, const json_t *redirects,
                          const char *path) {
  for (size_t i = 0; i < json_array_size(redirects); i++) {
    const json_t *redirect = json_array_get(redirects, i);
    char below[CONNTRAIL__PATH_TEXT];
    place to;
    snprintf(below, sizeof below, "%.100s/redirect/%zu/to", path, i);
    if (!find_place(w, json_object_get(redirect, "to"), below, &to)) {
      return false;
    }
    snprintf(below, sizeof below, "%.100s/redirect/%zu/rule", path, i);
    if (!add_redirect(w, service, json_string_value(json_object_get(redirect, "rule")), &to,
                      below)) {
      return false;
    }
  }
  return true;
}

static bool add_blocks(const world *w, conntrail_emu_service *service, const json_t *blocks,
                       const char *path) {
  for (size_t i = 0; i < json_array_size(blocks); i++) {
    char below[CONNTRAIL__PATH_TEXT];
    conntrail__refusal why;
    snprintf(below, sizeof below, "%.100s/block/%zu", path, i);
    if (w->calls->add_filter(service, json_string_value(json_array_get(blocks, i)), NULL, &why) !=
        CONNTRAIL_OK) {
      return refuse(w, below, why.text);
    }
  }
  return true;
}

static bool add_each_filter(const world *w) {
  const json_t *services = json_object_get(w->scenario->root, "services");
  for (size_t i = 0; i < json_array_size(services); i++) {
    const json_t *service = json_array_get(services, i);
    conntrail_emu_service *added = w->calls->find_service(
        w->calls->arg, w->emu, json_string_value(json_object_get(service, "name")));
    char path[CONNTRAIL__PATH_TEXT];
    snprintf(path, sizeof path, "/services/%zu", i);
    if (!add_redirects(w, added, json_object_get(service, "redirect"), path) ||
        !add_blocks(w, added, json_object_get(service, "block"), path)) {
      return false;
    }
  }
  return true;
}

static bool add_route(const world *w, const char *destination, const place *to, const char *path) {
  conntrail__refusal why;
  conntrail__address from;
  for (size_t i = 0; i < to->count; i++) { /* IPv6 is refused where the destination is IPv4 */
    if (w->calls->add_route(w->emu, destination, &to->addresses[i], &why) == CONNTRAIL_OK) {
      return true;
    }
  }
  if (to->program != NULL && to->count == 1 && conntrail__address_parse(destination, &from, &why) &&
      from.family != to->addresses[0].family) {
    return refuse_family(w, path, destination, to);
  }
  return refuse(w, path, why.text);
}

static bool add_routes(const world *w) {
  const char *destination;
  json_t *written;
  json_object_foreach(json_object_get(w->scenario->root, "routes"), destination, written) {
    char path[CONNTRAIL__PATH_TEXT];
    place to;
    snprintf(path, sizeof path, "/routes/%.200s", destination);
    if (!find_place(w, written, path, &to) || !add_route(w, destination, &to, path)) {
      return false;
    }
  }
  return true;
}

static bool add_each_fault(const world *w) {
  const json_t *faults = json_object_get(w->scenario->root, "faults");
  for (size_t i = 0; i < json_array_size(faults); i++) {
    const json_t *given = json_array_get(faults, i);
    const char *service = json_string_value(json_object_get(given, "service"));
    conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
    conntrail__refusal why;
    char path[CONNTRAIL__PATH_TEXT];
    snprintf(path, sizeof path, "/faults/%zu", i);
    (void)conntrail__scenario_operation(json_string_value(json_object_get(given, "operation")),
                                        &fault.operation);
    fault.service = service == NULL ? NULL : w->calls->find_service(w->calls->arg, w->emu, service);
    fault.native = number_of(given, "native");
    fault.bytes = number_of(given, "bytes");
    fault.nth = number_of(given, "nth");
    fault.per_million = number_of(given, "per_million");
    if (w->calls->add_fault(w->emu, &fault, &why) != CONNTRAIL_OK) {
      return refuse(w, path, why.text);
    }
  }
  return true;
}

bool conntrail__scenario_add_filters(const conntrail__scenario *scenario,
                                     const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                     conntrail__whereabouts where, void *arg,
                                     conntrail__complaint *why) {
  const world w = {scenario, calls, emu, where, arg, why};
  return add_each_filter(&w) && add_routes(&w);
}

bool conntrail__scenario_add_faults(const conntrail__scenario *scenario,
                                    const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                    conntrail__complaint *why) {
  const world w = {scenario, calls, emu, NULL, NULL, why};
  return add_each_fault(&w);
}
