/* SPDX-License-Identifier: MIT */
#include "socket.h"

bool conntrail__listens_at(const conntrail__socket *listener, const conntrail__address *target) {
  return conntrail__has_local(listener) && listener->local.port == target->port &&
         (conntrail__address_is_any(&listener->local) ||
          conntrail__address_equal(&listener->local, target));
}
