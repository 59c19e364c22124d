/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "../engine/emulation.h"
#include "control_client.h"

/* What a client waits for: events of a kind, with what else is known of them. */

enum { USUAL_SECONDS = 10 };

/* 0: there is none such. */
static unsigned kind_of(const char *word) {
  for (unsigned i = 1; i < CONNTRAIL__KINDS; i++) {
    if (strcmp(conntrail__event_word((conntrail_emu_event_kind)i), word) == 0) {
      return i;
    }
  }
  return 0;
}

static unsigned misuse_of(const char *name) {
  static const struct {
    const char *name;
    unsigned number;
  } all[] = {
#define CONTROL_MISUSE(constant, value, text) {#constant, value},
      CONNTRAIL_EMU_MISUSE_MAP(CONTROL_MISUSE)
#undef CONTROL_MISUSE
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (strcmp(all[i].name, name) == 0) {
      return all[i].number;
    }
  }
  return 0;
}

static const char *text_of(const conntrail__document *request, const char *name) {
  const char *text = json_string_value(json_object_get(request->root, name));
  return text == NULL ? "" : text;
}

static uint64_t number_of(const conntrail__document *request, const char *name, uint64_t usual) {
  const json_t *value = json_object_get(request->root, name);
  return value == NULL ? usual : (uint64_t)json_integer_value(value);
}

static bool read_names(conntrail__wait *wait, const checker *c) {
  const char *service = text_of(c->scenario, "service");
  const char *program = text_of(c->scenario, "program");
  if (service[0] != '\0' && !conntrail__scenario_has_service(c->scenario, service)) {
    return conntrail__shape_refuse(c, "/service", "\"%.60s\" is no service of this emulation",
                                   service);
  }
  if (strlen(program) >= sizeof wait->program) {
    return conntrail__shape_refuse(c, "/program", "%zu bytes, and a program's name has at most %zu",
                                   strlen(program), sizeof wait->program - 1);
  }
  snprintf(wait->service, sizeof wait->service, "%s", service);
  snprintf(wait->program, sizeof wait->program, "%s", program);
  return true;
}

static bool read_destination(conntrail__wait *wait, const checker *c) {
  const char *destination = text_of(c->scenario, "destination");
  conntrail__refusal refusal;
  return destination[0] == '\0' ||
         conntrail__address_parse(destination, &wait->destination, &refusal) ||
         conntrail__shape_refuse(c, "/destination", "%s", refusal.text);
}

static bool read_kind(conntrail__wait *wait, const checker *c) {
  const char *kind = text_of(c->scenario, "kind");
  const char *misuse = text_of(c->scenario, "misuse");
  wait->kind = kind_of(kind);
  wait->misuse = misuse_of(misuse);
  if (wait->kind == 0) {
    return conntrail__shape_refuse(c, "/kind",
                                   "\"%.60s\", where a word of CONNTRAIL_EMU_EVENT_MAP in "
                                   "emu_trail.h was expected, such as \"delivered\"",
                                   kind);
  }
  return misuse[0] == '\0' || wait->misuse != 0 ||
         conntrail__shape_refuse(c, "/misuse",
                                 "\"%.60s\", where a name of CONNTRAIL_EMU_MISUSE_MAP in "
                                 "emu_trail.h was expected, such as \"NOT_TRANSFERRED\"",
                                 misuse);
}

bool conntrail__wait_read(conntrail__wait *wait, const conntrail__document *request,
                          conntrail__complaint *why) {
  const checker c = {request, why};
  conntrail__wait read = {.wanted = number_of(request, "count", 1),
                          .after = number_of(request, "after", 0),
                          .seconds = (unsigned)number_of(request, "seconds", USUAL_SECONDS)};
  if (!read_kind(&read, &c) || !read_names(&read, &c) || !read_destination(&read, &c)) {
    return false;
  }
  *wait = read;
  return true;
}

static bool is_equal_where_asked(const char *asked, const char *name) {
  return asked[0] == '\0' || (name != NULL && strcmp(asked, name) == 0);
}

static bool fits(const conntrail__wait *wait, const conntrail__running *r,
                 const conntrail__event *event) {
  const conntrail_emu_service *service = conntrail__event_service(r->emu, event);
  return event->kind == wait->kind && (wait->misuse == 0 || event->misuse == wait->misuse) &&
         is_equal_where_asked(wait->service,
                              service == NULL ? NULL : conntrail__service_name(service)) &&
         is_equal_where_asked(wait->program,
                              conntrail__supervisor_program(r->supervisor, event->process)) &&
         (wait->destination.family == CONNTRAIL__NO_FAMILY ||
          conntrail__address_equal(&wait->destination, &event->destination));
}

json_t *conntrail__wait_look(conntrail__wait *wait, const conntrail__running *r) {
  const conntrail__event *event;
  while ((event = conntrail__trail_next(r->emu, wait->after)) != NULL) {
    wait->after = event->number;
    if (fits(wait, r, event) && ++wait->found == wait->wanted) {
      return conntrail__trail_describe(r->emu, r->supervisor, event);
    }
  }
  return NULL;
}

void conntrail__wait_explain(const conntrail__wait *wait, char *text, size_t size) {
  snprintf(text, size, "waited %u s for %llu \"%s\" that fit: %llu came", wait->seconds,
           (unsigned long long)wait->wanted,
           conntrail__event_word((conntrail_emu_event_kind)wait->kind),
           (unsigned long long)wait->found);
}
