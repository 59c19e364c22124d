/* SPDX-License-Identifier: MIT */
/* Queries that are begun: how they complete, and in which order (O1, O2, O5). */
#include <stdatomic.h>
#include <string.h>

#include <event2/event.h>

#include "asynchronous.h"
#include "cases.h"

#include "conntrail/async.h"

static uint8_t expected[BLOB_ROOM];

/* The status and the bytes of a synchronous query of the same socket. */
static void expect_as_synchronous(struct event_base *base, query_kind kind,
                                  conntrail_socket socket) {
  static async_answer answer;
  size_t size = 0;
  conntrail_status status = t_query(kind, socket, expected, BLOB_ROOM, &size);
  async_begin(base, kind, socket, &answer);
  async_answer_and_run(base);
  expect_number(answer.calls, 1);
  expect_status(answer.status, status);
  expect_number(answer.size, status == CONNTRAIL_OK || status == CONNTRAIL_LIMIT ? size : 0);
  if (status == CONNTRAIL_OK) {
    expect_bytes(answer.blob, expected, size);
  }
}

static void expect_both_as_synchronous(struct event_base *base, conntrail_socket socket) {
  for (int turn = 0; turn < ENOUGH_TURNS; ++turn) {
    expect_as_synchronous(base, QUERY_RECORDS, socket);
    expect_as_synchronous(base, QUERY_CONTEXT, socket);
  }
}

void case_async_as_synchronous(void) {
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  expect_both_as_synchronous(base, pair.accepted);
  expect_both_as_synchronous(base, pair.client);
  expect_both_as_synchronous(base, pair.listener);
  scenario_close_pair(&pair);
  pair = scenario_direct_pair();
  expect_both_as_synchronous(base, pair.accepted);
  scenario_close_pair(&pair);
  async_close(base);
}

void case_async_refusals_as_synchronous(void) {
  fixture_open(NULL);
  struct event_base *base = async_open();
  conntrail_socket fresh = scenario_socket(NET_TCP4);
  expect_both_as_synchronous(base, fresh);
  scenario_close(fresh);
  for (net_untracked kind = NET_CLOSED; kind < NET_UNTRACKED_COUNT; ++kind) {
    conntrail_socket untracked = net_untracked_open(kind);
    expect_both_as_synchronous(base, untracked);
    net_untracked_close(kind, untracked);
  }
  async_close(base);
}

void case_async_sizes_as_synchronous(void) {
  static const size_t paddings[] = {CONNTRAIL_USUAL_BLOB, 60000, CONNTRAIL_LARGEST_BLOB};
  struct sockaddr_storage destination = scenario_destination4();
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  for (size_t index = 0; index < sizeof paddings / sizeof paddings[0]; ++index) {
    expect_status(conntrail_emu_set_record_padding(pair.service, paddings[index]), CONNTRAIL_OK);
    scenario_connect(&pair, NET_TCP4, &destination);
    expect_as_synchronous(base, QUERY_RECORDS, pair.accepted);
    scenario_close(pair.client);
    scenario_close(pair.accepted);
  }
  scenario_close(pair.listener);
  async_close(base);
}

void case_async_no_context(void) {
  struct sockaddr_storage destination = scenario_destination4();
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  expect_status(conntrail_emu_set_context_layout(pair.service, CONNTRAIL_EMU_CONTEXT_NONE),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  static async_answer answer;
  async_begin(base, QUERY_CONTEXT, pair.accepted, &answer);
  async_answer_and_run(base);
  expect_number(answer.calls, 1);
  expect_status(answer.status, CONNTRAIL_NO_CONTEXT);
  scenario_close_pair(&pair);
  async_close(base);
}

static void expect_destination_as_synchronous(struct event_base *base, conntrail_socket socket,
                                              conntrail_status wanted) {
  static async_answer answer;
  struct sockaddr_storage destination;
  expect_status(t_original_destination(socket, &destination), wanted);
  async_begin_destination(base, socket, &answer);
  async_answer_and_run(base);
  expect_number(answer.calls, 1);
  expect_status(answer.status, wanted);
  expect_number(answer.size, wanted == CONNTRAIL_OK ? sizeof destination : 0);
  if (wanted == CONNTRAIL_OK) {
    struct sockaddr_storage found;
    memcpy(&found, answer.blob, sizeof found);
    expect_address(&found, &destination);
  }
}

/* From the context, from the system (D2), and where there is neither. */
void case_async_destination(void) {
  struct sockaddr_storage destination = scenario_destination4();
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  expect_destination_as_synchronous(base, pair.accepted, CONNTRAIL_OK);
  expect_destination_as_synchronous(base, pair.client, CONNTRAIL_NOT_REDIRECTED);
  expect_destination_as_synchronous(base, pair.listener, CONNTRAIL_NOT_CONNECTED);
  scenario_close(pair.client);
  scenario_close(pair.accepted);
  expect_status(conntrail_emu_set_context_layout(pair.service, CONNTRAIL_EMU_CONTEXT_NONE),
                CONNTRAIL_OK);
  scenario_connect(&pair, NET_TCP4, &destination);
  expect_destination_as_synchronous(base, pair.accepted, CONNTRAIL_OK);
  scenario_close_pair(&pair);
  async_close(base);
}

static void never(conntrail_status status, const void *blob, size_t size, void *argument) {
  (void)status, (void)blob, (void)size;
  *(unsigned *)argument += 1;
}

void case_async_not_begun(void) {
  unsigned calls = 0;
  conntrail_request *request = NULL;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  expect_status(conntrail_event_query_records(NULL, pair.accepted, never, &calls, &request),
                CONNTRAIL_FAULT);
  expect_status(conntrail_event_query_context(base, pair.accepted, NULL, &calls, &request),
                CONNTRAIL_FAULT);
  async_run(base);
  expect_number(calls, 0);
  expect_true(request == NULL);
  async_expect_pending(0);
  scenario_close_pair(&pair);
  async_close(base);
}

enum { SEVERAL = 3 };

/* Several connections, a query of each. */
static void begin_several(struct event_base *base, scenario_pair *pairs, async_answer *answers) {
  struct sockaddr_storage destination = scenario_destination4();
  pairs[0] = scenario_redirected_pair();
  for (int index = 1; index < SEVERAL; ++index) {
    pairs[index] = pairs[0];
    scenario_connect(&pairs[index], NET_TCP4, &destination);
  }
  for (int index = 0; index < SEVERAL; ++index) {
    async_begin(base, QUERY_RECORDS, pairs[index].accepted, &answers[index]);
  }
}

static void close_several(scenario_pair *pairs) {
  for (int index = 1; index < SEVERAL; ++index) {
    pairs[index].listener = CONNTRAIL_INVALID_SOCKET;
    scenario_close_pair(&pairs[index]);
  }
  scenario_close_pair(&pairs[0]);
}

void case_async_any_order(void) {
  /* Which of those that still pend: the last, the first, the other. */
  static const size_t order[SEVERAL] = {2, 0, 0};
  static const int answered[SEVERAL] = {2, 0, 1};
  static async_answer answers[SEVERAL];
  scenario_pair pairs[SEVERAL];
  fixture_open(NULL);
  struct event_base *base = async_open();
  begin_several(base, pairs, answers);
  async_expect_pending(SEVERAL);
  for (unsigned index = 0; index < SEVERAL; ++index) {
    if (conntrail_emu_pending(fixture_emulation()) > 0) {
      expect_status(conntrail_emu_complete(fixture_emulation(), order[index]), CONNTRAIL_OK);
      async_expect_pending(SEVERAL - 1 - index);
    }
    (void)event_base_loop(base, EVLOOP_ONCE);
    expect_number(answers[answered[index]].calls, 1);
  }
  expect_status(conntrail_emu_complete(fixture_emulation(), 0), CONNTRAIL_INVALID);
  expect_part(conntrail_emu_refusal(), "0 queries pend");
  for (int index = 0; index < SEVERAL; ++index) {
    size_t size = scenario_records(pairs[index].accepted, expected);
    expect_number(answers[index].calls, 1);
    expect_number(answers[index].size, size);
    expect_bytes(answers[index].blob, expected, size);
  }
  close_several(pairs);
  async_close(base);
}

void case_async_two_on_one_socket(void) {
  static async_answer records;
  static async_answer context;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  async_begin(base, QUERY_RECORDS, pair.accepted, &records);
  async_begin(base, QUERY_CONTEXT, pair.accepted, &context);
  async_expect_pending(2);
  /* One after the other: which of two that ended is reported first is Windows' own. */
  if (conntrail_emu_pending(fixture_emulation()) > 0) {
    expect_status(conntrail_emu_complete(fixture_emulation(), 0), CONNTRAIL_OK);
  }
  (void)event_base_loop(base, EVLOOP_ONCE);
  expect_number(records.calls, 1);
  async_complete_all();
  async_run(base);
  expect_number(context.calls, 1);
  expect_status(records.status, CONNTRAIL_OK);
  expect_status(context.status, CONNTRAIL_OK);
  expect_number(context.size, 256);
  scenario_close_pair(&pair);
  async_close(base);
}

void case_async_cancelled(void) {
  static async_answer answer;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  async_begin(base, QUERY_RECORDS, pair.accepted, &answer);
  conntrail_request_cancel(answer.request);
  expect_number(answer.calls, 0);
  async_expect_pending(0);
  async_run(base);
  expect_number(answer.calls, 1);
  expect_status(answer.status, CONNTRAIL_ABORTED);
  expect_number(answer.native, 995);
  /* The socket is as it was. */
  expect_as_synchronous(base, QUERY_RECORDS, pair.accepted);
  expect_number(answer.calls, 1);
  scenario_close_pair(&pair);
  async_close(base);
}

void case_async_cancelled_after_completion(void) {
  static async_answer answer;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  async_begin(base, QUERY_RECORDS, pair.accepted, &answer);
  async_complete_all();
  conntrail_request_cancel(answer.request);
  async_run(base);
  expect_number(answer.calls, 1);
  expect_status(answer.status, CONNTRAIL_ABORTED);
  scenario_close_pair(&pair);
  async_close(base);
}

void case_async_dropped(void) {
  static async_answer answers[2];
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  async_begin(base, QUERY_RECORDS, pair.accepted, &answers[0]);
  async_begin(base, QUERY_RECORDS, pair.accepted, &answers[1]);
  if (conntrail_emu_pending(fixture_emulation()) > 0) {
    expect_status(conntrail_emu_complete(fixture_emulation(), 0), CONNTRAIL_OK);
  }
  conntrail_request_drop(answers[0].request);
  conntrail_request_drop(answers[1].request);
  async_expect_pending(0);
  async_close(base);
  scenario_close_pair(&pair);
  expect_number(answers[0].calls, 0);
  expect_number(answers[1].calls, 0);
}

/* Never answered until the socket is closed: then ABORTED, once. Where the system answered before,
 * its answer holds. */
void case_async_closed(void) {
  static async_answer answer;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  async_begin(base, QUERY_RECORDS, pair.accepted, &answer);
  async_expect_pending(1);
  scenario_close(pair.accepted);
  pair.accepted = CONNTRAIL_INVALID_SOCKET;
  async_expect_pending(0);
  expect_number(answer.calls, 0);
  async_run(base);
  expect_number(answer.calls, 1);
  bool pended = fixture_profile() == CONNTRAIL_EMU_CONTRARY;
  expect_status(answer.status, pended ? CONNTRAIL_ABORTED : CONNTRAIL_OK);
  expect_number(answer.native, pended ? 995 : 0);
  scenario_close_pair(&pair);
  async_close(base);
}

/* The emulation ends: what pends in it ends with ABORTED as well. */
void case_async_emulation_ends(void) {
  static async_answer answer;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  bool pended = fixture_profile() == CONNTRAIL_EMU_CONTRARY;
  async_begin(base, QUERY_RECORDS, pair.accepted, &answer);
  fixture_close();
  async_run(base);
  expect_number(answer.calls, 1);
  expect_status(answer.status, pended ? CONNTRAIL_ABORTED : CONNTRAIL_OK);
  scenario_close_pair(&pair);
  async_close(base);
}

/* The blob stays what it was until the callback, whatever happened to the socket since. */
void case_async_buffer_is_kept(void) {
  static async_answer answer;
  static async_answer other;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, expected);
  async_begin(base, QUERY_RECORDS, pair.accepted, &answer);
  async_begin(base, QUERY_CONTEXT, pair.accepted, &other);
  other.is_quiet = true;
  async_complete_all();
  scenario_close_pair(&pair);
  expect_number(answer.calls, 0);
  async_run(base);
  expect_number(other.calls, 1);
  expect_status(answer.status, CONNTRAIL_OK);
  expect_number(answer.size, size);
  expect_bytes(answer.blob, expected, size);
  expect_number(other.size, 256);
  async_close(base);
}

static void complete_beside(void *argument) {
  (void)argument;
  while (conntrail_emu_pending(fixture_emulation()) > 0) {
    (void)conntrail_emu_complete(fixture_emulation(), 0);
  }
}

/* The base waits in this thread, and has no locks. */
void case_async_from_another_thread(void) {
  enum { ROUNDS = 50 };
  static async_answer answer;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, expected);
  for (int round = 0; round < ROUNDS; ++round) {
    async_begin(base, QUERY_RECORDS, pair.accepted, &answer);
    fixture_thread_start(complete_beside, NULL);
    async_run(base);
    expect_number(answer.calls, 1);
    expect_number(answer.size, size);
    expect_bytes(answer.blob, expected, size);
    fixture_thread_join();
  }
  scenario_close_pair(&pair);
  async_close(base);
}

typedef struct without_base {
  conntrail_operation *operation;
  atomic_uint completions;
} without_base;

static void on_completion(void *argument) {
  without_base *alone = argument;
  atomic_fetch_add(&alone->completions, 1);
}

/* Without libevent. */
void case_async_operation(void) {
  without_base alone = {NULL, 0};
  const void *records = NULL;
  size_t size = 0;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t wanted = scenario_records(pair.accepted, expected);
  expect_status(
      conntrail_begin_query_records(pair.accepted, on_completion, &alone, &alone.operation),
      CONNTRAIL_OK);
  bool pends = fixture_profile() == CONNTRAIL_EMU_CONTRARY;
  expect_number(atomic_load(&alone.completions), pends ? 0 : 1);
  expect_status(conntrail_operation_result(alone.operation, NULL, NULL),
                pends ? CONNTRAIL_PENDING : CONNTRAIL_OK);
  async_complete_all();
  /* On Windows a thread of the system's runs it. */
  while (atomic_load(&alone.completions) == 0) {
  }
  expect_status(conntrail_operation_result(alone.operation, &records, &size), CONNTRAIL_OK);
  expect_number(size, wanted);
  expect_bytes(records, expected, size);
  scenario_close_pair(&pair);
  expect_number(atomic_load(&alone.completions), 1);
  conntrail_operation_free(alone.operation);
}
