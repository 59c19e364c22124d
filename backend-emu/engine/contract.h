/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CONTRACT_H
#define CONNTRAIL_CONTRACT_H

/* The contract of the control codes, as the engine's own files share it. */

#include "engine.h"

typedef struct conntrail__blob conntrail__blob;

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

/* What is wrong with a call whatever the socket is; 0: nothing. */
uint32_t conntrail__call_check(const conntrail__call *call);
/* The socket got these records: in the trail, and their connection is transferred. */
void conntrail__records_taken(conntrail__socket *socket, const conntrail__blob *records);

#endif
