/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "control_client.h"

/* One line of a client: what it asks for, and the answer. */

enum { MOST_EVENTS = 1000 };

static void answer_ok(conntrail__control_client *client) {
  conntrail__control_answer(client, json_pack("{s:b}", "ok", 1));
}

/* ---- What there is to do --------------------------------------------------------------------- */

/* Each answers, or is refused with why: false. */

static bool take_hello(conntrail__control_client *client, conntrail__document *request,
                       conntrail__complaint *why) {
  (void)request;
  (void)why;
  conntrail__control_answer(client, conntrail__control_hello(client->run));
  return true;
}

static bool take_add(conntrail__control_client *client, conntrail__document *request,
                     conntrail__complaint *why) {
  if (!conntrail__control_add(client->run, request, why)) {
    return false;
  }
  answer_ok(client);
  return true;
}

static bool take_counts(conntrail__control_client *client, conntrail__document *request,
                        conntrail__complaint *why) {
  (void)request;
  (void)why;
  conntrail__supervisor_catch_up(client->run->supervisor, false);
  conntrail__control_answer(client, conntrail__control_counts(client->run));
  return true;
}

static bool take_trail(conntrail__control_client *client, conntrail__document *request,
                       conntrail__complaint *why) {
  const json_t *after = json_object_get(request->root, "after");
  const json_t *most = json_object_get(request->root, "most");
  (void)why;
  conntrail__supervisor_catch_up(client->run->supervisor, false);
  conntrail__control_answer(
      client,
      conntrail__control_trail(client->run, (uint64_t)json_integer_value(after),
                               most == NULL ? MOST_EVENTS : (size_t)json_integer_value(most)));
  return true;
}

static bool take_expect(conntrail__control_client *client, conntrail__document *request,
                        conntrail__complaint *why) {
  (void)why;
  conntrail__supervisor_catch_up(client->run->supervisor, false);
  conntrail__control_answer(client, conntrail__control_expect(client->run, request));
  return true;
}

static bool take_wait(conntrail__control_client *client, conntrail__document *request,
                      conntrail__complaint *why) {
  if (!conntrail__wait_read(&client->wait, request, why)) {
    return false;
  }
  const struct timeval limit = {.tv_sec = client->wait.seconds};
  client->wait.is_on = true;
  (void)event_add(client->limit, &limit);
  conntrail__control_changed(client->control); /* it may have happened already */
  return true;
}

static bool take_reset(conntrail__control_client *client, conntrail__document *request,
                       conntrail__complaint *why) {
  (void)request;
  if (!conntrail__control_reset(client->run, why)) {
    return false;
  }
  conntrail__control_end_waits(client->control, "the emulation was reset by another client");
  answer_ok(client);
  return true;
}

static bool take_quit(conntrail__control_client *client, conntrail__document *request,
                      conntrail__complaint *why) {
  (void)request;
  (void)why;
  answer_ok(client);
  client->is_ending = true;
  client->has_quit = true;
  return true;
}

/* ---- What a request has ---------------------------------------------------------------------- */

static bool check_number(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 0, INT64_MAX);
}

static bool check_most(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 1, MOST_EVENTS);
}

static bool check_count(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 1, 1 << 20);
}

static bool check_seconds(const checker *c, const json_t *value, const char *path) {
  return conntrail__shape_between(c, value, path, 1, 3600);
}

#define CONTROL_KEYS                                                                               \
  {"do", conntrail__shape_text, true}, {                                                           \
    "id", conntrail__shape_id, false                                                               \
  }

static const key no_keys[] = {CONTROL_KEYS, {NULL, NULL, false}};
static const key trail_keys[] = {
    CONTROL_KEYS, {"after", check_number, false}, {"most", check_most, false}, {NULL, NULL, false}};
static const key expect_keys[] = {
    CONTROL_KEYS, {"expect", conntrail__scenario_check_expect, true}, {NULL, NULL, false}};
static const key wait_keys[] = {CONTROL_KEYS,
                                {"kind", conntrail__shape_text, true},
                                {"service", conntrail__shape_text, false},
                                {"program", conntrail__shape_text, false},
                                {"destination", conntrail__shape_text, false},
                                {"misuse", conntrail__shape_text, false},
                                {"count", check_count, false},
                                {"after", check_number, false},
                                {"seconds", check_seconds, false},
                                {NULL, NULL, false}};

static const struct request {
  const char *word;
  const key *keys; /* NULL: it checks them itself */
  bool (*take)(conntrail__control_client *client, conntrail__document *request,
               conntrail__complaint *why);
} requests[] = {{"hello", no_keys, take_hello},    {"add", NULL, take_add},
                {"wait", wait_keys, take_wait},    {"counts", no_keys, take_counts},
                {"trail", trail_keys, take_trail}, {"expect", expect_keys, take_expect},
                {"reset", no_keys, take_reset},    {"quit", no_keys, take_quit}};

static const struct request *find(const char *word) {
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    if (strcmp(requests[i].word, word) == 0) {
      return &requests[i];
    }
  }
  return NULL;
}

/* NULL, with why. */
static const struct request *find_request(const checker *c) {
  const json_t *word = json_object_get(c->scenario->root, "do");
  if (!conntrail__shape_expect(c, c->scenario->root, "", JSON_OBJECT, "an object")) {
    return NULL;
  }
  if (word == NULL) {
    (void)conntrail__shape_refuse(c, "", "\"do\" is missing here");
    return NULL;
  }
  if (!conntrail__shape_text(c, word, "/do")) {
    return NULL;
  }
  const struct request *found = find(json_string_value(word));
  if (found == NULL) {
    (void)conntrail__shape_refuse(c, "/do",
                                  "\"%.60s\", where \"hello\", \"add\", \"wait\", \"counts\", "
                                  "\"trail\", \"expect\", \"reset\" or \"quit\" was expected",
                                  json_string_value(word));
  }
  return found;
}

/* The answer names the request, if that can be read. */
static void note_id(conntrail__control_client *client, const conntrail__document *request) {
  json_t *id = json_object_get(request->root, "id");
  client->id = json_is_integer(id) || json_is_string(id) ? json_incref(id) : NULL;
}

static bool perform(conntrail__control_client *client, conntrail__document *request,
                    conntrail__complaint *why) {
  const checker c = {request, why};
  const struct request *found = find_request(&c);
  return found != NULL &&
         (found->keys == NULL || conntrail__shape_object(&c, request->root, "", found->keys)) &&
         found->take(client, request, why);
}

/* ---- A line ---------------------------------------------------------------------------------- */

static bool has_program(const void *arg, const char *name) {
  const conntrail__running *r = arg;
  return conntrail__scenario_has_program(r->scenario, name) ||
         conntrail__supervisor_has_met(r->supervisor, name);
}

static bool has_service(const void *arg, const char *name) {
  const conntrail__running *r = arg;
  return conntrail__service_named(r->emu, name) != NULL;
}

void conntrail__control_take(conntrail__control_client *client, const char *line, size_t size) {
  const conntrail__elsewhere elsewhere = {has_program, has_service, client->run};
  conntrail__complaint why;
  if (size == strspn(line, " \t\r")) {
    conntrail__control_refuse(client,
                              "request:1:1: the line is empty; a request is a JSON object such "
                              "as {\"do\":\"counts\"}");
    return;
  }
  conntrail__document *request = conntrail__document_parse("request", line, size, "request", &why);
  if (request == NULL) {
    conntrail__control_refuse(client, why.text);
    return;
  }
  request->elsewhere = &elsewhere;
  note_id(client, request);
  if (!perform(client, request, &why)) {
    conntrail__control_refuse(client, why.text);
  }
  conntrail__document_free(request);
}
