/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "conntrail/conntrail.h"

typedef struct reader {
  const char *file;
  proxy_config *config;
  char *why;
  size_t why_capacity;
} reader;

static bool refuse(const reader *in, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;

static bool refuse(const reader *in, const char *format, ...) {
  va_list arguments;
  const int used = snprintf(in->why, in->why_capacity, "%.200s: ", in->file);
  va_start(arguments, format);
  (void)vsnprintf(in->why + used, in->why_capacity - (size_t)used, format, arguments);
  va_end(arguments);
  return false;
}

/* ---- Numbers -------------------------------------------------------------------------------- */

typedef struct number {
  const char *group; /* NULL: at the top */
  const char *name;
  size_t offset;
  unsigned least, most, usual;
} number;

#define PLACE(member) offsetof(proxy_config, member)
static const number numbers[] = {
    {NULL, "workers", PLACE(workers), 1, CONFIG_MOST_WORKERS, 1},
    {NULL, "mark", PLACE(mark), 0, UINT32_MAX, 0},
    {"limits", "connections", PLACE(connections), 1, 1000000, 10000},
    {"limits", "udp_flows", PLACE(udp_flows), 1, 1000000, 8192},
    {"limits", "udp_records_mib", PLACE(udp_records_mib), 1, 1024, 16},
    {"limits", "buffers_mib", PLACE(buffers_mib), 1, 65536, 64},
    {"seconds", "connect", PLACE(connect_seconds), 1, 3600, 10},
    {"seconds", "idle", PLACE(idle_seconds), 1, 86400, 300},
    {"seconds", "udp_idle", PLACE(udp_idle_seconds), 1, 86400, 60},
    {"seconds", "drain", PLACE(drain_seconds), 0, 3600, 10},
    {"seconds", "counters", PLACE(counters_seconds), 0, 86400, 0},
};
#undef PLACE
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static void set_number(proxy_config *config, const number *of, unsigned value) {
  memcpy((char *)config + of->offset, &value, sizeof value);
}

/* An IPv6 listener does not accept IPv4: list both addresses for both. */
listen_options config_listen_options(const proxy_config *config, const listen_config *at) {
  return (listen_options){.flags = at->is_transparent ? CONNTRAIL_LISTEN_TRANSPARENT : 0,
                          .mark = config->mark,
                          .is_ipv6_alone = true};
}

void config_defaults(proxy_config *config) {
  memset(config, 0, sizeof *config);
  for (int i = 0; i < NUMBERS; i++) {
    set_number(config, &numbers[i], numbers[i].usual);
  }
  config->splice = true;
  config->log_time = true;
  config->level = LOG_LEVEL_INFO;
}

static bool read_number(const reader *in, const number *of, const json_t *value) {
  if (!json_is_integer(value) || json_integer_value(value) < (json_int_t)of->least ||
      json_integer_value(value) > (json_int_t)of->most) {
    return refuse(in, "%s%s%s: write a whole number from %u to %u", of->group ? of->group : "",
                  of->group ? "." : "", of->name, of->least, of->most);
  }
  set_number(in->config, of, (unsigned)json_integer_value(value));
  return true;
}

static bool is_same_group(const char *one, const char *other) {
  return one && other ? strcmp(one, other) == 0 : one == other;
}

static const number *find_number(const char *group, const char *name) {
  for (int i = 0; i < NUMBERS; i++) {
    if (is_same_group(numbers[i].group, group) && strcmp(numbers[i].name, name) == 0) {
      return &numbers[i];
    }
  }
  return NULL;
}

static bool read_group(const reader *in, const char *group, json_t *members) {
  const char *name;
  json_t *value;
  if (!json_is_object(members)) {
    return refuse(in, "%s: write an object of numbers", group);
  }
  json_object_foreach(members, name, value) {
    const number *of = find_number(group, name);
    if (!of) {
      return refuse(in, "%s.%s: there is no such member; README.md lists them", group, name);
    }
    if (!read_number(in, of, value)) {
      return false;
    }
  }
  return true;
}

/* ---- Listeners ----------------------------------------------------------------------- */

static bool read_address(const reader *in, unsigned index, const char *name, const json_t *value,
                         struct sockaddr_storage *address) {
  if (json_is_string(value) && address_parse(json_string_value(value), address)) {
    return true;
  }
  return refuse(in,
                "listen[%u].%s: write \"ADDRESS:PORT\", as \"127.0.0.1:8080\" or \"[::1]:8080\"",
                index, name);
}

static bool read_transparent(const reader *in, unsigned index, const json_t *value) {
  in->config->listen[index].is_transparent = json_is_true(value);
  return json_is_boolean(value) || refuse(in, "listen[%u].transparent: write true or false", index);
}

static bool read_listen_member(const reader *in, unsigned index, const char *name,
                               const json_t *value) {
  listen_config *to = &in->config->listen[index];
  if (strcmp(name, "otherwise") == 0) {
    return read_address(in, index, name, value, &to->otherwise);
  }
  if (strcmp(name, "tcp") == 0 || strcmp(name, "udp") == 0) {
    return read_address(in, index, name, value, &to->address);
  }
  if (strcmp(name, "transparent") == 0) {
    return read_transparent(in, index, value);
  }
  return refuse(in,
                "listen[%u].%s: there is no such member; use tcp or udp, transparent and otherwise",
                index, name);
}

static bool read_listener(const reader *in, unsigned index, json_t *members) {
  listen_config *to = &in->config->listen[index];
  const char *name;
  json_t *value;
  if (!json_is_object(members)) {
    return refuse(in, "listen[%u]: write an object, as {\"tcp\": \"127.0.0.1:8080\"}", index);
  }
  json_object_foreach(members, name, value) {
    if (!read_listen_member(in, index, name, value)) {
      return false;
    }
  }
  to->is_udp = json_object_get(members, "udp") != NULL;
  if (to->is_udp == (json_object_get(members, "tcp") != NULL)) {
    return refuse(in, "listen[%u]: write either tcp or udp", index);
  }
  if (to->is_udp && to->otherwise.ss_family != 0) {
    return refuse(in, "listen[%u].otherwise: is for tcp; leave it out", index);
  }
  return true;
}

static bool read_listeners(const reader *in, const json_t *all) {
  const size_t count = json_array_size(all);
  if (count == 0 || count > CONFIG_MOST_LISTENERS) {
    return refuse(in,
                  "listen: write an array of 1 to %d objects, as [{\"tcp\": \"127.0.0.1:8080\"}]",
                  CONFIG_MOST_LISTENERS);
  }
  for (unsigned i = 0; i < count; i++) {
    if (!read_listener(in, i, json_array_get(all, i))) {
      return false;
    }
  }
  in->config->listen_count = count;
  return true;
}

/* ---- The file ------------------------------------------------------------------------------- */

static bool read_level(const reader *in, const json_t *value) {
  if (json_is_string(value) && log_level_by_name(json_string_value(value), &in->config->level)) {
    return true;
  }
  return refuse(in, "log: write \"error\", \"warning\", \"info\" or \"debug\"");
}

static bool read_flag(const reader *in, const char *name, const json_t *value, bool *flag) {
  *flag = json_is_true(value);
  return json_is_boolean(value) || refuse(in, "%s: write true or false", name);
}

static bool read_member(const reader *in, const char *name, json_t *value) {
  const number *of = find_number(NULL, name);
  if (of) {
    return read_number(in, of, value);
  }
  if (strcmp(name, "listen") == 0) {
    return read_listeners(in, value);
  }
  if (strcmp(name, "limits") == 0 || strcmp(name, "seconds") == 0) {
    return read_group(in, name, value);
  }
  if (strcmp(name, "log") == 0) {
    return read_level(in, value);
  }
  if (strcmp(name, "splice") == 0) {
    return read_flag(in, name, value, &in->config->splice);
  }
  if (strcmp(name, "log_time") == 0) {
    return read_flag(in, name, value, &in->config->log_time);
  }
  return refuse(in,
                "%s: there is no such member; use listen, workers, mark, limits, seconds, log, "
                "log_time, splice",
                name);
}

static bool read_all(const reader *in, json_t *root) {
  const char *name;
  json_t *value;
  if (!json_is_object(root)) {
    return refuse(in, "write one object, as {\"listen\": [{\"tcp\": \"127.0.0.1:8080\"}]}");
  }
  json_object_foreach(root, name, value) {
    if (!read_member(in, name, value)) {
      return false;
    }
  }
  return in->config->listen_count > 0 || read_listeners(in, NULL);
}

bool config_read(const char *file, proxy_config *config, char *why, size_t why_capacity) {
  const reader in = {file, config, why, why_capacity};
  json_error_t error;
  json_t *root = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
  bool is_good;
  config_defaults(config);
  if (!root) {
    return error.line < 1 ? refuse(&in, "%s", error.text)
                          : refuse(&in, "line %d, column %d: not JSON: %s", error.line,
                                   error.column, error.text);
  }
  is_good = read_all(&in, root);
  json_decref(root);
  return is_good;
}
