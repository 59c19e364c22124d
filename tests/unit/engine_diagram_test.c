/* SPDX-License-Identifier: MIT */
/*
 * The two state diagrams of docs/explanation/architecture.md are complete: in each state, each
 * thing that can happen is made to happen, and what came of it must be a line of the diagram; each
 * line must be seen. ci/rules/transitions compares the lists below with the diagrams.
 */
#include <stdio.h>
#include <string.h>

#include "backend-emu/engine/datagram_flow.h"
#include "backend-emu/engine/emulation.h"
#include "backend-emu/engine/flow.h"
#include "backend-emu/engine/socket.h"
#include "engine_world.h"
#include "unit_main.h"

typedef struct transition {
  const char *from;
  const char *to;
  const char *why;
} transition;

/* A line each. */
/* clang-format off */
static const transition of_sockets[] = {
    {"[*]", "FRESH", "socket()"},
    {"[*]", "CONNECTED", "accepted, with a record or without"},
    {"FRESH", "BOUND", "bind()"},
    {"FRESH", "LISTENING", "listen()"},
    {"BOUND", "LISTENING", "listen()"},
    {"LISTENING", "LISTENING", "listen()"},
    {"FRESH", "CONNECTING", "connect(), allowed"},
    {"BOUND", "CONNECTING", "connect(), allowed"},
    {"FRESH", "FRESH", "connect(), refused"},
    {"BOUND", "BOUND", "connect(), refused"},
    {"CONNECTING", "CONNECTING", "under way"},
    {"CONNECTING", "CONNECTED", "established"},
    {"CONNECTING", "FRESH", "rejected"},
    {"CONNECTING", "BOUND", "rejected"},
    {"FRESH", "FRESH", "dissolved"},
    {"BOUND", "FRESH", "dissolved"},
    {"LISTENING", "FRESH", "dissolved"},
    {"CONNECTING", "FRESH", "dissolved"},
    {"CONNECTED", "FRESH", "dissolved"},
    {"FRESH", "[*]", "last close"},
    {"BOUND", "[*]", "last close"},
    {"LISTENING", "[*]", "last close"},
    {"CONNECTING", "[*]", "last close"},
    {"CONNECTED", "[*]", "last close"},
};

static const transition of_flows[] = {
    {"[*]", "NEW", "a first datagram, or connect()"},
    {"[*]", "SETTLED", "a first datagram, to the destination itself"},
    {"NEW", "SETTLED", "its source is the client's own address"},
    {"NEW", "RELAYED", "it gets a relay socket"},
    {"NEW", "[*]", "abandoned"},
    {"SETTLED", "SETTLED", "a datagram"},
    {"RELAYED", "RELAYED", "a datagram"},
    {"ASSOCIATED", "ASSOCIATED", "a datagram"},
    {"SETTLED", "ASSOCIATED", "connect()"},
    {"ASSOCIATED", "ASSOCIATED", "connect()"},
    {"RELAYED", "NEW", "connect()"},
    {"SETTLED", "NEW", "connect(), dropped"},
    {"RELAYED", "NEW", "connect(), dropped"},
    {"ASSOCIATED", "NEW", "connect(), dropped"},
    {"RELAYED", "ASSOCIATED", "connect(), dropped"},
    {"ASSOCIATED", "SETTLED", "connect() elsewhere"},
    {"ASSOCIATED", "RELAYED", "connect() elsewhere, dropped"},
    {"ASSOCIATED", "SETTLED", "dissolved"},
    {"ASSOCIATED", "RELAYED", "dissolved, dropped"},
    {"SETTLED", "[*]", "idle"},
    {"RELAYED", "[*]", "idle"},
    {"SETTLED", "[*]", "displaced"},
    {"ASSOCIATED", "[*]", "displaced"},
    {"SETTLED", "[*]", "its client closes"},
    {"RELAYED", "[*]", "its client closes"},
    {"ASSOCIATED", "[*]", "its client closes"},
};
/* clang-format on */

enum { MOST = 64 };

static bool is_seen[MOST];

static void saw_in(const transition *list, size_t count, const char *from, const char *to,
                   const char *why_so) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(list[i].from, from) == 0 && strcmp(list[i].to, to) == 0 &&
        strcmp(list[i].why, why_so) == 0) {
      is_seen[i] = true;
      return;
    }
  }
  ck_abort_msg("the diagram lacks %s --> %s : %s", from, to, why_so);
}

static void expect_all_seen(const transition *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    ck_assert_msg(is_seen[i], "never seen: %s --> %s : %s", list[i].from, list[i].to, list[i].why);
  }
}

/* A proxy of TCP and UDP; a destination with a route. */
static void begin(void) {
  world_begin();
  memset(is_seen, 0, sizeof is_seen);
  (void)service("acme", "tcp 93.184.216.0/24", "127.0.0.1:1001");
  conntrail__address proxy = at("127.0.0.1:1001");
  conntrail__address server = at("127.0.0.1:2001");
  ck_assert_int_eq(conntrail__filter_add(conntrail__service_named(world, "acme"),
                                         CONNTRAIL__REDIRECT, "udp 93.184.216.0/24", &proxy, &why),
                   CONNTRAIL_OK);
  ck_assert_int_eq(conntrail__route_add(world, "198.51.100.7:53", &server, &why), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail__route_add(world, "127.0.0.1:2001", &server, &why), CONNTRAIL_OK);
}

/* ---- Stream sockets -------------------------------------------------------------------------- */

static const char *state_name(const conntrail__socket *socket) {
  static const char *const names[] = {"FRESH", "BOUND", "LISTENING", "CONNECTING", "CONNECTED"};
  return names[conntrail__socket_state_of(socket)];
}

static void saw(const char *from, const char *to, const char *why_so) {
  saw_in(of_sockets, sizeof of_sockets / sizeof of_sockets[0], from, to, why_so);
}

static conntrail__socket *bound(void) {
  conntrail__address local = at("127.0.0.1:40009");
  conntrail__socket *socket = fresh(1);
  conntrail__socket_bound(socket, &local);
  return socket;
}

static conntrail__socket *make_fresh(void) {
  conntrail__socket *socket = fresh(1);
  saw("[*]", state_name(socket), "socket()");
  return socket;
}

static conntrail__socket *make_listening(void) {
  return listener(1, "127.0.0.1:1003");
}

static conntrail__socket *make_connecting(void) {
  conntrail__socket *socket = fresh(1);
  (void)ask(socket, "93.184.216.34:80");
  return socket;
}

static conntrail__socket *make_connecting_bound(void) {
  conntrail__socket *socket = bound();
  (void)ask(socket, "93.184.216.34:80");
  return socket;
}

static conntrail__socket *make_connected(void) {
  conntrail__socket *socket = fresh(1);
  (void)connect_from(socket, "93.184.216.34:80", "127.0.0.1:40003");
  return socket;
}

static conntrail__socket *make_accepted(void) {
  conntrail__socket *client = make_connected();
  conntrail__socket *accepted = accept_from(listener(2, "127.0.0.1:1001"), "127.0.0.1:40003");
  saw("[*]", state_name(accepted), "accepted, with a record or without");
  ck_assert_ptr_nonnull(client->flow);
  return accepted;
}

static conntrail__socket *make_accepted_without_a_record(void) {
  conntrail__socket *accepted = accept_from(listener(2, "127.0.0.1:1001"), "127.0.0.1:40004");
  saw("[*]", state_name(accepted), "accepted, with a record or without");
  return accepted;
}

typedef conntrail__socket *(*maker)(void);

/* What a system lets happen to a socket in that state. False: it does not. */
typedef bool (*event)(conntrail__socket *socket, const char **why_so);

static bool is_idle(const conntrail__socket *socket) {
  return socket->state == CONNTRAIL__FRESH || socket->state == CONNTRAIL__BOUND;
}

static bool bind_it(conntrail__socket *socket, const char **why_so) {
  conntrail__address local = at("127.0.0.1:40010");
  *why_so = "bind()";
  if (socket->state != CONNTRAIL__FRESH) {
    return false;
  }
  conntrail__socket_bound(socket, &local);
  return true;
}

static bool listen_with_it(conntrail__socket *socket, const char **why_so) {
  conntrail__address local = at("127.0.0.1:1004");
  *why_so = "listen()";
  if (!is_idle(socket) && socket->state != CONNTRAIL__LISTENING) {
    return false;
  }
  conntrail__socket_listening(socket, &local);
  return true;
}

static bool connect_it(conntrail__socket *socket, const char **why_so) {
  *why_so = "connect(), allowed";
  return is_idle(socket) && ask(socket, "93.184.216.34:80").native == 0;
}

static bool connect_it_astray(conntrail__socket *socket, const char **why_so) {
  *why_so = "connect(), refused";
  return is_idle(socket) && ask(socket, "203.0.113.9:80").native != 0;
}

static bool report(conntrail__socket *socket, conntrail__outcome outcome) {
  conntrail__address local = at("127.0.0.1:40011");
  if (socket->state != CONNTRAIL__CONNECTING) {
    return false;
  }
  conntrail__socket_connected(socket, outcome, outcome == CONNTRAIL__REJECTED ? NULL : &local, 0);
  return true;
}

static bool go_on(conntrail__socket *socket, const char **why_so) {
  *why_so = "under way";
  return report(socket, CONNTRAIL__UNDERWAY);
}

static bool establish(conntrail__socket *socket, const char **why_so) {
  *why_so = "established";
  return report(socket, CONNTRAIL__ESTABLISHED);
}

static bool reject_it(conntrail__socket *socket, const char **why_so) {
  *why_so = "rejected";
  return report(socket, CONNTRAIL__REJECTED);
}

static bool dissolve_it(conntrail__socket *socket, const char **why_so) {
  *why_so = "dissolved";
  conntrail__socket_dissolved(socket);
  return true;
}

START_TEST(every_transition_of_a_stream_socket) {
  static const maker makers[] = {make_fresh,     bound,
                                 make_listening, make_connecting,
                                 make_connected, make_connecting_bound,
                                 make_accepted,  make_accepted_without_a_record};
  static const event events[] = {bind_it, listen_with_it, connect_it, connect_it_astray,
                                 go_on,   establish,      reject_it,  dissolve_it};
  const char *why_so;
  for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
    for (size_t k = 0; k < sizeof events / sizeof events[0]; k++) {
      conntrail__socket *socket = makers[i]();
      const char *from = state_name(socket);
      if (events[k](socket, &why_so)) {
        saw(from, state_name(socket), why_so);
      }
      saw(state_name(socket), "[*]", "last close");
      conntrail__socket_release(socket);
    }
  }
  expect_all_seen(of_sockets, sizeof of_sockets / sizeof of_sockets[0]);
}
END_TEST

/* ---- Datagram flows -------------------------------------------------------------------------- */

#define FIRST "93.184.216.34:53"
#define SECOND "93.184.216.35:53"
#define ROUTED "198.51.100.7:53"
#define OWN "127.0.0.1:40001"

static void close_relay(intptr_t relay) {
  (void)relay;
}

static conntrail__socket *client_of_udp(void) {
  conntrail__identity me = who(1);
  return conntrail__socket_create(world, CONNTRAIL__DATAGRAM, &me, 0);
}

static const char *flow_state(const conntrail__socket *client, const char *destination) {
  conntrail__address to = at(destination);
  const conntrail__datagram_flow *flow = conntrail__datagram_by_destination(client, &to);
  if (flow == NULL) {
    return "[*]";
  }
  if (flow->is_associated) {
    return "ASSOCIATED";
  }
  if (!flow->is_filed && !conntrail__address_equal(&flow->flow->target, &flow->flow->original)) {
    return "NEW";
  }
  return flow->relay == CONNTRAIL__NO_RELAY ? "SETTLED" : "RELAYED";
}

static void saw_flow(const char *from, const char *to, const char *why_so, bool is_dropped) {
  char text[80];
  snprintf(text, sizeof text, "%s%s", why_so, is_dropped ? ", dropped" : "");
  saw_in(of_flows, sizeof of_flows / sizeof of_flows[0], from, to, text);
}

/* As a front end does: its source is the client's own address, or it gets a relay socket. */
static void settle(const conntrail__socket *client, const char *destination,
                   conntrail__datagram_decision *decision) {
  static uint16_t port = 50000;
  conntrail__address own = at(OWN);
  conntrail__address source = at("127.0.0.1:1");
  if (decision->unsettled == NULL) {
    return;
  }
  const char *from = flow_state(client, destination);
  source.port = ++port;
  bool is_own = conntrail__datagram_settle(decision, &own);
  if (!is_own) {
    ck_assert(conntrail__datagram_carry(decision, &own, 7, &source, close_relay));
  }
  saw_flow(from, flow_state(client, destination),
           is_own ? "its source is the client's own address" : "it gets a relay socket", false);
}

static conntrail__datagram_decision send_first(conntrail__socket *client, const char *destination) {
  conntrail__address to = at(destination);
  conntrail__identity me = who(1);
  const char *from = flow_state(client, destination);
  conntrail__datagram_decision decision = conntrail__datagram_sending(client, &to, NULL, 0, &me);
  ck_assert_uint_eq(decision.native, 0);
  const char *to_state = flow_state(client, destination);
  bool is_itself = strcmp(from, "[*]") == 0 && strcmp(to_state, "SETTLED") == 0;
  saw_flow(from, to_state,
           is_itself                  ? "a first datagram, to the destination itself"
           : strcmp(from, "[*]") == 0 ? "a first datagram, or connect()"
                                      : "a datagram",
           false);
  return decision;
}

static void send_to(conntrail__socket *client, const char *destination) {
  conntrail__datagram_decision decision = send_first(client, destination);
  settle(client, destination, &decision);
}

/* is_dropped: of M11, which holds for what is redirected alone. */
static void connect_to(conntrail__socket *client, const char *destination, bool is_dropped) {
  conntrail__address to = at(destination);
  conntrail__identity me = who(1);
  const char *from = flow_state(client, destination);
  bool is_new = strcmp(from, "[*]") == 0;
  conntrail__datagram_decision decision = conntrail__datagram_connecting(client, &to, &me);
  ck_assert_uint_eq(decision.native, 0);
  const char *between = flow_state(client, destination);
  if (decision.unsettled != NULL) {
    saw_flow(from, between, is_new ? "a first datagram, or connect()" : "connect()",
             is_dropped && !is_new);
    settle(client, destination, &decision);
    from = flow_state(client, destination);
  }
  conntrail__socket_associated(client, &to);
  saw_flow(from, flow_state(client, destination), "connect()", is_dropped);
}

static conntrail__socket *settled(void) {
  conntrail__socket *client = client_of_udp();
  send_to(client, FIRST);
  return client;
}

/* The flow that is looked at is that of FIRST. */
static conntrail__socket *relayed(void) {
  conntrail__socket *client = client_of_udp();
  send_to(client, SECOND);
  send_to(client, FIRST);
  return client;
}

static bool is_dropping;

static conntrail__socket *associated(void) {
  conntrail__socket *client = client_of_udp();
  connect_to(client, FIRST, is_dropping);
  return client;
}

typedef void (*happening)(conntrail__socket *client);

static void send_another(conntrail__socket *client) {
  send_to(client, FIRST);
}

static void connect_first(conntrail__socket *client) {
  connect_to(client, FIRST, is_dropping);
}

static void watch(conntrail__socket *client, const char *from, const char *why_so) {
  bool is_dropped = is_dropping && strcmp(from, "ASSOCIATED") == 0 &&
                    strcmp(flow_state(client, FIRST), "[*]") != 0;
  if (strcmp(from, flow_state(client, FIRST)) != 0) {
    saw_flow(from, flow_state(client, FIRST), why_so, is_dropped);
  }
}

static void connect_elsewhere(conntrail__socket *client) {
  const char *from = flow_state(client, FIRST);
  connect_to(client, ROUTED, false);
  watch(client, from, "connect() elsewhere");
}

static void dissolve_association(conntrail__socket *client) {
  const char *from = flow_state(client, FIRST);
  conntrail__socket_associated(client, NULL);
  watch(client, from, "dissolved");
}

static void pass_time(conntrail__socket *client) {
  const char *from = flow_state(client, FIRST);
  conntrail__datagram_advance(world, 3600000);
  watch(client, from, "idle");
}

/* By the same client, which connects to what goes to the same proxy; and by another of its port. */
static void displace(conntrail__socket *client) {
  const char *from = flow_state(client, FIRST);
  if (!is_dropping) {
    connect_to(client, SECOND, false);
    watch(client, from, "displaced");
  }
}

static void displace_by_another(conntrail__socket *client) {
  const char *from = flow_state(client, FIRST);
  conntrail__socket *other = client_of_udp();
  send_to(other, SECOND);
  watch(client, from, "displaced");
  conntrail__socket_release(other);
}

static void abandon_new(conntrail__socket *client) {
  conntrail__datagram_decision decision = send_first(client, "93.184.216.40:53");
  const char *from = flow_state(client, "93.184.216.40:53");
  conntrail__datagram_abandon(&decision);
  saw_flow(from, flow_state(client, "93.184.216.40:53"), "abandoned", false);
}

static void walk_flows(void) {
  static conntrail__socket *(*const makers[])(void) = {settled, relayed, associated};
  static const happening happenings[] = {send_another,         connect_first, connect_elsewhere,
                                         dissolve_association, pass_time,     displace,
                                         displace_by_another,  abandon_new};
  for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
    for (size_t k = 0; k < sizeof happenings / sizeof happenings[0]; k++) {
      conntrail__socket *client = makers[i]();
      happenings[k](client);
      const char *from = flow_state(client, FIRST);
      conntrail__socket_release(client);
      if (strcmp(from, "[*]") != 0) {
        saw_flow(from, "[*]", "its client closes", false);
      }
    }
  }
}

START_TEST(every_transition_of_a_datagram_flow) {
  is_dropping = false;
  walk_flows();
  conntrail__socket *direct = client_of_udp();
  send_to(direct, "127.0.0.1:2001");
  conntrail__socket_release(direct);
  ck_assert(conntrail__engine_set_profile(world, CONNTRAIL_EMU_CONTRARY, &why));
  is_dropping = true;
  walk_flows();
  expect_all_seen(of_flows, sizeof of_flows / sizeof of_flows[0]);
}
END_TEST

UNIT_MAIN("engine_diagram", begin, world_end, every_transition_of_a_stream_socket,
          every_transition_of_a_datagram_flow)
