/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONTRACT_H
#define CONNTRAIL_CONTRACT_H

/* What the two files of the contract of the control codes share. */

#include "internal.h"

typedef struct conntrail__contract_answer {
  uint32_t native;
  uint32_t bytes;
} conntrail__contract_answer;

conntrail_emu_operation conntrail__contract_operation(uint32_t code);
/* Whether it sets no bytes. */
bool conntrail__contract_is_empty(const conntrail__call *call);
/* What the profile answers. size: of the blob, or of what is set. socket may be NULL. */
conntrail__contract_answer conntrail__contract_answer_of(conntrail_emu *emu,
                                                         const conntrail__socket *socket,
                                                         conntrail_emu_situation situation,
                                                         uint32_t size,
                                                         const conntrail__call *call);
/* The situation of this query; named by that of a query of records. */
conntrail_emu_situation conntrail__contract_situation(conntrail_emu_situation records,
                                                      uint32_t code);

#endif
