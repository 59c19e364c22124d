/* SPDX-License-Identifier: MIT */
/*
 * The 33 pairs of call and error code that the documents list, each made to happen: by its cause
 * where a program can cause it everywhere, else by a fault. A case per pair, so that a place can
 * say of each whether it holds. A cause that exists in one environment only has a case beside it.
 */
#include <stdatomic.h>
#include <string.h>

#include "asynchronous.h"
#include "cases.h"
#include "conntrail/async.h"
#include "scenario.h"

typedef enum pair_call { CALL_RECORDS, CALL_CONTEXT, CALL_SET } pair_call;

typedef struct pair_row pair_row;
struct pair_row {
  pair_call call;
  uint32_t native;
  conntrail_status status;
  void (*make_happen)(const pair_row *row);
};

static uint8_t blob[BLOB_ROOM];

/* The calls as a correct program makes them. */
static conntrail_status make_call(pair_call call, conntrail_socket socket, const void *records,
                                  size_t records_size) {
  size_t size = UNTOUCHED_SIZE;
  if (call == CALL_SET) {
    return t_set_records(socket, records, records_size);
  }
  return t_query(call == CALL_RECORDS ? QUERY_RECORDS : QUERY_CONTEXT, socket, blob, sizeof blob,
                 &size);
}

static void expect_pair(const pair_row *row, conntrail_socket socket, const void *records,
                        size_t size) {
  expect_status(make_call(row->call, socket, records, size), row->status);
  expect_number(conntrail_native_error(), row->native);
}

static conntrail_emu_operation operation_of(pair_call call) {
  static const conntrail_emu_operation operations[] = {
      CONNTRAIL_EMU_QUERY_RECORDS, CONNTRAIL_EMU_QUERY_CONTEXT, CONNTRAIL_EMU_SET_RECORDS};
  return operations[call];
}

/*
 * The system refuses once, and then no more. That is the only cause, in every environment, of
 * 995, 997  of a set, which is never begun: only a begun call can pend and be cancelled
 * 10004  from WSACancelBlockingCall(), which Winsock 2 does not have. The other cause, a signal,
 *        does not reach a caller either: backend-linux asks again
 * 10042  of a transport provider that does not know the control code: the emulation is one that
 *        does, and neither Linux nor Wine can have another
 * Two have a real cause in one environment, with a case of its own below:
 * 10036  from a blocking hook, which Winsock 2 does not have, or a callback of Winsock. The
 *        emulation of a process on Linux says so in a signal handler that interrupted it: it cannot
 *        wait there. The supervisor is never interrupted, and Windows has no signals
 * 10050  of a network subsystem that failed: of a supervisor that has no descriptor left. The
 *        emulation of a process needs none. Of a supervisor that ended (P4), too, but no case of
 *        this suite outlives it
 */
static void by_fault(const pair_row *row) {
  static uint8_t records[BLOB_ROOM];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, records);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  conntrail_socket asked = row->call == CALL_SET ? outbound : pair.accepted;
  conntrail_emu_fault fault = scenario_fault(operation_of(row->call), row->native);
  fault.nth = 1;
  scenario_add_fault(&fault);
  expect_pair(row, asked, records, size);
  expect_number(scenario_count(CONNTRAIL_EMU_FAULT), 1);
  expect_status(make_call(row->call, asked, records, size), CONNTRAIL_OK);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

/* ---- In a signal handler --------------------------------------------------------------------- */

static struct {
  const pair_row *row;
  conntrail_socket asked;
  atomic_int is_armed;
  conntrail_status status;
  uint32_t native;
} handler;

/* Where the thread was outside of the emulation, a query succeeds, and a set of what are no records
 * is refused. Neither takes or frees memory, which a handler must not. */
static conntrail_status usual_in_handler(pair_call call) {
  return call == CALL_SET ? CONNTRAIL_INVALID : CONNTRAIL_OK;
}

static void ask_in_handler(void) {
  static uint8_t answer[BLOB_ROOM];
  size_t size = 0;
  if (handler.is_armed == 0) {
    return;
  }
  switch (handler.row->call) {
  case CALL_RECORDS:
    handler.status = conntrail_query_records(handler.asked, answer, sizeof answer, &size);
    break;
  case CALL_CONTEXT:
    handler.status = conntrail_query_context(handler.asked, answer, sizeof answer, &size);
    break;
  case CALL_SET:
  default:
    handler.status = conntrail_set_records(handler.asked, "x", 1);
  }
  if (handler.status != usual_in_handler(handler.row->call)) {
    handler.native = conntrail_native_error();
    handler.is_armed = 0;
  }
}

/* Signals interrupt calls that the emulation watches, until one comes while the emulation is at
 * work. */
static void by_signal(const pair_row *row) {
  enum { MOST_CALLS = 10000000 };
  struct sockaddr_storage peer;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, blob);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  handler.row = row;
  handler.asked = row->call == CALL_SET ? outbound : pair.accepted;
  handler.is_armed = 0;
  fixture_signals_begin(ask_in_handler);
  handler.is_armed = 1;
  for (int calls = 0; calls < MOST_CALLS && handler.is_armed != 0; ++calls) {
    (void)net_peer(pair.client, &peer);
  }
  handler.is_armed = 0;
  fixture_signals_end();
  expect_status(handler.status, row->status);
  expect_number(handler.native, row->native);
  expect_status(make_call(row->call, handler.asked, blob, size), CONNTRAIL_OK);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

/* ---- The others ------------------------------------------------------------------------------ */

static void by_lack_of_descriptors(const pair_row *row) {
  static uint8_t records[BLOB_ROOM];
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, records);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  conntrail_socket asked = row->call == CALL_SET ? outbound : pair.accepted;
  fixture_descriptors_forbid();
  conntrail_status status = make_call(row->call, asked, records, size);
  uint32_t native = conntrail_native_error();
  fixture_descriptors_allow();
  expect_status(status, row->status);
  expect_number(native, row->native);
  expect_status(make_call(row->call, asked, records, size), CONNTRAIL_OK);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

static void by_cancelling(const pair_row *row) {
  static async_answer answer;
  fixture_open(NULL);
  struct event_base *base = async_open();
  scenario_pair pair = scenario_redirected_pair();
  async_begin(base, row->call == CALL_RECORDS ? QUERY_RECORDS : QUERY_CONTEXT, pair.accepted,
              &answer);
  conntrail_request_cancel(answer.request);
  async_run(base);
  expect_number(answer.calls, 1);
  expect_status(answer.status, row->status);
  expect_number(answer.native, row->native);
  expect_status(make_call(row->call, pair.accepted, NULL, 0), CONNTRAIL_OK);
  scenario_close_pair(&pair);
  async_close(base);
}

static void on_completion(void *argument) {
  atomic_store((atomic_bool *)argument, true);
}

/* Asked for its result before the system answered. */
static void by_asking_early(const pair_row *row) {
  static atomic_bool is_complete;
  conntrail_operation *operation = NULL;
  fixture_open(NULL);
  scenario_unusual(CONNTRAIL_EMU_BEHAVIOUR_BEGUN_QUERIES);
  scenario_pair pair = scenario_redirected_pair();
  atomic_store(&is_complete, false);
  expect_status(
      row->call == CALL_RECORDS
          ? conntrail_begin_query_records(pair.accepted, on_completion, &is_complete, &operation)
          : conntrail_begin_query_context(pair.accepted, on_completion, &is_complete, &operation),
      CONNTRAIL_OK);
  expect_status(conntrail_operation_result(operation, NULL, NULL), row->status);
  expect_number(conntrail_native_error(), row->native);
  async_complete_all();
  /* On Windows a thread of the system's runs it. */
  while (!atomic_load(&is_complete)) {
  }
  expect_status(conntrail_operation_result(operation, NULL, NULL), CONNTRAIL_OK);
  conntrail_operation_free(operation);
  scenario_close_pair(&pair);
}

static void by_small_buffer(const pair_row *row) {
  size_t whole;
  size_t size = UNTOUCHED_SIZE;
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  whole = scenario_records(pair.accepted, blob);
  expect_status(t_query_records(pair.accepted, blob, 4, &size), row->status);
  expect_number(size, whole);
  /* In the contrary profile the system says "too small" in other words as well. */
  if (fixture_profile() != CONNTRAIL_EMU_CONTRARY) {
    expect_number(conntrail_native_error(), row->native);
  }
  scenario_close_pair(&pair);
}

static void by_null(const pair_row *row) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = UNTOUCHED_SIZE;
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  if (row->call == CALL_SET) {
    expect_status(t_set_records(outbound, NULL, 1), row->status);
  } else {
    query_kind kind = row->call == CALL_RECORDS ? QUERY_RECORDS : QUERY_CONTEXT;
    expect_status(t_query(kind, pair.accepted, NULL, 1, &size), row->status);
  }
  expect_number(conntrail_native_error(), row->native);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

static void by_wrong_kind(const pair_row *row) {
  fixture_open(NULL);
  conntrail_socket socket = scenario_socket(NET_ODD);
  expect_pair(row, socket, "records", 7);
  scenario_close(socket);
}

static void by_datagram_socket(const pair_row *row) {
  fixture_open(NULL);
  conntrail_socket socket = scenario_socket(NET_UDP4);
  expect_pair(row, socket, "records", 7);
  scenario_close(socket);
}

static void by_closed_socket(const pair_row *row) {
  fixture_open(NULL);
  conntrail_socket socket = scenario_socket(NET_TCP4);
  scenario_close(socket);
  expect_pair(row, socket, "records", 7);
}

static void by_fresh_socket(const pair_row *row) {
  fixture_open(NULL);
  conntrail_socket socket = scenario_socket(NET_TCP4);
  expect_pair(row, socket, "records", 7);
  scenario_close(socket);
}

static void by_windows_7(const pair_row *row) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  options.windows_7 = true;
  fixture_open(&options);
  scenario_pair pair = scenario_redirected_pair();
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  expect_pair(row, row->call == CALL_SET ? outbound : pair.accepted, "records", 7);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

static void by_privilege(const pair_row *row) {
  fixture_open(NULL);
  scenario_pair pair = scenario_redirected_pair();
  size_t size = scenario_records(pair.accepted, blob);
  conntrail_socket outbound = scenario_socket(NET_TCP4);
  conntrail_emu_set_privileged(fixture_emulation(), false);
  expect_pair(row, outbound, blob, size);
  scenario_close(outbound);
  scenario_close_pair(&pair);
}

#define PAIR_AS(name, call, native, status, cause)                                                 \
  void case_pair_##name(void) {                                                                    \
    const pair_row row = {call, native, CONNTRAIL_##status, cause};                                \
    row.make_happen(&row);                                                                         \
  }
#define PAIR(name, call, native, status, cause)                                                    \
  PAIR_AS(name##_##native, call, native, status, cause)

PAIR(records, CALL_RECORDS, 122, BUFFER_TOO_SMALL, by_small_buffer)
PAIR(records, CALL_RECORDS, 995, ABORTED, by_cancelling)
PAIR(records, CALL_RECORDS, 997, PENDING, by_asking_early)
PAIR(records, CALL_RECORDS, 10004, INTERRUPTED, by_fault)
PAIR(records, CALL_RECORDS, 10014, FAULT, by_null)
PAIR(records, CALL_RECORDS, 10022, INVALID, by_wrong_kind)
PAIR(records, CALL_RECORDS, 10036, IN_PROGRESS, by_fault)
PAIR(records, CALL_RECORDS, 10038, NOT_SOCKET, by_closed_socket)
PAIR(records, CALL_RECORDS, 10042, NO_PROTOCOL_OPTION, by_fault)
PAIR(records, CALL_RECORDS, 10045, NOT_SUPPORTED, by_windows_7)
PAIR(records, CALL_RECORDS, 10050, NET_DOWN, by_fault)
PAIR(records, CALL_RECORDS, 10057, NOT_CONNECTED, by_fresh_socket)

PAIR(context, CALL_CONTEXT, 995, ABORTED, by_cancelling)
PAIR(context, CALL_CONTEXT, 997, PENDING, by_asking_early)
PAIR(context, CALL_CONTEXT, 10004, INTERRUPTED, by_fault)
PAIR(context, CALL_CONTEXT, 10014, FAULT, by_null)
PAIR(context, CALL_CONTEXT, 10022, INVALID, by_wrong_kind)
PAIR(context, CALL_CONTEXT, 10036, IN_PROGRESS, by_fault)
PAIR(context, CALL_CONTEXT, 10038, NOT_SOCKET, by_closed_socket)
PAIR(context, CALL_CONTEXT, 10042, NO_PROTOCOL_OPTION, by_fault)
PAIR(context, CALL_CONTEXT, 10045, NOT_SUPPORTED, by_windows_7)
PAIR(context, CALL_CONTEXT, 10050, NET_DOWN, by_fault)
PAIR(context, CALL_CONTEXT, 10057, NOT_CONNECTED, by_fresh_socket)

PAIR(set, CALL_SET, 995, ABORTED, by_fault)
PAIR(set, CALL_SET, 997, PENDING, by_fault)
PAIR(set, CALL_SET, 10004, INTERRUPTED, by_fault)
PAIR(set, CALL_SET, 10013, ACCESS, by_privilege)
PAIR(set, CALL_SET, 10014, FAULT, by_null)
PAIR(set, CALL_SET, 10022, INVALID, by_datagram_socket)
PAIR(set, CALL_SET, 10036, IN_PROGRESS, by_fault)
PAIR(set, CALL_SET, 10038, NOT_SOCKET, by_closed_socket)
PAIR(set, CALL_SET, 10045, NOT_SUPPORTED, by_windows_7)
PAIR(set, CALL_SET, 10050, NET_DOWN, by_fault)

/* Where these causes exist. */
PAIR_AS(records_10036_in_handler, CALL_RECORDS, 10036, IN_PROGRESS, by_signal)
PAIR_AS(context_10036_in_handler, CALL_CONTEXT, 10036, IN_PROGRESS, by_signal)
PAIR_AS(set_10036_in_handler, CALL_SET, 10036, IN_PROGRESS, by_signal)
PAIR_AS(records_10050_without_descriptor, CALL_RECORDS, 10050, NET_DOWN, by_lack_of_descriptors)
PAIR_AS(context_10050_without_descriptor, CALL_CONTEXT, 10050, NET_DOWN, by_lack_of_descriptors)
PAIR_AS(set_10050_without_descriptor, CALL_SET, 10050, NET_DOWN, by_lack_of_descriptors)
