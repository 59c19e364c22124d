/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "describe.h"
#include "handlers.h"
#include "known.h"
#include "level.h"
#include "memory.h"
#include "notice.h"
#include "state.h"

/* setsockopt(SOL_CONNTRAIL). */

static conntrail__answer set_records(const conntrail__notice *notice, int own) {
  conntrail__supervisor *supervisor = notice->supervisor;
  uint32_t size = (uint32_t)notice->args[4];
  uint32_t most = (uint32_t)sizeof supervisor->control;
  uint32_t bytes = 0;
  const conntrail__call call = {.code = CONNTRAIL_LINUX_SET_RECORDS,
                                .in = notice->args[3] == 0 ? NULL : supervisor->control,
                                .in_size = size < most ? size : most,
                                .bytes = &bytes};
  int error = notice->args[3] == 0 ? 0
                                   : conntrail__read_memory(notice, supervisor->control,
                                                            notice->args[3], call.in_size);
  if (error != 0) {
    return conntrail__fail(error);
  }
  uint32_t native = conntrail__level_control(notice, own, &call);
  conntrail__set_last_error(notice, native);
  return native == 0 ? conntrail__give(0) : conntrail__fail_at_level(notice, native);
}

static conntrail__answer enable(const conntrail__notice *notice, int own, int name) {
  int enabled = 0;
  if ((uint32_t)notice->args[4] < sizeof enabled) {
    return conntrail__fail(EINVAL);
  }
  int error = conntrail__read_memory(notice, &enabled, notice->args[3], sizeof enabled);
  if (error != 0) {
    return conntrail__fail(error);
  }
  const conntrail__known *known = conntrail__know(notice, own);
  if (known == NULL) {
    return conntrail__fail_at_level(notice, CONNTRAIL__WSAENOPROTOOPT);
  }
  bool is_ipv6 = name == CONNTRAIL_LINUX_RECORDS6 || name == CONNTRAIL_LINUX_CONTEXT6;
  bool is_records = name == CONNTRAIL_LINUX_RECORDS4 || name == CONNTRAIL_LINUX_RECORDS6;
  uint32_t native = conntrail__datagram_enable(
      known->socket, is_ipv6 ? CONNTRAIL__IPV6_LEVEL : CONNTRAIL__IP_LEVEL,
      is_records ? CONNTRAIL__RECORDS_OPTION : CONNTRAIL__CONTEXT_OPTION, enabled != 0);
  return native == 0 ? conntrail__give(0) : conntrail__fail_at_level(notice, native);
}

conntrail__answer conntrail__on_setsockopt(const conntrail__notice *notice, int own) {
  if ((int)notice->args[1] != CONNTRAIL__LEVEL) {
    return conntrail__go_on();
  }
  if (!conntrail__describe_untracked(own).is_socket) {
    return conntrail__fail(ENOTSOCK);
  }
  switch ((int)notice->args[2]) {
  case CONNTRAIL_LINUX_RECORDS:
    return set_records(notice, own);
  case CONNTRAIL_LINUX_RECORDS4:
  case CONNTRAIL_LINUX_CONTEXT4:
  case CONNTRAIL_LINUX_RECORDS6:
  case CONNTRAIL_LINUX_CONTEXT6:
    return enable(notice, own, (int)notice->args[2]);
  default:
    return conntrail__fail(EINVAL);
  }
}
