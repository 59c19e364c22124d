/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/seccomp.h>

#include "notice.h"
#include "notify.h"

conntrail__answer conntrail__give(int64_t value) {
  return (conntrail__answer){.kind = CONNTRAIL__GIVE, .value = value};
}

conntrail__answer conntrail__fail(int error) {
  return (conntrail__answer){.kind = CONNTRAIL__GIVE, .error = error};
}

conntrail__answer conntrail__go_on(void) {
  return (conntrail__answer){.kind = CONNTRAIL__GO_ON};
}

conntrail__answer conntrail__waits(void) {
  return (conntrail__answer){.kind = CONNTRAIL__WAITS};
}

conntrail__answer conntrail__result(int64_t result) {
  return result < 0 ? conntrail__fail(errno) : conntrail__give(result);
}

bool conntrail__notice_is_valid(const conntrail__notice *notice) {
  uint64_t id = notice->id;
  return conntrail__notify(notice->watch->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* The thread may have been killed: then the kernel refuses the answer (ENOENT), which is no error.
 */
void conntrail__send_answer(const conntrail__notice *notice, conntrail__answer answer) {
  struct seccomp_notif_resp response = {.id = notice->id};
  if (answer.kind == CONNTRAIL__GO_ON) {
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else if (answer.error != 0) {
    response.error = -answer.error;
  } else {
    response.val = answer.value;
  }
  (void)conntrail__notify(notice->watch->fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}
