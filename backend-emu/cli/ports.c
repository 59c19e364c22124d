/* SPDX-License-Identifier: MIT */
#include "ports.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../files/scenario_internal.h"

enum { LOWEST = 10240, HIGHEST = 65535, FEWEST = 1000 };

typedef struct chosen {
  char program[CONNTRAIL__PROGRAM_TEXT];
  char name[CONNTRAIL__PORT_NAME];
  uint16_t port;
  int mark; /* a socket whose name says that the port is taken */
} chosen;

struct conntrail__ports {
  size_t count;
  chosen all[CONNTRAIL__MOST_NAMED * (CONNTRAIL__MOST_PORTS + 1) + 1]; /* the last: of "hosts" */
};

conntrail__ports *conntrail__ports_create(void) {
  return calloc(1, sizeof(conntrail__ports));
}

void conntrail__ports_free(conntrail__ports *ports) {
  for (size_t i = 0; ports != NULL && i < ports->count; i++) {
    close(ports->all[i].mark);
  }
  free(ports);
}

/* ---- Which may be ---------------------------------------------------------------------------- */

typedef struct range {
  unsigned first;
  unsigned last;
} range;

/* Not those that the system gives to sockets without a port: until the program has its own, other
 * programs connect. */
static range usable(void) {
  char line[64] = "";
  char *end = line;
  FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
  bool is_read = file != NULL && fgets(line, sizeof line, file) != NULL;
  if (file != NULL) {
    fclose(file);
  }
  const unsigned first = (unsigned)strtoul(line, &end, 10);
  const unsigned last = (unsigned)strtoul(end, NULL, 10);
  if (is_read && first >= LOWEST + FEWEST) {
    return (range){LOWEST, first - 1};
  }
  return is_read && last + FEWEST <= HIGHEST && last >= LOWEST ? (range){last + 1, HIGHEST}
                                                               : (range){LOWEST, HIGHEST};
}

static bool can_bind(int family, int type, uint16_t port) {
  const struct sockaddr_in six_less = {.sin_family = AF_INET, .sin_port = htons(port)};
  const struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  const bool is_six = family == AF_INET6;
  int probe = socket(family, type | SOCK_CLOEXEC, 0);
  if (probe < 0) {
    return is_six; /* a system without IPv6 */
  }
  const int on = 1;
  if (is_six) {
    (void)setsockopt(probe, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  bool is_bound = is_six ? bind(probe, (const struct sockaddr *)&six, sizeof six) == 0
                         : bind(probe, (const struct sockaddr *)&six_less, sizeof six_less) == 0;
  close(probe);
  return is_bound;
}

static bool is_free(uint16_t port) {
  return can_bind(AF_INET, SOCK_STREAM, port) && can_bind(AF_INET6, SOCK_STREAM, port) &&
         can_bind(AF_INET, SOCK_DGRAM, port) && can_bind(AF_INET6, SOCK_DGRAM, port);
}

/* [D] unix(7): an abstract name is of the network namespace, as ports are, and ends with its
 * socket. -1: another run has the port. */
static int mark(uint16_t port) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  int size = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "conntrail-emu-port-%u", port);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const socklen_t whole = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
  if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, whole) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static bool take(uint16_t port, chosen *one) {
  one->port = port;
  one->mark = mark(port);
  if (one->mark >= 0 && !is_free(port)) {
    close(one->mark);
    one->mark = -1;
  }
  return one->mark >= 0;
}

/* ---- Choosing -------------------------------------------------------------------------------- */

static bool add(conntrail__ports *ports, const char *program, const char *name) {
  const range all = usable();
  const unsigned count = all.last - all.first + 1;
  chosen *one = &ports->all[ports->count];
  uint32_t start = 0;
  (void)!getrandom(&start, sizeof start, 0); /* so that runs seldom try the same */
  snprintf(one->program, sizeof one->program, "%s", program);
  snprintf(one->name, sizeof one->name, "%s", name);
  for (unsigned i = 0; i < count; i++) {
    if (take((uint16_t)(all.first + (start % count + i) % count), one)) {
      ports->count++;
      return true;
    }
  }
  return false;
}

bool conntrail__ports_choose(void *arg, const char *program, const char *name, uint16_t *port,
                             conntrail__refusal *why) {
  conntrail__ports *ports = arg;
  size_t i = 0;
  if (ports == NULL) {
    *port = 1;
    return true;
  }
  while (i < ports->count &&
         (strcmp(ports->all[i].program, program) != 0 || strcmp(ports->all[i].name, name) != 0)) {
    i++;
  }
  if (i == ports->count && !add(ports, program, name)) {
    snprintf(why->text, sizeof why->text, "no port is free for ${%s.%s}", program, name);
    return false;
  }
  *port = ports->all[i].port;
  return true;
}
