/* SPDX-License-Identifier: MIT */
#include "listen_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/util.h>

#include "conntrail/conntrail.h"
#include "system.h"

enum { ADDRESS_ROOM = 64 };

static void log_line(const char *line, void *argument) {
  const listen_program *program = argument;
  (void)fprintf(stderr, "%s: %s\n", program->name, line);
}

static int explain_use(const listen_program *program) {
  (void)fprintf(stderr,
                "usage: %s [--transparent] [--mark NUMBER] ADDRESS[:PORT]\n"
                "  where it listens: 127.0.0.1:8080 or [::]:8080, as the redirect rule names it;\n"
                "  127.0.0.1 alone: at a port that the system chooses\n"
                "On Linux, as root or with CAP_NET_ADMIN:\n"
                "  --transparent  takes what TPROXY sends\n"
                "  --mark NUMBER  marks the proxy's own sockets, so that rules can exempt them\n",
                program->name);
  return EXIT_FAILURE;
}

static void say_ready(const char *protocol, const struct sockaddr *address) {
  char host[ADDRESS_ROOM] = "?";
  if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    (void)evutil_inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    (void)printf("ready %s [%s]:%u\n", protocol, host, (unsigned)ntohs(v6->sin6_port));
  } else {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    (void)evutil_inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    (void)printf("ready %s %s:%u\n", protocol, host, (unsigned)ntohs(v4->sin_port));
  }
  (void)fflush(stdout);
}

static void serve(const listen_program *program, struct event_base *base,
                  const struct sockaddr *address, const listen_options *options) {
  void *opened = program->open(base, address, options, log_line, (void *)program);
  if (opened) {
    say_ready(program->protocol, program->address(opened));
    event_base_dispatch(base);
    program->close(opened);
  }
}

static bool read_mark(const char *text, uint32_t *mark) {
  char *end = NULL;
  const unsigned long long number = strtoull(text, &end, 0);
  *mark = (uint32_t)number;
  return end != text && *end == '\0' && number > 0 && number <= UINT32_MAX;
}

static bool read_options(int count, char **arguments, listen_options *options) {
  for (int i = 1; i < count - 1; i++) {
    if (strcmp(arguments[i], "--transparent") == 0) {
      options->flags = CONNTRAIL_LISTEN_TRANSPARENT;
    } else if (strcmp(arguments[i], "--mark") == 0 && i + 2 < count &&
               read_mark(arguments[i + 1], &options->mark)) {
      i++;
    } else {
      return false;
    }
  }
  return count > 1;
}

int listen_program_run(const listen_program *program, int count, char **arguments) {
  struct sockaddr_storage address;
  int size = sizeof address;
  listen_options options = {0};
  memset(&address, 0, sizeof address);
  if (!read_options(count, arguments, &options) ||
      evutil_parse_sockaddr_port(arguments[count - 1], (struct sockaddr *)&address, &size) != 0) {
    return explain_use(program);
  }
  struct event_base *base = system_begin() ? event_base_new() : NULL;
  if (!base) {
    log_line("the network or the event loop cannot be started", (void *)program);
    return EXIT_FAILURE;
  }
  serve(program, base, (struct sockaddr *)&address, &options);
  event_base_free(base);
  return EXIT_FAILURE; /* it ends only after an error */
}
