/* SPDX-License-Identifier: MIT */
#include "trail.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void set_text(json_t *object, const char *key, const char *value) {
  if (value != NULL && value[0] != '\0') {
    json_object_set_new(object, key, json_string(value));
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

void conntrail__trail_head(FILE *file, const char *profile) {
  json_t *head = json_object();
  set_number(head, "conntrail_trail", 1);
  set_text(head, "profile", profile);
  write_line(file, head);
}

static const char *name_of(const conntrail_emu_service *service) {
  return service == NULL ? NULL : conntrail__service_name(service);
}

static void write_event(FILE *file, const conntrail_emu *emu, const conntrail__hub *hub,
                        const conntrail__event *event) {
  json_t *object = json_object();
  set_number(object, "number", (json_int_t)event->number);
  set_text(object, "kind", conntrail__event_word((conntrail_emu_event_kind)event->kind));
  set_number(object, "process", event->process);
  set_text(object, "program", conntrail__hub_program(hub, event->process));
  set_number(object, "socket", event->socket);
  set_text(object, "protocol", event->protocol == 6 ? "tcp" : event->protocol == 17 ? "udp" : "");
  set_text(object, "service", name_of(conntrail__event_service(emu, event)));
  if (is_decision(event->kind)) {
    set_text(object, "state", state_word((conntrail_emu_state)event->state));
  }
  set_number(object, "from", event->from);
  set_number(object, "hops", event->hops);
  set_number(object, "native", event->native);
  set_number(object, "size", event->size);
  set_number(object, "capacity", event->capacity);
  set_address(object, "destination", &event->destination);
  set_address(object, "target", &event->target);
  set_text(object, "forgetful", name_of(conntrail__event_forgetful(emu, event)));
  if (event->misuse != 0) {
    set_text(object, "misuse", conntrail__misuse_text((conntrail_emu_misuse)event->misuse));
  }
  write_line(file, object);
}

void conntrail__trail_drain(FILE *file, const conntrail_emu *emu, const conntrail__hub *hub,
                            uint64_t *written) {
  const conntrail__event *event = conntrail__trail_next(emu, *written);
  while (event != NULL) {
    if (event->number > *written + 1) {
      json_t *gap = json_object();
      set_text(gap, "kind", "lost");
      set_number(gap, "size", (json_int_t)(event->number - *written - 1));
      write_line(file, gap);
    }
    write_event(file, emu, hub, event);
    *written = event->number;
    event = conntrail__trail_next(emu, *written);
  }
}

/* ---- Reading -------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text == NULL ? "" : text;
}

static void print_number(FILE *out, const json_t *event, const char *key, const char *word) {
  const json_t *value = json_object_get(event, key);
  if (json_is_integer(value)) {
    fprintf(out, "  %s %" JSON_INTEGER_FORMAT, word, json_integer_value(value));
  }
}

static void print_text(FILE *out, const json_t *event, const char *key, const char *word) {
  const char *text = text_of(event, key);
  if (text[0] != '\0') {
    fprintf(out, "  %s %s", word, text);
  }
}

static void print_event(FILE *out, const json_t *event) {
  const char *program = text_of(event, "program");
  fprintf(out, "%5" JSON_INTEGER_FORMAT "  %-12.12s  %-20s",
          json_integer_value(json_object_get(event, "number")), program, text_of(event, "kind"));
  print_text(out, event, "protocol", "");
  print_text(out, event, "destination", "for");
  print_text(out, event, "target", "at");
  print_text(out, event, "service", "service");
  print_text(out, event, "state", "state:");
  print_number(out, event, "process", "process");
  print_number(out, event, "socket", "socket");
  print_number(out, event, "from", "from socket");
  print_number(out, event, "hops", "redirects");
  print_number(out, event, "size", "bytes");
  print_number(out, event, "capacity", "room");
  print_number(out, event, "native", "number");
  print_text(out, event, "forgetful", "forgotten by the proxy of");
  print_text(out, event, "misuse", "--");
  fputc('\n', out);
}

static bool refuse(char *why, size_t size, const char *name, size_t line, const char *what) {
  snprintf(why, size, "%.300s:%zu: %.200s", name, line, what);
  return false;
}

static bool take_line(const char *name, size_t number, const char *line, FILE *out, bool as_json,
                      char *why, size_t why_size) {
  json_error_t error;
  json_t *object = json_loads(line, 0, &error);
  bool is_head = number == 1;
  if (object == NULL) {
    return refuse(why, why_size, name, number, error.text);
  }
  if (!json_is_object(object) ||
      json_object_get(object, is_head ? "conntrail_trail" : "kind") == NULL) {
    json_decref(object);
    return refuse(why, why_size, name, number,
                  is_head ? "no trail: its first line says {\"conntrail_trail\":1,...}; give a "
                            "file that --trail wrote"
                          : "no event: \"kind\" is missing");
  }
  if (as_json && !is_head) {
    fputs(line, out);
  } else if (!as_json && !is_head) {
    print_event(out, object);
  }
  json_decref(object);
  return true;
}

bool conntrail__trail_print(const char *name, FILE *in, FILE *out, bool as_json, char *why,
                            size_t why_size) {
  char *line = NULL;
  size_t room = 0;
  size_t number = 0;
  bool is_sound = true;
  while (is_sound && getline(&line, &room, in) > 0) {
    is_sound = take_line(name, ++number, line, out, as_json, why, why_size);
  }
  free(line);
  if (is_sound && number == 0) {
    return refuse(why, why_size, name, 1, "the file is empty; give one that --trail wrote");
  }
  return is_sound;
}
