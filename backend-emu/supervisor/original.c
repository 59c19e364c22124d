/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "../frontend/sockaddr.h"
#include "handlers.h"
#include "known.h"
#include "level.h"
#include "memory.h"
#include "notice.h"
#include "process.h"

/* SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST. */

static conntrail__answer answer_original(const conntrail__notice *notice,
                                         const conntrail__known *known, int level) {
  struct sockaddr_storage storage;
  size_t whole;
  int32_t room = 0;
  int error = conntrail__read_memory(notice, &room, notice->args[4], sizeof room);
  if (error != 0) {
    return conntrail__fail(error);
  }
  const conntrail__identity who = conntrail__identify(notice);
  error = conntrail__netfilter_original(known->socket, &who, level, room < 0 ? 0 : (size_t)room,
                                        &storage, &whole);
  return conntrail__fail(error != 0 ? error
                                    : conntrail__give_sized(notice, notice->args[3],
                                                            notice->args[4], &storage, whole));
}

static conntrail__answer get_original(const conntrail__notice *notice, int own, int level) {
  uint32_t lack = 0;
  const conntrail__known *known = conntrail__know(notice, own, &lack);
  if (lack != 0) {
    return conntrail__fail(ENOBUFS);
  }
  if (known == NULL ||
      !conntrail__netfilter_knows(conntrail__socket_kind_of(known->socket), known->family, level)) {
    return conntrail__go_on();
  }
  return answer_original(notice, known, level);
}

conntrail__answer conntrail__on_getsockopt(const conntrail__notice *notice, int own) {
  int level = (int)notice->args[1];
  int name = (int)notice->args[2];
  if (level == SOL_CONNTRAIL) {
    return conntrail__get_level_option(notice, own, name);
  }
  return conntrail__netfilter_is_asked(level, name) ? get_original(notice, own, level)
                                                    : conntrail__go_on();
}
