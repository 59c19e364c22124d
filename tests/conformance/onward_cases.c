/* SPDX-License-Identifier: MIT */
/* The call that everybody needs, and the listener that makes it (O1, O3, T1 to T3, D1, D2). */
#include <string.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "asynchronous.h"
#include "cases.h"

typedef struct onward {
  struct event_base *base;
  bool by_socket; /* conntrail_event_connect_socket() */
  unsigned calls;
  unsigned connected;
  conntrail_status status;
  struct bufferevent *stream;
  conntrail_socket socket;
  conntrail_request *request;
  conntrail_socket accepted;
  struct sockaddr_storage destination;
} onward;

static void on_event(struct bufferevent *stream, short what, void *argument) {
  onward *going = argument;
  (void)stream;
  going->connected += what == BEV_EVENT_CONNECTED ? 1u : 0u;
  event_base_loopbreak(going->base);
}

static void keep(onward *going, conntrail_status status, struct bufferevent *stream) {
  going->calls += 1;
  going->status = status;
  going->stream = stream;
  transcript_line("onward %s stream=%s", conntrail_status_name(status),
                  stream == NULL ? "null" : "given");
  if (stream != NULL) {
    bufferevent_setcb(stream, NULL, NULL, on_event, going);
  }
}

static void on_connecting(conntrail_status status, struct bufferevent *stream, void *argument) {
  keep(argument, status, stream);
}

static void on_writable(evutil_socket_t socket, short what, void *argument) {
  onward *going = argument;
  int error = -1;
  ev_socklen_t size = sizeof error;
  (void)what;
  expect_number(getsockopt((conntrail_socket)socket, SOL_SOCKET, SO_ERROR, (void *)&error, &size),
                0);
  going->connected += error == 0 ? 1u : 0u;
  event_base_loopbreak(going->base);
}

static void on_socket(conntrail_status status, conntrail_socket socket, void *argument) {
  onward *going = argument;
  going->calls += 1;
  going->status = status;
  going->socket = socket;
  transcript_line("onward %s socket=%s", conntrail_status_name(status), transcript_socket(socket));
  if (socket != CONNTRAIL_INVALID_SOCKET) {
    expect_number(
        event_base_once(going->base, (evutil_socket_t)socket, EV_WRITE, on_writable, going, NULL),
        0);
  }
}

static void begin_onward(onward *going, conntrail_socket accepted,
                         const struct sockaddr_storage *destination) {
  const struct sockaddr *to = (const struct sockaddr *)destination;
  going->socket = CONNTRAIL_INVALID_SOCKET;
  expect_status(going->by_socket
                    ? conntrail_event_connect_socket(going->base, accepted, to, on_socket, going,
                                                     &going->request)
                    : conntrail_event_connect(going->base, accepted, to, BEV_OPT_CLOSE_ON_FREE,
                                              on_connecting, going, &going->request),
                CONNTRAIL_OK);
  expect_number(going->calls, 0);
}

static conntrail_socket outbound_of(const onward *going) {
  return going->by_socket ? going->socket : (conntrail_socket)bufferevent_getfd(going->stream);
}

static bool is_given(const onward *going) {
  return going->stream != NULL || going->socket != CONNTRAIL_INVALID_SOCKET;
}

/* Until it is connected, or refused. */
static void run_onward(onward *going) {
  async_answer_and_run(going->base);
}

static conntrail_socket serve(struct sockaddr_storage *address) {
  conntrail_socket server = scenario_listener(NET_TCP4, address);
  expect_status(
      conntrail_emu_route(fixture_emulation(), "93.184.216.34:80", (struct sockaddr *)address),
      CONNTRAIL_OK);
  return server;
}

/* What was connected reaches the server: a word from the one end to the other. */
static void expect_connected(const onward *going, conntrail_socket server) {
  char word[5] = {0};
  expect_number(going->connected, 1);
  conntrail_socket peer = scenario_accept(server);
  expect_result(net_send(outbound_of(going), "word", 5), NET_OK);
  expect_result(net_receive(peer, word, sizeof word), NET_OK);
  expect_text(word, "word");
  scenario_close(peer);
}

static void free_onward(onward *going) {
  if (going->stream != NULL) {
    bufferevent_free(going->stream);
  }
  if (going->by_socket) {
    scenario_close(going->socket);
  }
}

static void carry_the_records(bool by_socket) {
  struct sockaddr_storage address;
  fixture_open(NULL);
  onward going = {.base = async_open(), .by_socket = by_socket};
  conntrail_socket server = serve(&address);
  scenario_pair pair = scenario_redirected_pair();
  begin_onward(&going, pair.accepted, &pair.destination);
  async_expect_pending(1);
  run_onward(&going);
  expect_number(going.calls, 1);
  expect_status(going.status, CONNTRAIL_OK);
  expect_connected(&going, server);
  expect_number(scenario_state(outbound_of(&going), pair.service),
                CONNTRAIL_EMU_REDIRECTED_BY_SELF);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 1);
  expect_number(scenario_event(CONNTRAIL_EMU_RECORDS_SET, 1).from, scenario_number(pair.accepted));
  expect_number(scenario_count(CONNTRAIL_EMU_LOOP), 0);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  free_onward(&going);
  scenario_close(server);
  scenario_close_pair(&pair);
  async_close(going.base);
}

void case_onward_carries_the_records(void) {
  carry_the_records(false);
}

void case_onward_socket_carries_the_records(void) {
  carry_the_records(true);
}

static void go_on_directly(bool by_socket) {
  struct sockaddr_storage address;
  fixture_open(NULL);
  onward going = {.base = async_open(), .by_socket = by_socket};
  conntrail_socket server = serve(&address);
  scenario_pair pair = scenario_direct_pair();
  begin_onward(&going, pair.accepted, &address);
  run_onward(&going);
  expect_status(going.status, CONNTRAIL_OK_NOTHING_TO_TRANSFER);
  expect_connected(&going, server);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 0);
  free_onward(&going);
  scenario_close(server);
  scenario_close_pair(&pair);
  async_close(going.base);
}

void case_onward_of_a_direct_connection(void) {
  go_on_directly(false);
}

void case_onward_socket_of_a_direct_connection(void) {
  go_on_directly(true);
}

static void expect_refused(onward *going, conntrail_socket accepted,
                           const struct sockaddr_storage *destination, conntrail_status status) {
  going->calls = 0;
  begin_onward(going, accepted, destination);
  run_onward(going);
  expect_number(going->calls, 1);
  expect_status(going->status, status);
  expect_true(!is_given(going));
}

/* Which half refused, as for a transfer (T3); and a connect that the system refuses at once. */
static void be_refused(bool by_socket) {
  fixture_open(NULL);
  onward going = {.base = async_open(), .by_socket = by_socket};
  scenario_pair pair = scenario_redirected_pair();
  struct sockaddr_storage nowhere = net_v4(203, 0, 113, 1, 80);
  expect_refused(&going, pair.listener, &pair.destination, CONNTRAIL_NOT_CONNECTED);
  expect_refused(&going, CONNTRAIL_INVALID_SOCKET, &pair.destination, CONNTRAIL_NOT_SOCKET);
  conntrail_emu_set_privileged(fixture_emulation(), false);
  expect_refused(&going, pair.accepted, &pair.destination, CONNTRAIL_OUTBOUND_ACCESS);
  conntrail_emu_set_privileged(fixture_emulation(), true);
  expect_refused(&going, pair.accepted, &nowhere, CONNTRAIL_OUTBOUND_CONNECT_FAILED);
  scenario_close_pair(&pair);
  async_close(going.base);
}

void case_onward_refused(void) {
  be_refused(false);
}

void case_onward_socket_refused(void) {
  be_refused(true);
}

void case_onward_not_begun(void) {
  struct sockaddr_storage destination = scenario_destination4();
  const struct sockaddr *to = (const struct sockaddr *)&destination;
  fixture_open(NULL);
  onward going = {.base = async_open()};
  conntrail_socket none = CONNTRAIL_INVALID_SOCKET;
  expect_status(conntrail_event_connect(NULL, none, to, 0, on_connecting, &going, NULL),
                CONNTRAIL_FAULT);
  expect_status(conntrail_event_connect(going.base, none, NULL, 0, on_connecting, &going, NULL),
                CONNTRAIL_FAULT);
  expect_status(conntrail_event_connect(going.base, none, to, 0, NULL, &going, NULL),
                CONNTRAIL_FAULT);
  destination.ss_family = AF_UNSPEC;
  expect_status(conntrail_event_connect(going.base, none, to, 0, on_connecting, &going, NULL),
                CONNTRAIL_INVALID);
  async_run(going.base);
  expect_number(going.calls, 0);
  async_close(going.base);
}

void case_onward_socket_not_begun(void) {
  struct sockaddr_storage destination = scenario_destination4();
  const struct sockaddr *to = (const struct sockaddr *)&destination;
  fixture_open(NULL);
  onward going = {.base = async_open(), .socket = CONNTRAIL_INVALID_SOCKET};
  conntrail_socket none = CONNTRAIL_INVALID_SOCKET;
  expect_status(conntrail_event_connect_socket(NULL, none, to, on_socket, &going, NULL),
                CONNTRAIL_FAULT);
  expect_status(conntrail_event_connect_socket(going.base, none, NULL, on_socket, &going, NULL),
                CONNTRAIL_FAULT);
  expect_status(conntrail_event_connect_socket(going.base, none, to, NULL, &going, NULL),
                CONNTRAIL_FAULT);
  destination.ss_family = AF_UNSPEC;
  expect_status(conntrail_event_connect_socket(going.base, none, to, on_socket, &going, NULL),
                CONNTRAIL_INVALID);
  async_run(going.base);
  expect_number(going.calls, 0);
  async_close(going.base);
}

static void cancel(bool by_socket) {
  struct sockaddr_storage address;
  fixture_open(NULL);
  onward going = {.base = async_open(), .by_socket = by_socket};
  conntrail_socket server = serve(&address);
  scenario_pair pair = scenario_redirected_pair();
  begin_onward(&going, pair.accepted, &pair.destination);
  conntrail_request_cancel(going.request);
  async_run(going.base);
  expect_number(going.calls, 1);
  expect_status(going.status, CONNTRAIL_ABORTED);
  expect_true(!is_given(&going));
  scenario_close(server);
  scenario_close_pair(&pair);
  async_close(going.base);
}

void case_onward_cancelled(void) {
  cancel(false);
}

void case_onward_socket_cancelled(void) {
  cancel(true);
}

static void drop(bool by_socket) {
  fixture_open(NULL);
  onward going = {.base = async_open(), .by_socket = by_socket};
  scenario_pair pair = scenario_redirected_pair();
  begin_onward(&going, pair.accepted, &pair.destination);
  conntrail_request_drop(going.request);
  async_expect_pending(0);
  async_run(going.base);
  expect_number(going.calls, 0);
  expect_number(scenario_count(CONNTRAIL_EMU_RECORDS_SET), 0);
  scenario_close_pair(&pair);
  async_close(going.base);
}

void case_onward_dropped(void) {
  drop(false);
}

void case_onward_socket_dropped(void) {
  drop(true);
}

/* ---- The listener ---------------------------------------------------------------------------- */

static void on_accepted(conntrail_status status, conntrail_socket accepted,
                        const struct sockaddr_storage *destination, struct bufferevent *stream,
                        void *argument) {
  onward *going = argument;
  going->accepted = accepted;
  going->destination = *destination;
  keep(going, status, stream);
  if (stream == NULL) {
    event_base_loopbreak(going->base);
  }
}

typedef struct proxy {
  onward going;
  scenario_pair pair;
  struct evconnlistener *evlistener;
  conntrail_event_listener *listener;
} proxy;

static void open_proxy(proxy *p) {
  memset(p, 0, sizeof *p);
  p->going.base = async_open();
  p->pair = scenario_service("acme", FIXTURE_USUAL_RULE, NET_TCP4);
  expect_result(net_make_nonblocking(p->pair.listener), NET_OK);
  p->evlistener = evconnlistener_new(p->going.base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0,
                                     (evutil_socket_t)p->pair.listener);
  expect_true(p->evlistener != NULL);
  p->listener =
      conntrail_event_listener_new(p->evlistener, BEV_OPT_CLOSE_ON_FREE, on_accepted, &p->going);
  expect_true(p->listener != NULL);
}

static void close_proxy(proxy *p) {
  conntrail_event_listener_free(p->listener);
  evconnlistener_free(p->evlistener);
  scenario_close_pair(&p->pair);
  async_close(p->going.base);
}

static void connect_by(proxy *p, conntrail_status status) {
  struct sockaddr_storage destination = scenario_destination4();
  p->pair.client = scenario_client(NET_TCP4, &destination);
  async_answer_and_run(p->going.base);
  expect_number(p->going.calls, 1);
  expect_status(p->going.status, status);
  p->pair.accepted = p->going.accepted;
}

void case_onward_listener(void) {
  struct sockaddr_storage address;
  struct sockaddr_storage destination = scenario_destination4();
  proxy p;
  fixture_open(NULL);
  conntrail_socket server = serve(&address);
  open_proxy(&p);
  connect_by(&p, CONNTRAIL_OK);
  expect_address(&p.going.destination, &destination);
  expect_connected(&p.going, server);
  expect_number(scenario_count(CONNTRAIL_EMU_DELIVERED), 1);
  expect_number(scenario_count(CONNTRAIL_EMU_MISUSE), 0);
  free_onward(&p.going);
  scenario_close(server);
  close_proxy(&p);
}

/* D2: without a context the system is asked. */
void case_onward_listener_without_context(void) {
  struct sockaddr_storage address;
  struct sockaddr_storage destination = scenario_destination4();
  proxy p;
  fixture_open(NULL);
  conntrail_socket server = serve(&address);
  open_proxy(&p);
  expect_status(conntrail_emu_set_context_layout(p.pair.service, CONNTRAIL_EMU_CONTEXT_NONE),
                CONNTRAIL_OK);
  connect_by(&p, CONNTRAIL_OK);
  expect_address(&p.going.destination, &destination);
  free_onward(&p.going);
  scenario_close(server);
  close_proxy(&p);
}

void case_onward_listener_unknown_layout(void) {
  proxy p;
  fixture_open(NULL);
  open_proxy(&p);
  expect_status(conntrail_emu_set_context(p.pair.service, "another layout", 14), CONNTRAIL_OK);
  connect_by(&p, CONNTRAIL_UNKNOWN_LAYOUT);
  expect_number(p.going.destination.ss_family, AF_UNSPEC);
  expect_true(p.going.stream == NULL);
  expect_number(scenario_misuse(CONNTRAIL_EMU_MISUSE_LAYOUT_DID_NOT_FIT), 1);
  /* Asked once, without waiting, and not again. */
  expect_number(scenario_count(CONNTRAIL_EMU_CONTEXT_QUERIED), 1);
  close_proxy(&p);
}

/* What was not handed over is closed without a callback: its client sees the end. */
void case_onward_listener_freed(void) {
  char byte;
  struct sockaddr_storage destination = scenario_destination4();
  proxy p;
  fixture_open(NULL);
  open_proxy(&p);
  expect_true(conntrail_event_listener_new(NULL, 0, on_accepted, NULL) == NULL);
  expect_true(conntrail_event_listener_new(p.evlistener, 0, NULL, NULL) == NULL);
  p.pair.client = scenario_client(NET_TCP4, &destination);
  (void)event_base_loop(p.going.base, EVLOOP_ONCE);
  bool pends = fixture_profile() == CONNTRAIL_EMU_CONTRARY;
  expect_number(p.going.calls, pends ? 0 : 1);
  async_expect_pending(1);
  conntrail_event_listener_free(p.listener);
  p.listener = NULL;
  async_expect_pending(0);
  if (pends) {
    expect_result(net_receive(p.pair.client, &byte, 1), NET_ENDED);
  } else {
    p.pair.accepted = p.going.accepted;
  }
  close_proxy(&p);
}
