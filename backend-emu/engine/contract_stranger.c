/* SPDX-License-Identifier: MIT */
#include "../../src/numbers.h"
#include "contract.h"
#include "emulation.h"
#include "fault.h"

/* The control codes on a descriptor that the emulation does not track. */

typedef conntrail__contract_answer answer;

static bool is_of_other_kind(const conntrail__stranger *stranger) {
  return !stranger->is_internet || (!stranger->is_stream && !stranger->is_datagram);
}

/* Q16 as far as it goes without a record: kind, then state. False: nothing is wrong. */
static bool find_query_situation(const conntrail__stranger *stranger,
                                 conntrail_emu_situation *situation) {
  if (!stranger->is_socket) {
    *situation = CONNTRAIL_EMU_SITUATION_RECORDS_NOT_A_SOCKET;
  } else if (is_of_other_kind(stranger)) {
    *situation = CONNTRAIL_EMU_SITUATION_RECORDS_OTHER_SOCKET;
  } else if (stranger->is_connected) {
    return false;
  } else if (stranger->is_datagram) {
    *situation = CONNTRAIL_EMU_SITUATION_RECORDS_DATAGRAM;
  } else {
    *situation = stranger->is_listening ? CONNTRAIL_EMU_SITUATION_RECORDS_LISTENING
                                        : CONNTRAIL_EMU_SITUATION_RECORDS_FRESH;
  }
  return true;
}

/* The same for a set. */
static bool find_set_situation(const conntrail__stranger *stranger,
                               conntrail_emu_situation *situation) {
  if (!stranger->is_socket) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_NOT_A_SOCKET;
  } else if (is_of_other_kind(stranger)) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_OTHER_SOCKET;
  } else if (stranger->is_datagram) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_DATAGRAM;
  } else if (stranger->is_listening) {
    *situation = CONNTRAIL_EMU_SITUATION_SET_LISTENING;
  } else {
    *situation = CONNTRAIL_EMU_SITUATION_SET_CONNECTED;
    return stranger->is_connected;
  }
  return true;
}

static bool find_stranger_situation(const conntrail__stranger *stranger, uint32_t code,
                                    conntrail_emu_situation *situation) {
  if (code == CONNTRAIL__SET_RECORDS) {
    return find_set_situation(stranger, situation);
  }
  bool is_wrong = find_query_situation(stranger, situation);
  if (is_wrong) {
    *situation = conntrail__contract_situation(*situation, code);
  }
  return is_wrong;
}

/* A system without WFP redirection says the same of these as the documents do. */
uint32_t conntrail__idle_ioctl(const conntrail__stranger *stranger, const conntrail__call *call) {
  conntrail_emu_situation situation = CONNTRAIL_EMU_SITUATION_SET_EMPTY;
  uint32_t native = conntrail__call_check(call);
  if (call->bytes != NULL) {
    *call->bytes = 0;
  }
  if (native != 0) {
    return native;
  }
  if (conntrail__contract_is_empty(call) ||
      find_stranger_situation(stranger, call->code, &situation)) {
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

static answer answer_stranger(conntrail_emu *emu, const conntrail__stranger *stranger,
                              const conntrail__call *call) {
  answer a = {0, 0};
  conntrail_emu_situation situation;
  if (conntrail__contract_is_empty(call)) {
    return conntrail__contract_answer_of(emu, NULL, CONNTRAIL_EMU_SITUATION_SET_EMPTY, 0, call);
  }
  if (stranger->is_socket && stranger->is_internet && stranger->is_stream) {
    conntrail__note_misuse(emu, NULL, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  }
  if (find_stranger_situation(stranger, call->code, &situation)) {
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

uint32_t conntrail__stranger_ioctl(conntrail_emu *emu, const conntrail__stranger *stranger,
                                   const conntrail__call *call) {
  answer a = {conntrail__call_check(call), 0};
  if (a.native == 0) {
    a = answer_stranger(emu, stranger, call);
  }
  if (call->bytes != NULL) {
    *call->bytes = a.bytes;
  }
  return a.native;
}
