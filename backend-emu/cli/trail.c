/* SPDX-License-Identifier: MIT */
#include "trail.h"

#include <jansson.h>
#include <string.h>

#include "../supervisor/escape.h"

enum { LONGEST_SENTENCE = 1024 };

json_t *conntrail__json_text(const char *text) {
  char shown[4 * LONGEST_SENTENCE];
  json_t *value = json_string(text);
  if (value == NULL) { /* no UTF-8 */
    conntrail__escape(text, shown, sizeof shown);
    value = json_string(shown);
  }
  return value;
}

static void set_text(json_t *object, const char *key, const char *value) {
  if (value != NULL && value[0] != '\0') {
    json_object_set_new(object, key, conntrail__json_text(value));
  }
}

static void set_number(json_t *object, const char *key, json_int_t value) {
  if (value != 0) {
    json_object_set_new(object, key, json_integer(value));
  }
}

static void set_address(json_t *object, const char *key, const conntrail__address *address) {
  char text[CONNTRAIL__ADDRESS_TEXT];
  if (address->family != CONNTRAIL__NO_FAMILY) {
    conntrail__address_format(address, text);
    set_text(object, key, text);
  }
}

static const char *state_word(conntrail_emu_state state) {
  static const char *const words[] = {"not redirected", "redirected by self", "redirected by other",
                                      "previously redirected by self"};
  return (unsigned)state < sizeof words / sizeof words[0] ? words[state] : NULL;
}

static bool is_decision(unsigned kind) {
  return kind == CONNTRAIL_EMU_REDIRECTED || kind == CONNTRAIL_EMU_PERMITTED ||
         kind == CONNTRAIL_EMU_EXEMPTED || kind == CONNTRAIL_EMU_BLOCKED ||
         kind == CONNTRAIL_EMU_LOOP;
}

static void write_line(FILE *file, json_t *object) {
  if (object != NULL) {
    (void)json_dumpf(object, file, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
    fputc('\n', file);
    json_decref(object);
  }
}

static void say_line(FILE *out, json_t *object) {
  if (object != NULL) {
    conntrail__trail_say(out, object);
    json_decref(object);
  }
}

void conntrail__trail_head(FILE *file, const char *profile) {
  json_t *head = json_object();
  set_number(head, "conntrail_trail", 1);
  set_text(head, "profile", profile);
  write_line(file, head);
}

static const char *name_of(const conntrail_emu_service *service) {
  return service == NULL ? NULL : conntrail__service_name(service);
}

static void set_sentence(json_t *object, const conntrail_emu *emu, const conntrail__event *event) {
  char text[LONGEST_SENTENCE];
  (void)conntrail__event_text(emu, event, CONNTRAIL_EMU_TEXT_PLAIN, text, sizeof text);
  set_text(object, "text", text);
}

static void set_assumption(json_t *object, const conntrail__event *event) {
  const conntrail_emu_situation situation = (conntrail_emu_situation)event->state;
  set_text(object, "operation", conntrail__situation_operation(situation));
  set_text(object, "situation", conntrail__situation_name(situation));
  set_text(object, "base", conntrail__builtin_table((conntrail_emu_profile)event->from)->name);
}

json_t *conntrail__trail_describe(const conntrail_emu *emu, const conntrail__supervisor *supervisor,
                                  const conntrail__event *event) {
  json_t *object = json_object();
  set_number(object, "number", (json_int_t)event->number);
  set_text(object, "kind", conntrail__event_word((conntrail_emu_event_kind)event->kind));
  set_number(object, "process", event->process);
  set_text(object, "program", conntrail__supervisor_program(supervisor, event->process));
  set_text(object, "command", conntrail__supervisor_command(supervisor, event->process));
  set_number(object, "socket", event->socket);
  set_text(object, "protocol", event->protocol == 6 ? "tcp" : event->protocol == 17 ? "udp" : "");
  set_text(object, "service", name_of(conntrail__event_service(emu, event)));
  if (is_decision(event->kind)) {
    set_text(object, "state", state_word((conntrail_emu_state)event->state));
  }
  if (event->kind == CONNTRAIL_EMU_ASSUMED) {
    set_assumption(object, event);
  } else {
    set_number(object, "from", event->from);
  }
  set_number(object, "hops", event->hops);
  set_number(object, "native", event->native);
  set_number(object, "size", event->size);
  set_number(object, "capacity", event->capacity);
  set_address(object, "destination", &event->destination);
  set_address(object, "target", &event->target);
  set_text(object, "untransferred_by", name_of(conntrail__event_untransferred_by(emu, event)));
  if (event->misuse != 0) {
    set_text(object, "misuse", conntrail__misuse_text((conntrail_emu_misuse)event->misuse));
  }
  set_sentence(object, emu, event);
  return object;
}

void conntrail__trail_refusal(FILE *file, const conntrail__supervisor *supervisor, uint32_t process,
                              const char *sentence) {
  json_t *line = json_object();
  set_text(line, "kind", "unsupervised");
  set_number(line, "process", process);
  set_text(line, "program", conntrail__supervisor_program(supervisor, process));
  set_text(line, "command", conntrail__supervisor_command(supervisor, process));
  set_text(line, "text", sentence);
  write_line(file, line);
}

void conntrail__trail_reset(FILE *file) {
  json_t *line = json_object();
  set_text(line, "kind", "reset");
  set_text(line, "text", "the emulation was reset; its events are numbered from 1 again");
  write_line(file, line);
}

void conntrail__trail_unknown_name(FILE *file, const char *name, const char *sentence) {
  json_t *line = json_object();
  set_text(line, "kind", "unknown name");
  set_text(line, "name", name);
  set_text(line, "text", sentence);
  write_line(file, line);
}

/* Of events that are no longer kept. */
static json_t *describe_gap(uint64_t size) {
  json_t *gap = json_object();
  char text[LONGEST_SENTENCE];
  snprintf(text, sizeof text, "%llu events are missing here", (unsigned long long)size);
  set_text(gap, "kind", "lost");
  set_number(gap, "size", (json_int_t)size);
  set_text(gap, "text", text);
  return gap;
}

/* Every event above *after: to a line of the file, or, where it is for people, of words. */
static void write_events(FILE *file, bool is_for_people, const conntrail_emu *emu,
                         const conntrail__supervisor *supervisor, uint64_t *after) {
  const conntrail__event *event;
  void (*const write)(FILE *, json_t *) = is_for_people ? say_line : write_line;
  while ((event = conntrail__trail_next(emu, *after)) != NULL) {
    if (event->number > *after + 1) {
      write(file, describe_gap(event->number - *after - 1));
    }
    write(file, conntrail__trail_describe(emu, supervisor, event));
    *after = event->number;
  }
}

void conntrail__trail_drain(FILE *file, const conntrail_emu *emu,
                            const conntrail__supervisor *supervisor, uint64_t *written) {
  write_events(file, false, emu, supervisor, written);
}

void conntrail__trail_show(FILE *out, const conntrail_emu *emu,
                           const conntrail__supervisor *supervisor) {
  uint64_t shown = 0;
  write_events(out, true, emu, supervisor, &shown);
}
