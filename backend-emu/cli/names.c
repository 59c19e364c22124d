/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "name_server.h"

enum { MOST_REPORTED = 256, MOST_AT_ONCE = 64, BACKLOG = 64 };

struct conntrail__names {
  const conntrail__scenario *scenario;
  conntrail__name_unknown unknown;
  void *arg;
  struct event *readable;
  json_t *reported; /* an object, whose keys are the names */
  int from_server;
  uint16_t port;
  bool has_ipv6;
};

/* ---- Where it answers ------------------------------------------------------------------------ */

static int open_one(int family, int type, uint16_t port) {
  const struct sockaddr_in four = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const struct sockaddr_in6 six = {
      .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const bool is_six = family == AF_INET6;
  const int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 ||
      (is_six ? bind(fd, (const struct sockaddr *)&six, sizeof six)
              : bind(fd, (const struct sockaddr *)&four, sizeof four)) != 0 ||
      (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
    if (fd >= 0) {
      close(fd);
    }
    return -1;
  }
  return fd;
}

static void close_all(const conntrail__name_sockets *sockets) {
  for (int i = 0; i < CONNTRAIL__NAME_PLACES; i++) {
    if (sockets->udp[i] >= 0) {
      close(sockets->udp[i]);
    }
    if (sockets->tcp[i] >= 0) {
      close(sockets->tcp[i]);
    }
  }
}

/* A system without IPv6 has no such address to bind. */
static bool open_all(conntrail__name_sockets *sockets, uint16_t port, bool *has_ipv6) {
  static const int families[CONNTRAIL__NAME_PLACES] = {AF_INET, AF_INET6};
  for (int i = 0; i < CONNTRAIL__NAME_PLACES; i++) {
    sockets->udp[i] = open_one(families[i], SOCK_DGRAM, port);
    sockets->tcp[i] = sockets->udp[i] < 0 ? -1 : open_one(families[i], SOCK_STREAM, port);
  }
  *has_ipv6 = sockets->tcp[1] >= 0;
  if (sockets->tcp[0] < 0 || (sockets->udp[1] >= 0 && !*has_ipv6)) {
    close_all(sockets);
    return false;
  }
  return true;
}

/* ---- Its beginning --------------------------------------------------------------------------- */

static bool start_process(conntrail__names *names, const conntrail__name_sockets *sockets) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return false;
  }
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    conntrail__name_server_run(names->scenario, sockets, ends[1]);
  }
  close(ends[1]);
  names->from_server = ends[0];
  return child > 0;
}

conntrail__names *conntrail__names_start(const conntrail__scenario *scenario,
                                         conntrail__ports *ports, conntrail__refusal *why) {
  conntrail__name_sockets sockets;
  conntrail__names *names = calloc(1, sizeof *names);
  if (names == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for \"hosts\"");
    return NULL;
  }
  *names = (conntrail__names){.scenario = scenario, .reported = json_object(), .from_server = -1};
  if (!conntrail__ports_choose(ports, "hosts", "DNS", &names->port, why)) {
    conntrail__names_end(names);
    return NULL;
  }
  bool is_open = open_all(&sockets, names->port, &names->has_ipv6);
  bool is_started = is_open && start_process(names, &sockets);
  if (!is_started) {
    snprintf(why->text, sizeof why->text, "no name server for \"hosts\": %s", strerror(errno));
  }
  if (is_open) {
    close_all(&sockets);
  }
  if (!is_started) {
    conntrail__names_end(names);
    return NULL;
  }
  return names;
}

/* ---- What it reports ------------------------------------------------------------------------- */

static void report(conntrail__names *names, const char *name) {
  if (json_object_size(names->reported) >= MOST_REPORTED ||
      json_object_get(names->reported, name) != NULL ||
      json_object_set_new_nocheck(names->reported, name, json_true()) != 0) {
    return;
  }
  names->unknown(names->arg, name, conntrail__scenario_similar_host(names->scenario, name));
}

/* False: the name server has ended. */
static bool read_reports(conntrail__names *names) {
  char name[CONNTRAIL__NAME_TEXT];
  ssize_t size = 1;
  for (int i = 0; i < MOST_AT_ONCE && size > 0; i++) {
    size = recv(names->from_server, name, sizeof name - 1, MSG_DONTWAIT);
    if (size > 0) {
      name[size] = '\0';
      report(names, name);
    }
  }
  return size != 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
  conntrail__names *names = arg;
  (void)fd;
  (void)what;
  if (!read_reports(names)) {
    (void)event_del(names->readable);
    names->unknown(names->arg, "", NULL);
  }
}

bool conntrail__names_watch(conntrail__names *names, struct event_base *base,
                            conntrail__name_unknown unknown, void *arg) {
  names->unknown = unknown;
  names->arg = arg;
  names->readable = event_new(base, names->from_server, EV_READ | EV_PERSIST, on_readable, names);
  return names->readable != NULL && event_add(names->readable, NULL) == 0;
}

void conntrail__names_route(const conntrail__names *names, conntrail_emu *emu) {
  conntrail__address servers[CONNTRAIL__NAME_PLACES] = {
      conntrail__address_loopback(CONNTRAIL__IPV4, names->port),
      conntrail__address_loopback(CONNTRAIL__IPV6, names->port)};
  if (!names->has_ipv6) {
    servers[1].family = CONNTRAIL__NO_FAMILY;
  }
  conntrail__route_names(emu, servers);
}

void conntrail__names_end(conntrail__names *names) {
  if (names == NULL) {
    return;
  }
  if (names->readable != NULL) {
    (void)read_reports(names);
    event_free(names->readable);
  }
  if (names->from_server >= 0) {
    close(names->from_server);
  }
  json_decref(names->reported);
  free(names);
}
