/* SPDX-License-Identifier: MIT */

#include "conntrail/status.h"

#include <stddef.h>

#include "backend.h"
#include "failure.h"

/* The switches take int: any value may come in, and an enumeration promises otherwise. */

#define NAME_CASE(name, number, native, sentence)                                                  \
  case CONNTRAIL_##name:                                                                           \
    return #name;
#define OUTBOUND_NAME_CASE(name, number, native, sentence)                                         \
  case CONNTRAIL_OUTBOUND_##name:                                                                  \
    return "OUTBOUND_" #name;

const char *conntrail_status_name(conntrail_status status) {
  switch ((int)status) {
    CONNTRAIL_SUCCESS_MAP(NAME_CASE)
    CONNTRAIL_FAILURE_MAP(NAME_CASE)
    CONNTRAIL_FAILURE_MAP(OUTBOUND_NAME_CASE)
  default:
    return "?";
  }
}

#define SENTENCE_CASE(name, number, native, sentence)                                              \
  case CONNTRAIL_##name:                                                                           \
    return sentence;
#define OUTBOUND_SENTENCE_CASE(name, number, native, sentence)                                     \
  case CONNTRAIL_OUTBOUND_##name:                                                                  \
    return "on the outbound socket: " sentence;

const char *conntrail_status_sentence(conntrail_status status) {
  switch ((int)status) {
    CONNTRAIL_SUCCESS_MAP(SENTENCE_CASE)
    CONNTRAIL_FAILURE_MAP(SENTENCE_CASE)
    CONNTRAIL_FAILURE_MAP(OUTBOUND_SENTENCE_CASE)
  default:
    return "this value is not a status of conntrail";
  }
}

#define CAUSE_CASE(name, number, native, sentence)                                                 \
  case CONNTRAIL_OUTBOUND_##name:                                                                  \
    return CONNTRAIL_##name;

conntrail_status conntrail_status_cause(conntrail_status status) {
  switch ((int)status) {
    CONNTRAIL_FAILURE_MAP(CAUSE_CASE)
  default:
    return status;
  }
}

typedef struct pair {
  conntrail_status status;
  uint32_t native;
} pair;

#define PAIR(name, number, native, sentence) {CONNTRAIL_##name, (native)},

static const pair table[] = {CONNTRAIL_FAILURE_MAP(PAIR)};

/* Numbers beside the table's. [S] Microsoft's WFPSampler expects FWP_E_NOT_FOUND of a query. */
static const pair further[] = {
    {CONNTRAIL_NO_MEMORY, CONNTRAIL__WSA_NOT_ENOUGH_MEMORY},
    {CONNTRAIL_NOT_REDIRECTED, CONNTRAIL__FWP_E_NOT_FOUND},
    /* [D] Each says of a datagram that it, or an earlier one, was not delivered. */
    {CONNTRAIL_UNREACHABLE, CONNTRAIL__WSAEADDRNOTAVAIL},
    {CONNTRAIL_UNREACHABLE, CONNTRAIL__WSAENETUNREACH},
    {CONNTRAIL_UNREACHABLE, CONNTRAIL__WSAENETRESET},
    {CONNTRAIL_UNREACHABLE, CONNTRAIL__WSAECONNRESET},
    {CONNTRAIL_UNREACHABLE, CONNTRAIL__WSAECONNREFUSED},
};

static const pair *find_native(const pair *pairs, size_t count, uint32_t native) {
  for (size_t i = 0; i < count; i++) {
    if (pairs[i].native == native) {
      return &pairs[i];
    }
  }
  return NULL;
}

/* Where statuses share a number, the first of the list is the one that assumes less. */
conntrail_status conntrail_status_from_native(uint32_t native) {
  /* In the table 0 means "no number of its own", and would be found there. */
  if (native == 0) {
    return CONNTRAIL_OK;
  }
  const pair *found = find_native(table, sizeof table / sizeof *table, native);
  if (found == NULL) {
    found = find_native(further, sizeof further / sizeof *further, native);
  }
  return found != NULL ? found->status : CONNTRAIL_UNKNOWN;
}

uint32_t conntrail_native_error(void) {
  return conntrail__backend_last_error();
}

static uint32_t usual_native(conntrail_status status) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (table[i].status == status) {
      return table[i].native;
    }
  }
  return 0;
}

conntrail__verdict conntrail__own_verdict(conntrail_status status) {
  return (conntrail__verdict){status, 0};
}

/* The seam's own answers, and what is then reported of them: no system's number is behind most. */
static const struct {
  uint32_t answer;
  conntrail__verdict verdict;
} seam_answers[] = {
    {CONNTRAIL__NO_RECORDS, {CONNTRAIL_NOT_SUPPORTED, CONNTRAIL__WSAEOPNOTSUPP}},
    {CONNTRAIL__DESTINATION_UNKNOWN, {CONNTRAIL_DESTINATION_UNKNOWN, 0}},
    {CONNTRAIL__DESTINATION_IS_PROXY, {CONNTRAIL_DESTINATION_IS_PROXY, 0}},
    {CONNTRAIL__DESTINATION_ACCESS, {CONNTRAIL_DESTINATION_ACCESS, 0}},
    {CONNTRAIL__MULTIPATH, {CONNTRAIL_MULTIPATH, 0}},
};

conntrail__verdict conntrail__native_verdict(uint32_t native) {
  for (size_t i = 0; i < sizeof seam_answers / sizeof *seam_answers; i++) {
    if (seam_answers[i].answer == native) {
      return seam_answers[i].verdict;
    }
  }
  return (conntrail__verdict){conntrail_status_from_native(native), native};
}

conntrail_status conntrail__report(conntrail__verdict verdict) {
  if (verdict.status < 0) {
    uint32_t native = verdict.native != 0 ? verdict.native : usual_native(verdict.status);
    conntrail__backend_set_last_error(native);
  }
  return verdict.status;
}

conntrail_status conntrail_report(conntrail_status status) {
  return conntrail__report(conntrail__own_verdict(status));
}
