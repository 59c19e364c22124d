/* SPDX-License-Identifier: MIT */

/*
 * What the library costs over a raw WSAIoctl: both ask for the records of the same socket, in turn,
 * with the emulation behind both. Prints the ratio of each round's times; nothing is asserted.
 */

#include <stdio.h>
#include <stdlib.h>

#include "../../backend-win/wfp_codes.h"
#include "conntrail/conntrail.h"
#include "fixture.h"
#include "scenario.h"

enum { ROUNDS = 101, CALLS = 20000, WARM_UP = 2000 };

static unsigned char records[CONNTRAIL_USUAL_BLOB];

static void ask_raw(SOCKET of, int calls) {
  DWORD bytes = 0;
  for (int call = 0; call < calls; call++) {
    (void)WSAIoctl(of, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, NULL, 0, records,
                   (DWORD)sizeof records, &bytes, NULL, NULL);
  }
}

static void ask_library(SOCKET of, int calls) {
  size_t size = 0;
  for (int call = 0; call < calls; call++) {
    (void)conntrail_query_records(of, records, sizeof records, &size);
  }
}

static double time_of(void (*ask)(SOCKET of, int calls), SOCKET of) {
  LARGE_INTEGER begin, end;
  QueryPerformanceCounter(&begin);
  ask(of, CALLS);
  QueryPerformanceCounter(&end);
  return (double)(end.QuadPart - begin.QuadPart);
}

static int by_value(const void *a, const void *b) {
  double one = *(const double *)a, other = *(const double *)b;
  return (one > other) - (one < other);
}

int main(void) {
  static double ratios[ROUNDS];
  static double raws[ROUNDS];
  LARGE_INTEGER frequency;
  QueryPerformanceFrequency(&frequency);
  fixture_begin(CONNTRAIL_EMU_DOCUMENTED);
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  ask_raw(pair.accepted, WARM_UP);
  ask_library(pair.accepted, WARM_UP);
  for (int round = 0; round < ROUNDS; round++) {
    raws[round] = time_of(ask_raw, pair.accepted);
    ratios[round] = time_of(ask_library, pair.accepted) / raws[round];
  }
  qsort(ratios, ROUNDS, sizeof ratios[0], by_value);
  qsort(raws, ROUNDS, sizeof raws[0], by_value);
  double nanoseconds = raws[ROUNDS / 2] * 1e9 / (double)frequency.QuadPart / (double)CALLS;
  printf("query of records, library / raw WSAIoctl: min %.3f median %.3f max %.3f "
         "(raw %.0f ns, %d rounds of %d calls)\n",
         ratios[0], ratios[ROUNDS / 2], ratios[ROUNDS - 1], nanoseconds, ROUNDS, CALLS);
  scenario_close_pair(&pair);
  fixture_end();
  return 0;
}
