/* SPDX-License-Identifier: MIT */
#include "listen_program.h"
#include "udp_relay.h"

static void *open_it(struct event_base *base, const struct sockaddr *address,
                     const listen_options *options, void (*log)(const char *line, void *argument),
                     void *argument) {
  return udp_relay_new(base, address, options, log, argument);
}

static const struct sockaddr *address_of(const void *opened) {
  return udp_relay_address(opened);
}

static void close_it(void *opened) {
  udp_relay_free(opened);
}

int main(int count, char **arguments) {
  static const listen_program program = {"udp_relay", "udp", open_it, address_of, close_it};
  return listen_program_run(&program, count, arguments);
}
