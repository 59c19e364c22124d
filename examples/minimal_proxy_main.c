/* SPDX-License-Identifier: MIT */
#include "listen_program.h"
#include "minimal_proxy.h"

static void *open_it(struct event_base *base, const struct sockaddr *address,
                     const listen_options *options, void (*log)(const char *line, void *argument),
                     void *argument) {
  return minimal_proxy_new(base, address, options, log, argument);
}

static const struct sockaddr *address_of(const void *opened) {
  return minimal_proxy_address(opened);
}

static void close_it(void *opened) {
  minimal_proxy_free(opened);
}

int main(int count, char **arguments) {
  static const listen_program program = {"minimal_proxy", "tcp", open_it, address_of, close_it};
  return listen_program_run(&program, count, arguments);
}
