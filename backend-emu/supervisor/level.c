/* SPDX-License-Identifier: MIT */
#include "level.h"

#include <errno.h>

#include "../../src/numbers.h"
#include "borrow.h"
#include "describe.h"
#include "endings.h"
#include "handlers.h"
#include "known.h"
#include "memory.h"
#include "notice.h"
#include "process.h"
#include "state.h"

/* getsockopt(SOL_CONNTRAIL), and what the level needs to know of a program's socket. */

uint32_t *conntrail__last_error(const conntrail__notice *notice) {
  conntrail__slot *slot = conntrail__slot_of(notice);
  return slot != NULL ? &slot->native_error : &notice->supervisor->nobodys_error;
}

/* ---- A socket at this level ------------------------------------------------------------------ */

static uint32_t control(const void *own, const conntrail__call *call) {
  const conntrail__level_notice *asked = own;
  uint32_t lack = 0;
  conntrail__known *known = conntrail__know(asked->notice, asked->own, &lack);
  if (lack != 0) {
    return lack;
  }
  if (known == NULL) {
    const conntrail__untracked untracked = conntrail__describe_untracked(asked->own);
    return conntrail__untracked_ioctl(asked->notice->supervisor->emu, &untracked, call);
  }
  conntrail__settle(known, asked->own);
  const conntrail__identity who = conntrail__identify(asked->notice);
  return conntrail__socket_ioctl(known->socket, &who, call);
}

static uint32_t original(const void *own, conntrail__address *destination) {
  const conntrail__level_notice *asked = own;
  uint32_t lack = 0;
  const conntrail__known *known = conntrail__know(asked->notice, asked->own, &lack);
  if (lack != 0) {
    return lack;
  }
  if (known == NULL) {
    return conntrail__describe_untracked(asked->own).is_socket ? CONNTRAIL__WSAENOPROTOOPT
                                                               : CONNTRAIL__WSAENOTSOCK;
  }
  const conntrail__identity who = conntrail__identify(asked->notice);
  return conntrail__socket_original_destination(known->socket, &who, destination);
}

static void note_layout(const void *own, uint32_t size) {
  const conntrail__level_notice *asked = own;
  const conntrail__supervisor *supervisor = asked->notice->supervisor;
  const conntrail__known *known =
      conntrail__find_known(supervisor, conntrail__cookie_of(asked->own));
  if (known != NULL) {
    conntrail__note_misuse(supervisor->emu, known->socket, CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT,
                           size);
  }
}

static conntrail__untracked describe(const void *own) {
  return conntrail__describe_untracked(((const conntrail__level_notice *)own)->own);
}

static int error_of(const void *own, uint32_t native) {
  (void)own;
  return conntrail__level_errno(native);
}

conntrail__level conntrail__level_of(const conntrail__level_notice *asked) {
  return (conntrail__level){.own = asked,
                            .control = control,
                            .original = original,
                            .note_layout = note_layout,
                            .describe = describe,
                            .error_of = error_of,
                            .last_error = conntrail__last_error(asked->notice)};
}

/* ---- The simple form ------------------------------------------------------------------------- */

static conntrail__answer give_value(const conntrail__notice *notice, const void *value,
                                    uint32_t size) {
  uint32_t room = 0;
  int error = conntrail__read_memory(notice, &room, notice->args[4], sizeof room);
  if (error == 0 && room < size) {
    error = EINVAL;
  }
  if (error == 0) {
    error = conntrail__write_memory(notice, notice->args[3], value, size);
  }
  if (error == 0) {
    error = conntrail__write_memory(notice, notice->args[4], &size, sizeof size);
  }
  return conntrail__fail(error);
}

static conntrail__answer get_simple(const conntrail__level *level, const conntrail__notice *notice,
                                    int name) {
  const unsigned char *value;
  uint32_t size;
  int error = conntrail__level_get(level, name, notice->supervisor->answer, &value, &size);
  return error != 0 ? conntrail__fail(error) : give_value(notice, value, size);
}

/* ---- The full form, with all of WSAIoctl's arguments ----------------------------------------- */

bool conntrail__answers_of_nothing(const conntrail__notice *notice) {
  return notice->call == CONNTRAIL__SYS_GETSOCKOPT && (int)notice->args[1] == SOL_CONNTRAIL &&
         (int)notice->args[2] == CONNTRAIL_LINUX_CALL;
}

static uint32_t at_most(uint32_t size, size_t most) {
  return size < most ? size : (uint32_t)most;
}

/* The input goes to the supervisor's room for control data. What is larger than any records is none
 * of them, whatever it holds. */
static void call_with_input(const conntrail__level *level, const conntrail__notice *notice,
                            struct conntrail_linux_call *asked) {
  conntrail__supervisor *supervisor = notice->supervisor;
  const conntrail__level_buffers buffers = {asked->in == 0 ? NULL : supervisor->control,
                                            at_most(asked->in_size, sizeof supervisor->control),
                                            notice->args[3] == 0 ? NULL : supervisor->answer,
                                            at_most(asked->length, sizeof supervisor->answer)};
  int error = 0;
  if (buffers.in != NULL && conntrail__is_redirect_code(asked->code)) {
    error = conntrail__read_memory(notice, supervisor->control, asked->in, buffers.in_size);
  }
  if (error != 0) {
    asked->native = conntrail__native_number_of(error);
    asked->length = 0;
    return;
  }
  conntrail__level_call(level, asked, &buffers);
}

static conntrail__answer get_full(const conntrail__level *level, const conntrail__notice *notice) {
  struct conntrail_linux_call asked;
  /* The last argument is the address of the structure's first member: linux.h. */
  int error = conntrail__read_memory(notice, &asked, notice->args[4], sizeof asked);
  if (error != 0) {
    return conntrail__fail(error);
  }
  if (asked.version != CONNTRAIL_LINUX_INTERFACE || asked.size != sizeof asked) {
    return conntrail__fail(EPROTO);
  }
  call_with_input(level, notice, &asked);
  error =
      conntrail__write_memory(notice, notice->args[3], notice->supervisor->answer, asked.length);
  if (error == 0) {
    error = conntrail__write_memory(notice, notice->args[4], &asked, sizeof asked);
  }
  return conntrail__fail(error);
}

conntrail__answer conntrail__get_level_option(const conntrail__notice *notice, int own, int name) {
  const conntrail__level_notice asked = {notice, own};
  const conntrail__level level = conntrail__level_of(&asked);
  if (name == CONNTRAIL_LINUX_CALL) {
    return get_full(&level, notice);
  }
  return conntrail__describe_untracked(own).is_socket ? get_simple(&level, notice, name)
                                                      : conntrail__fail(ENOTSOCK);
}
