/* SPDX-License-Identifier: MIT */
#include "asynchronous.h"

#include <stdatomic.h>
#include <string.h>

#include <event2/event.h>

struct event_base *async_open(void) {
  struct event_base *base = event_base_new();
  expect_true(base != NULL);
  return base;
}

void async_close(struct event_base *base) {
  event_base_free(base);
}

static void on_answer(conntrail_status status, const void *blob, size_t size, void *argument) {
  async_answer *answer = argument;
  answer->native = status < 0 ? conntrail_native_error() : 0;
  answer->calls += 1;
  answer->status = status;
  answer->size = size;
  if (status == CONNTRAIL_OK && size <= sizeof answer->blob) {
    memcpy(answer->blob, blob, size);
  }
  if (!answer->is_quiet) {
    transcript_line("answered %s native=%lu size=%zu", conntrail_status_name(status),
                    (unsigned long)answer->native, size);
  }
}

void async_begin(struct event_base *base, query_kind kind, conntrail_socket socket,
                 async_answer *answer) {
  memset(answer, 0, sizeof *answer);
  transcript_line("begin_%s socket=%s", kind == QUERY_RECORDS ? "records" : "context",
                  transcript_socket(socket));
  conntrail_status status =
      kind == QUERY_RECORDS
          ? conntrail_event_query_records(base, socket, on_answer, answer, &answer->request)
          : conntrail_event_query_context(base, socket, on_answer, answer, &answer->request);
  expect_status(status, CONNTRAIL_OK);
  expect_true(answer->request != NULL);
  expect_number(answer->calls, 0);
}

void async_begin_destination(struct event_base *base, conntrail_socket socket,
                             async_answer *answer) {
  memset(answer, 0, sizeof *answer);
  transcript_line("begin_destination socket=%s", transcript_socket(socket));
  expect_status(conntrail_event_original_destination(base, socket, CONNTRAIL_INVALID_SOCKET,
                                                     on_answer, answer, &answer->request),
                CONNTRAIL_OK);
  expect_number(answer->calls, 0);
}

void async_expect_pending(unsigned count) {
  unsigned wanted = fixture_profile() == CONNTRAIL_EMU_CONTRARY ? count : 0;
  expect_number(conntrail_emu_pending(fixture_emulation()), wanted);
}

void async_complete_all(void) {
  while (conntrail_emu_pending(fixture_emulation()) > 0) {
    expect_status(conntrail_emu_complete(fixture_emulation(), 0), CONNTRAIL_OK);
  }
}

void async_run(struct event_base *base) {
  expect_number(event_base_dispatch(base), 1);
}

static atomic_bool is_answering;

/* What is begun in answer to an answer, in whatever thread, is answered as well. */
static void answer_beside(void *argument) {
  (void)argument;
  while (atomic_load(&is_answering)) {
    while (conntrail_emu_pending(fixture_emulation()) > 0) {
      (void)conntrail_emu_complete(fixture_emulation(), 0);
    }
  }
}

void async_answer_and_run(struct event_base *base) {
  atomic_store(&is_answering, true);
  fixture_thread_start(answer_beside, NULL);
  (void)event_base_dispatch(base);
  atomic_store(&is_answering, false);
  fixture_thread_join();
}
