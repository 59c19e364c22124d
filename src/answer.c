/* SPDX-License-Identifier: MIT */

#include "answer.h"

#include <stdbool.h>

#include "backend.h"
#include "conntrail/conntrail.h"
#include "failure.h"

/*
 * [D] 122 in the remarks of both query pages; 10014 on the general page of WSAIoctl.
 * [S] 10040 and 10055: shipped code meets or expects them, each with the needed size.
 */
static bool may_say_too_small(uint32_t native) {
  switch (native) {
  case CONNTRAIL__ERROR_INSUFFICIENT_BUFFER:
  case CONNTRAIL__WSAEFAULT:
  case CONNTRAIL__WSAEMSGSIZE:
  case CONNTRAIL__WSAENOBUFS:
    return true;
  default:
    return false;
  }
}

/* [S] WFPSampler expects the second; 1168 is Win32's word for the kernel's STATUS_NOT_FOUND. */
static bool says_not_found(uint32_t native) {
  return native == CONNTRAIL__ERROR_NOT_FOUND || native == CONNTRAIL__FWP_E_NOT_FOUND;
}

static conntrail__meaning meaning_of_size(const conntrail__answer *answer) {
  if (answer->bytes > CONNTRAIL_LARGEST_BLOB) {
    return CONNTRAIL__TOO_LARGE;
  }
  if (answer->bytes > answer->capacity) {
    return CONNTRAIL__TOO_SMALL;
  }
  return answer->native == 0 ? CONNTRAIL__FITS : CONNTRAIL__AMBIGUOUS;
}

conntrail__meaning conntrail__answer_meaning(const conntrail__answer *answer) {
  if (answer->native == CONNTRAIL__NO_RECORDS) {
    return CONNTRAIL__NO_RECORDS_HERE;
  }
  if (says_not_found(answer->native)) {
    return CONNTRAIL__NOT_FOUND;
  }
  /* [D] The kernel's page describes the size query as completing: 0 with the needed size. */
  if (answer->native == 0 || may_say_too_small(answer->native)) {
    return meaning_of_size(answer);
  }
  /* [D] "too small" by the parameter section; [S] measured for "not redirected" (Q5). */
  if (answer->native == CONNTRAIL__WSAEINVAL && answer->bytes == 0) {
    return CONNTRAIL__AMBIGUOUS;
  }
  return CONNTRAIL__REFUSED;
}
