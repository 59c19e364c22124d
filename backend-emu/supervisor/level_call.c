/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../frontend/sockaddr.h"
#include "decide.h"
#include "describe.h"
#include "handlers.h"
#include "known.h"
#include "level.h"
#include "memory.h"
#include "notice.h"
#include "process.h"
#include "state.h"

/* getsockopt(SOL_CONNTRAIL, CONNTRAIL_LINUX_CALL): the full form, with all of WSAIoctl's arguments.
 */

static uint32_t original_destination(const conntrail__notice *notice, int own, uint32_t capacity,
                                     uint32_t *written) {
  conntrail__known *known = conntrail__know(notice, own);
  conntrail__address original = {.family = CONNTRAIL__NO_FAMILY};
  if (known == NULL) {
    return conntrail__describe_untracked(own).is_socket ? CONNTRAIL__WSAENOPROTOOPT
                                                        : CONNTRAIL__WSAENOTSOCK;
  }
  const conntrail__identity who = conntrail__identify(notice);
  uint32_t native = conntrail__socket_original_destination(known->socket, &who, &original);
  if (native == 0) {
    struct sockaddr_storage storage;
    size_t size = conntrail__address_to_sockaddr(&original, &storage);
    *written = size <= capacity ? (uint32_t)size : capacity;
    memcpy(notice->supervisor->answer, &storage, *written);
  }
  return native;
}

static void note_layout(const conntrail__notice *notice, int own, uint32_t size) {
  const conntrail__known *known =
      conntrail__find_known(notice->supervisor, conntrail__cookie_of(own));
  if (known != NULL) {
    conntrail__note_misuse(notice->supervisor->emu, known->socket,
                           CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT, size);
  }
}

/* The input, into the supervisor's room for control data. What is larger than any records is none
 * of them, whatever it holds. */
static uint32_t read_input(const conntrail__notice *notice,
                           const struct conntrail_linux_call *asked) {
  conntrail__supervisor *supervisor = notice->supervisor;
  uint32_t size = asked->in_size < sizeof supervisor->control
                      ? asked->in_size
                      : (uint32_t)sizeof supervisor->control;
  bool is_read =
      asked->in == 0 || conntrail__read_memory(notice, supervisor->control, asked->in, size) == 0;
  return is_read ? 0 : CONNTRAIL__WSAEFAULT;
}

static uint32_t control(const conntrail__notice *notice, int own,
                        struct conntrail_linux_call *asked, uint32_t *written) {
  conntrail__supervisor *supervisor = notice->supervisor;
  uint32_t bytes = asked->bytes;
  uint32_t most = (uint32_t)sizeof supervisor->answer;
  const conntrail__call call = {.code = asked->code,
                                .in = asked->in == 0 ? NULL : supervisor->control,
                                .in_size = asked->in_size < sizeof supervisor->control
                                               ? asked->in_size
                                               : (uint32_t)sizeof supervisor->control,
                                .out = notice->args[3] == 0 ? NULL : supervisor->answer,
                                .capacity = asked->length < most ? asked->length : most,
                                .bytes = &bytes};
  uint32_t native = read_input(notice, asked);
  if (native == 0) {
    native = conntrail__level_control(notice, own, &call);
  }
  asked->bytes = bytes;
  if (native == 0 && asked->code != CONNTRAIL_LINUX_SET_RECORDS && bytes <= call.capacity) {
    *written = bytes;
  }
  return native;
}

/* Answers the number; *written is the bytes that stand in the supervisor's room for answers. */
static uint32_t perform(const conntrail__notice *notice, int own,
                        struct conntrail_linux_call *asked, uint32_t *written) {
  if (asked->code == CONNTRAIL_LINUX_ORIGINAL_DESTINATION) {
    return original_destination(notice, own, asked->length, written);
  }
  if (asked->code == CONNTRAIL_LINUX_LAYOUT_DID_NOT_FIT) {
    note_layout(notice, own, asked->in_size);
    return 0;
  }
  return conntrail__is_redirect_code(asked->code) ? control(notice, own, asked, written)
                                                  : CONNTRAIL__WSAEOPNOTSUPP;
}

bool conntrail__answers_of_nothing(const conntrail__notice *notice) {
  return notice->call == CONNTRAIL__SYS_GETSOCKOPT && (int)notice->args[1] == CONNTRAIL__LEVEL &&
         (int)notice->args[2] == CONNTRAIL_LINUX_CALL;
}

conntrail__answer conntrail__level_call(const conntrail__notice *notice, int own) {
  struct conntrail_linux_call asked;
  uint32_t written = 0;
  /* The last argument is the address of the structure's first member: linux.h. */
  int error = conntrail__read_memory(notice, &asked, notice->args[4], sizeof asked);
  if (error != 0) {
    return conntrail__fail(error);
  }
  if (asked.version != CONNTRAIL_LINUX_INTERFACE || asked.size != sizeof asked) {
    return conntrail__fail(EPROTO);
  }
  asked.native = perform(notice, own, &asked, &written);
  asked.length = written;
  error = conntrail__write_memory(notice, notice->args[3], notice->supervisor->answer, written);
  if (error == 0) {
    error = conntrail__write_memory(notice, notice->args[4], &asked, sizeof asked);
  }
  return conntrail__fail(error);
}
