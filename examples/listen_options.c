/* SPDX-License-Identifier: MIT */
#include "listen_options.h"

#include <string.h> /* evutil_socket_error_to_string is strerror */

#include <event2/util.h>

#include "conntrail/conntrail.h"
#include "system.h"

const char *listen_options_apply(const listen_options *options, conntrail_socket listener) {
  const conntrail_status status = conntrail_prepare_listener(listener, options->flags);
  if (status < 0) {
    return conntrail_status_sentence(status);
  }
  return system_set_mark(listener, options->mark)
             ? NULL
             : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());
}
