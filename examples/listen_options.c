/* SPDX-License-Identifier: MIT */
#include "listen_options.h"

#include <string.h> /* evutil_socket_error_to_string is strerror */

#include <event2/util.h>

#include "conntrail/conntrail.h"
#include "system.h"

/* An IPv4 socket does not know the option. */
static void take_ipv6_alone(conntrail_socket listener) {
  const int yes = 1;
  (void)setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, (const void *)&yes, sizeof yes);
}

const char *listen_options_apply(const listen_options *options, conntrail_socket listener) {
  const conntrail_status status = conntrail_prepare_listener(listener, options->flags);
  if (status < 0) {
    return conntrail_status_sentence(status);
  }
  if (options->is_ipv6_alone) {
    take_ipv6_alone(listener);
  }
  return system_set_mark(listener, options->mark)
             ? NULL
             : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());
}
