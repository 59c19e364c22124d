/* SPDX-License-Identifier: MIT */
#include "../../src/numbers.h"
#include "contract.h"
#include "emulation.h"
#include "fault.h"

/* The control codes on a descriptor that the emulation does not track. */

typedef conntrail__contract_answer answer;

static bool is_of_other_kind(const conntrail__untracked *untracked) {
  return !untracked->is_internet || (!untracked->is_stream && !untracked->is_datagram);
}

/* Q16 as far as it goes without a record: kind, then state. False: nothing is wrong. */
static bool find_query_situation(const conntrail__untracked *untracked,
                                 conntrail_emu_situation *situation) {
  if (!untracked->is_socket) {
    *situation = CONNTRAIL_EMU_SITUATION_RECORDS_NOT_A_SOCKET;
  } else if (is_of_other_kind(untracked)) {
    *situation = CONNTRAIL_EMU_SITUATION_RECORDS_OTHER_SOCKET;
  } else if (untracked->is_connected) {
    return false;
  } else if (untracked->is_datagram) {
    *situation = CONNTRAIL_EMU_SITUATION_RECORDS_DATAGRAM;
  } else {
    *situation = untracked->is_listening ? CONNTRAIL_EMU_SITUATION_RECORDS_LISTENING
                                         : CONNTRAIL_EMU_SITUATION_RECORDS_FRESH;
  }
  return true;
}

/* The same for a set. */
static bool find_set_situation(const conntrail__untracked *untracked,
                               conntrail_emu_situation *situation) {
  if (!untracked->is_socket) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_NOT_A_SOCKET;
  } else if (is_of_other_kind(untracked)) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_OTHER_SOCKET;
  } else if (untracked->is_datagram) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_DATAGRAM;
  } else if (untracked->is_listening) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_LISTENING;
  } else {
    *situation = CONNTRAIL_EMU_SITUATION_SET_CONNECTED;
    return untracked->is_connected;
  }
  return true;
}

static bool find_untracked_situation(const conntrail__untracked *untracked, uint32_t code,
                                     conntrail_emu_situation *situation) {
  if (code == CONNTRAIL__SET_RECORDS) {
    return find_set_situation(untracked, situation);
  }
  bool is_wrong = find_query_situation(untracked, situation);
  if (is_wrong) {
    *situation = conntrail__contract_situation(*situation, code);
  }
  return is_wrong;
}

/* A system without WFP redirection says the same of these as the documents do. */
uint32_t conntrail__idle_ioctl(const conntrail__untracked *untracked, const conntrail__call *call) {
  conntrail_emu_situation situation = CONNTRAIL_EMU_SITUATION_SET_EMPTY;
  uint32_t native = conntrail__call_check(call);
  if (call->bytes != NULL) {
    *call->bytes = 0;
  }
  if (native != 0) {
    return native;
  }
  if (conntrail__contract_is_empty(call) ||
      find_untracked_situation(untracked, call->code, &situation)) {
    return conntrail__builtin_table(CONNTRAIL_EMU_DOCUMENTED)->rows[situation].answers[0].native;
  }
  return CONNTRAIL__WSAEOPNOTSUPP;
}

/* X7: what the emulation does not know is not redirected, and takes no records. */
static answer answer_outside(conntrail_emu *emu, const conntrail__call *call) {
  return call->code == CONNTRAIL__SET_RECORDS
             ? (answer){CONNTRAIL__WSAEINVAL, 0}
             : conntrail__contract_answer_of(
                   emu, NULL,
                   conntrail__contract_situation(CONNTRAIL_EMU_SITUATION_RECORDS_NOT_REDIRECTED,
                                                 call->code),
                   0, call);
}

static answer answer_untracked(conntrail_emu *emu, const conntrail__untracked *untracked,
                               const conntrail__call *call) {
  answer a = {0, 0};
  conntrail_emu_situation situation;
  if (conntrail__contract_is_empty(call)) {
    return conntrail__contract_answer_of(emu, NULL, CONNTRAIL_EMU_SITUATION_SET_EMPTY, 0, call);
  }
  if (untracked->is_socket && untracked->is_internet && untracked->is_stream) {
    conntrail__note_misuse(emu, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
  if (find_untracked_situation(untracked, call->code, &situation)) {
    return conntrail__contract_answer_of(emu, NULL, situation, call->in_size, call);
  }
  if (conntrail__fault_strikes(emu, conntrail__contract_operation(call->code), NULL, &a.native,
                               &a.bytes)) {
    return a;
  }
  if (emu->options.windows_7) {
    a.native = CONNTRAIL__WSAEOPNOTSUPP;
    return a;
  }
  return answer_outside(emu, call);
}

uint32_t conntrail__untracked_ioctl(conntrail_emu *emu, const conntrail__untracked *untracked,
                                    const conntrail__call *call) {
  answer a = {conntrail__call_check(call), 0};
  if (a.native == 0) {
    a = answer_untracked(emu, untracked, call);
  }
  if (call->bytes != NULL) {
    *call->bytes = a.bytes;
  }
  return a.native;
}
