/* SPDX-License-Identifier: MIT */
/* Queries that pend: their order, their end, and whose they are (O1, O2). */
#include <string.h>

#include "engine_world.h"
#include "unit_main.h"

enum { MOST = 4, UNANSWERED = 4711 };

typedef struct begun {
  conntrail__pending pending;
  uint8_t out[512];
  uint32_t bytes;
} begun;

static conntrail__socket *client;
static conntrail__socket *proxy;
static conntrail__socket *accepted;
static conntrail__pending *ended;
static begun queries[MOST];

static void begin(void) {
  world_begin();
  (void)service("acme", "tcp any", "127.0.0.1:1001");
  client = fresh(1);
  proxy = listener(2, "127.0.0.1:1001");
  connect_from(client, "93.184.216.34:80", "127.0.0.1:40001");
  accepted = accept_from(proxy, "127.0.0.1:40001");
  ck_assert(conntrail__engine_set_profile(world, CONNTRAIL_EMU_CONTRARY, &why));
  memset(queries, 0, sizeof queries);
  ended = NULL;
}

static conntrail__call call_of(begun *b, uint32_t code) {
  conntrail__call call = {code, NULL, 0, b->out, sizeof b->out, &b->bytes};
  return call;
}

static void begin_query(unsigned index, conntrail__socket *socket, uint32_t code) {
  conntrail__identity me = who(2);
  begun *b = &queries[index];
  b->pending.call = call_of(b, code);
  b->pending.ended = &ended;
  b->pending.native = UNANSWERED;
  conntrail__socket_begin(socket, &me, &b->pending);
}

static void begin_three(void) {
  begin_query(0, accepted, CONNTRAIL__QUERY_RECORDS);
  begin_query(1, accepted, CONNTRAIL__QUERY_CONTEXT);
  begin_query(2, client, CONNTRAIL__QUERY_RECORDS);
  ck_assert_uint_eq(conntrail__pending_count(world), 3);
}

START_TEST(contrary_alone_lets_queries_pend) {
  conntrail__call records = call_of(&queries[0], CONNTRAIL__QUERY_RECORDS);
  conntrail__call set_code = call_of(&queries[0], CONNTRAIL__SET_RECORDS);
  ck_assert(conntrail__socket_pends(accepted, &records));
  ck_assert(!conntrail__socket_pends(accepted, &set_code));
  records.out = NULL;
  ck_assert(!conntrail__socket_pends(accepted, &records));
  records.out = queries[0].out;
  ck_assert(conntrail__engine_set_profile(world, CONNTRAIL_EMU_MEASURED, &why));
  ck_assert(!conntrail__socket_pends(accepted, &records));
}
END_TEST

START_TEST(any_order_will_do) {
  begin_three();
  ck_assert(conntrail__pending_answer(world, 1));
  ck_assert_ptr_eq(ended, &queries[1].pending);
  ck_assert_uint_eq(queries[1].pending.native, 0);
  ck_assert_uint_eq(queries[1].bytes, 256);
  ck_assert_ptr_null(queries[1].pending.socket);
  ck_assert_uint_eq(queries[0].pending.native, UNANSWERED);
  ck_assert(conntrail__pending_answer(world, 1));
  ck_assert_uint_ne(queries[2].pending.native, UNANSWERED);
  ck_assert_uint_ne(queries[2].pending.native, 0);
  ck_assert(!conntrail__pending_answer(world, 1));
  ck_assert(conntrail__pending_answer(world, 0));
  ck_assert_uint_eq(queries[0].pending.native, 0);
  ck_assert_uint_eq(queries[0].bytes, 80);
  ck_assert_uint_eq(conntrail__pending_count(world), 0);
  ck_assert(!conntrail__pending_answer(world, 0));
  ck_assert_ptr_eq(ended->next, &queries[2].pending);
  ck_assert_ptr_eq(ended->next->next, &queries[0].pending);
  ck_assert_ptr_null(ended->next->next->next);
}
END_TEST

/* The answer is the kernel's at that time, not when it was begun. */
START_TEST(the_answer_is_that_of_its_time) {
  begin_query(0, client, CONNTRAIL__QUERY_RECORDS);
  begin_query(1, accepted, CONNTRAIL__QUERY_RECORDS);
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  fault.native = 10050;
  ck_assert_int_eq(conntrail__fault_add(world, &fault, NULL, &why), CONNTRAIL_OK);
  ck_assert(conntrail__pending_answer(world, 1));
  ck_assert_uint_eq(queries[1].pending.native, 10050);
}
END_TEST

START_TEST(a_cancelled_query_is_aborted_once) {
  begin_three();
  ck_assert(conntrail__socket_cancel(accepted, &queries[1].pending));
  ck_assert_uint_eq(queries[1].pending.native, 995);
  ck_assert_uint_eq(queries[1].bytes, 0);
  ck_assert(!conntrail__socket_cancel(accepted, &queries[1].pending));
  /* Not of that socket. */
  ck_assert(!conntrail__socket_cancel(accepted, &queries[2].pending));
  ck_assert_uint_eq(conntrail__pending_count(world), 2);
}
END_TEST

START_TEST(closing_ends_the_socket_s_own_queries) {
  begin_three();
  conntrail__socket_release(accepted);
  ck_assert_uint_eq(queries[0].pending.native, 995);
  ck_assert_uint_eq(queries[1].pending.native, 995);
  ck_assert_uint_eq(queries[2].pending.native, UNANSWERED);
  ck_assert_uint_eq(conntrail__pending_count(world), 1);
  ck_assert_ptr_eq(ended, &queries[0].pending);
  ck_assert_ptr_eq(ended->next, &queries[1].pending);
}
END_TEST

START_TEST(forgotten_queries_never_end) {
  begin_three();
  conntrail__pending_forget(world);
  ck_assert_uint_eq(conntrail__pending_count(world), 0);
  conntrail__socket_release(accepted);
  ck_assert_ptr_null(ended);
  ck_assert_uint_eq(queries[0].pending.native, UNANSWERED);
}
END_TEST

UNIT_MAIN("engine_pending", begin, world_end, contrary_alone_lets_queries_pend, any_order_will_do,
          the_answer_is_that_of_its_time, a_cancelled_query_is_aborted_once,
          closing_ends_the_socket_s_own_queries, forgotten_queries_never_end)
