/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>
#include <event2/util.h>

#include "minimal_proxy.h"
#include "system.h"

static void log_line(const char *line, void *argument) {
  (void)argument;
  (void)fprintf(stderr, "minimal_proxy: %s\n", line);
}

int main(int count, char **arguments) {
  struct sockaddr_storage address = {0};
  int size = sizeof address;
  if (count != 2 ||
      evutil_parse_sockaddr_port(arguments[1], (struct sockaddr *)&address, &size) != 0) {
    (void)fprintf(stderr, "usage: minimal_proxy ADDRESS[:PORT]\n"
                          "  where it listens: 127.0.0.1:8080 or [::1]:8080, as the redirect "
                          "service's filter names it;\n"
                          "  127.0.0.1 alone: at a port that the system chooses\n");
    return EXIT_FAILURE;
  }
  struct event_base *base = system_begin() ? event_base_new() : NULL;
  if (!base) {
    (void)fprintf(stderr, "minimal_proxy: the network or the event loop cannot be started\n");
    return EXIT_FAILURE;
  }
  minimal_proxy *proxy = minimal_proxy_new(base, (struct sockaddr *)&address, log_line, NULL);
  if (proxy) {
    event_base_dispatch(base);
    minimal_proxy_free(proxy);
  }
  event_base_free(base);
  return EXIT_FAILURE; /* it only ends when something went wrong */
}
