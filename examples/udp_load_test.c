/* SPDX-License-Identifier: MIT */
/*
 * Under load nothing is mixed up: 10,000 flows from 1,000 clients. In each of two rounds, each
 * client asks five destinations, and each reply is compared. A flow needs a socket of the relay
 * and, for all but one of a client's destinations, a relay socket of the emulation: 10,000 in all.
 */
#include <stdio.h>
#include <sys/resource.h>

#include <event2/event.h>

#include "conntrail/emu.h"
#include "run_tests.h"
#include "udp_world.h"

enum { CLIENTS = 1000, ROUNDS = 2, BATCH = 20, NEEDED = 10400 };

static conntrail_socket clients[CLIENTS];

static void allow_descriptors(void) {
  struct rlimit limit;
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  ck_assert_msg(limit.rlim_max >= NEEDED,
                "this test needs %d descriptors, and the hard limit is %llu: raise it (ulimit -Hn)",
                NEEDED, (unsigned long long)limit.rlim_max);
  limit.rlim_cur = limit.rlim_max;
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int text_of(char *text, size_t size, unsigned client, unsigned turn) {
  return snprintf(text, size, "client %u, turn %u", client, turn);
}

/* A batch asks everything at once, and then each client receives five replies. */
static void run_batch(const udp_world *w, unsigned first, unsigned turn) {
  char text[40];
  for (unsigned i = first; i < first + BATCH; i++) {
    size_t size = (size_t)text_of(text, sizeof text, i, turn);
    for (unsigned server = 0; server < UDP_MOST_SERVERS; server++) {
      udp_ask(w, clients[i], server, text, size);
    }
  }
  for (unsigned i = first; i < first + BATCH; i++) {
    size_t size = (size_t)text_of(text, sizeof text, i, turn);
    for (unsigned server = 0; server < UDP_MOST_SERVERS; server++) {
      udp_expect_any_reply(w, clients[i], text, size);
    }
  }
}

START_TEST(ten_thousand_flows_are_not_mixed_up) {
  allow_descriptors();
  udp_world w = udp_world_open(UDP_MOST_SERVERS);
  for (unsigned i = 0; i < CLIENTS; i++) {
    clients[i] = udp_client();
  }
  for (unsigned round = 0; round < ROUNDS; round++) {
    for (unsigned turn = 0; turn < 2; turn++) {
      for (unsigned first = 0; first < CLIENTS; first += BATCH) {
        run_batch(&w, first, 2 * round + turn);
      }
    }
    ck_assert_uint_eq(udp_relay_flows(w.relay), (size_t)UDP_MOST_SERVERS * CLIENTS);
    udp_world_forget(&w);
  }
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_REDIRECTED), 10000);
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_RECORDS_RECEIVED), 10000);
  ck_assert_uint_eq(conntrail_emu_count(w.emu, CONNTRAIL_EMU_DELIVERED), 10000);
  for (unsigned i = 0; i < CLIENTS; i++) {
    evutil_closesocket((evutil_socket_t)clients[i]);
  }
  udp_world_close(&w);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("udp load");
  tcase_add_test(cases, ten_thousand_flows_are_not_mixed_up);
  return run_tests(cases);
}
