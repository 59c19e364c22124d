/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../../src/numbers.h"
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
  const conntrail__level_notice asked = {notice, own};
  const conntrail__level level = conntrail__level_of(&asked);
  uint32_t size = (uint32_t)notice->args[4];
  const void *in = notice->args[3] == 0 ? NULL : supervisor->control;
  if (size > sizeof supervisor->control) {
    size = (uint32_t)sizeof supervisor->control;
  }
  int error =
      in == NULL ? 0 : conntrail__read_memory(notice, supervisor->control, notice->args[3], size);
  return conntrail__fail(error != 0 ? error : conntrail__level_set_records(&level, in, size));
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
  uint32_t lack = 0;
  const conntrail__known *known = conntrail__know(notice, own, &lack);
  uint32_t native = lack != 0       ? lack
                    : known == NULL ? CONNTRAIL__WSAENOPROTOOPT
                                    : conntrail__level_enable(known->socket, name, enabled != 0);
  if (native == 0) {
    return conntrail__give(0);
  }
  *conntrail__last_error(notice) = native;
  return conntrail__fail(conntrail__level_errno(native));
}

conntrail__answer conntrail__on_setsockopt(const conntrail__notice *notice, int own) {
  int name = (int)notice->args[2];
  if ((int)notice->args[1] != SOL_CONNTRAIL) {
    return conntrail__go_on();
  }
  if (!conntrail__describe_untracked(own).is_socket) {
    return conntrail__fail(ENOTSOCK);
  }
  if (name == CONNTRAIL_LINUX_RECORDS) {
    return set_records(notice, own);
  }
  return conntrail__level_enables(name) ? enable(notice, own, name) : conntrail__fail(EINVAL);
}
