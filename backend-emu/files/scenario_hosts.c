/* SPDX-License-Identifier: MIT */
#include "scenario_hosts.h"

#include <stdio.h>
#include <string.h>

#include "../engine/edits.h"

/* [D] RFC 1035, 2.3.4: 63 bytes in a label, 255 in a name as it is sent. */
enum { LONGEST_LABEL = 63, LONGEST_NAME = 253, MOST_HOSTS = 1000 };
enum { MOST_OF_BOTH = 2 * CONNTRAIL__MOST_ADDRESSES };

/* In the C locale. */
static int lower(char c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_same(const char *a, const char *b) {
  while (*a != '\0' && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return *a == *b;
}

/* ---- Whether it is valid --------------------------------------------------------------------- */

static bool read_address(const char *text, conntrail__address *address) {
  char whole[CONNTRAIL__ADDRESS_TEXT + 8];
  conntrail__refusal why;
  const bool is_six = strchr(text, ':') != NULL;
  snprintf(whole, sizeof whole, "%s%.60s%s", is_six ? "[" : "", text, is_six ? "]:1" : ":1");
  return strlen(text) <= 60 && conntrail__address_parse(whole, address, &why);
}

static bool is_host_name(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const char *at = name;
  for (;;) {
    const size_t size = strspn(at, letters);
    if (size == 0 || size > LONGEST_LABEL) {
      return false;
    }
    if (at[size] == '\0') {
      return strlen(name) <= LONGEST_NAME;
    }
    if (at[size] != '.') {
      return false;
    }
    at += size + 1;
  }
}

static bool check_name(const checker *c, const json_t *hosts, const char *name, const char *path) {
  const char *other;
  json_t *ignored;
  conntrail__address address;
  if (!is_host_name(name)) {
    return conntrail__shape_refuse(c, path,
                                   "the name of a host was expected, such as example.com: letters, "
                                   "digits, - and _, no dot at its end; others as punycode");
  }
  if (read_address(name, &address)) {
    return conntrail__shape_refuse(c, path,
                                   "an address, which programs do not resolve; write a "
                                   "name, or a route for the address");
  }
  json_object_foreach(conntrail__document_iterable(hosts), other, ignored) {
    if (other == name) {
      return true;
    }
    if (is_same(other, name)) {
      return conntrail__shape_refuse(c, path, "there is \"%.60s\" already; case does not matter",
                                     other);
    }
  }
  return true;
}

static bool check_address(const checker *c, const json_t *value, const char *path) {
  conntrail__address ignored;
  return conntrail__shape_text(c, value, path) &&
         (read_address(json_string_value(value), &ignored) ||
          conntrail__shape_refuse(c, path,
                                  "\"%.60s\": an IPv4 or IPv6 address without a port was expected",
                                  json_string_value(value)));
}

static bool check_family(const checker *c, const json_t *list, const char *path, uint8_t family) {
  size_t count = 0;
  for (size_t i = 0; i < json_array_size(list); i++) {
    conntrail__address address;
    count += read_address(json_string_value(json_array_get(list, i)), &address) &&
             address.family == family;
  }
  return count <= CONNTRAIL__MOST_ADDRESSES ||
         conntrail__shape_refuse(c, path, "%zu addresses of IPv%d, and at most %d fit", count,
                                 family == CONNTRAIL__IPV4 ? 4 : 6, CONNTRAIL__MOST_ADDRESSES);
}

static bool check_addresses(const checker *c, const json_t *value, const char *path) {
  if (json_is_string(value)) {
    return check_address(c, value, path);
  }
  if (!json_is_array(value)) {
    return conntrail__shape_refuse(c, path, "%s, where an address or a list of them was expected",
                                   conntrail__document_type(value));
  }
  return conntrail__shape_list(c, value, path, check_address, MOST_OF_BOTH) &&
         check_family(c, value, path, CONNTRAIL__IPV4) &&
         check_family(c, value, path, CONNTRAIL__IPV6);
}

bool conntrail__scenario_check_hosts(const checker *c, const json_t *value, const char *path) {
  const char *name;
  json_t *addresses;
  char below[CONNTRAIL__PATH_TEXT];
  if (!conntrail__shape_expect(c, value, path, JSON_OBJECT, "an object of names")) {
    return false;
  }
  if (json_object_size(value) > MOST_HOSTS) {
    return conntrail__shape_refuse(c, path, "%zu names, and at most %d fit",
                                   json_object_size(value), MOST_HOSTS);
  }
  json_object_foreach(conntrail__document_iterable(value), name, addresses) {
    conntrail__shape_join(below, path, name);
    if (!check_name(c, value, name, below) || !check_addresses(c, addresses, below)) {
      return false;
    }
  }
  return true;
}

/* ---- Looking for one ------------------------------------------------------------------------- */

bool conntrail__scenario_has_hosts(const conntrail__scenario *scenario) {
  return json_object_get(scenario->root, "hosts") != NULL;
}

static void read_host(const char *name, const json_t *addresses, conntrail__host *host) {
  *host = (conntrail__host){.name = name};
  if (json_is_string(addresses)) {
    host->count = read_address(json_string_value(addresses), &host->addresses[0]);
  }
  for (size_t i = 0; i < json_array_size(addresses); i++) {
    host->count += read_address(json_string_value(json_array_get(addresses, i)),
                                &host->addresses[host->count]);
  }
}

bool conntrail__scenario_find_host(const conntrail__scenario *scenario, const char *name,
                                   conntrail__host *host) {
  const char *known;
  json_t *addresses;
  const json_t *hosts = json_object_get(scenario->root, "hosts");
  json_object_foreach(conntrail__document_iterable(hosts), known, addresses) {
    if (is_same(known, name)) {
      read_host(known, addresses, host);
      return true;
    }
  }
  return false;
}

static const char *name_at(const void *hosts, size_t index) {
  const char *known;
  json_t *ignored;
  json_object_foreach(conntrail__document_iterable(hosts), known, ignored) {
    if (strlen(known) <= CONNTRAIL__LONGEST_COMPARED && index-- == 0) {
      return known;
    }
  }
  return NULL;
}

const char *conntrail__scenario_similar_host(const conntrail__scenario *scenario,
                                             const char *name) {
  return conntrail__document_nearest(name, name_at, json_object_get(scenario->root, "hosts"));
}
