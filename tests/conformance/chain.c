/* SPDX-License-Identifier: MIT */
#include "chain.h"

#include <stdio.h>
#include <string.h>

static const char *const names[CHAIN_MOST_HOPS] = {"acme", "borg", "cyber", "delos", "encom"};

static void open_hop(chain *c, unsigned place) {
  char rule[96];
  (void)snprintf(rule, sizeof rule, "tcp %s port 80 weight %u",
                 c->kind == NET_TCP4 ? "93.184.216.34" : "2606:2800:220:1::1", 10 - place);
  c->hops[place].pair = scenario_service(names[place], rule, c->kind);
  c->hops[place].outbound = CONNTRAIL_INVALID_SOCKET;
}

void chain_open(chain *c, net_kind kind, unsigned count, const unsigned *order) {
  memset(c, 0, sizeof *c);
  c->kind = kind;
  c->count = count;
  c->destination = kind == NET_TCP4 ? scenario_destination4() : scenario_destination6();
  fixture_open(NULL);
  c->server = scenario_listener(kind, &c->address);
  expect_status(
      conntrail_emu_route(fixture_emulation(),
                          kind == NET_TCP4 ? "93.184.216.34:80" : "[2606:2800:220:1::1]:80",
                          (const struct sockaddr *)&c->address),
      CONNTRAIL_OK);
  for (unsigned index = 0; index < count; ++index) {
    open_hop(c, order[index]);
  }
}

conntrail_socket chain_start(chain *c) {
  return scenario_client(c->kind, &c->destination);
}

net_result chain_forward(chain *c, unsigned hop) {
  chain_hop *h = &c->hops[hop];
  struct sockaddr_storage destination;
  expect_status(conntrail_emu_act_as(h->process, NULL), CONNTRAIL_OK);
  h->pair.accepted = scenario_accept(h->pair.listener);
  expect_status(t_original_destination(h->pair.accepted, &destination), CONNTRAIL_OK);
  expect_address(&destination, &c->destination);
  h->outbound = scenario_socket(c->kind);
  if (!h->forgets) {
    expect_status(t_transfer_records(h->pair.accepted, h->outbound), CONNTRAIL_OK);
  }
  net_result result = t_connect(h->outbound, &destination);
  expect_status(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  return result;
}

static void relay(conntrail_socket from, conntrail_socket to) {
  char bytes[5];
  expect_result(net_receive(from, bytes, sizeof bytes), NET_OK);
  expect_result(net_send(to, bytes, sizeof bytes), NET_OK);
}

void chain_expect_data(const chain *c, conntrail_socket client) {
  char bytes[5];
  conntrail_socket accepted = scenario_accept(c->server);
  expect_result(net_send(client, "hello", 5), NET_OK);
  for (unsigned hop = 0; hop < c->count; ++hop) {
    relay(c->hops[hop].pair.accepted, c->hops[hop].outbound);
  }
  expect_result(net_receive(accepted, bytes, sizeof bytes), NET_OK);
  expect_bytes(bytes, "hello", 5);
  scenario_close(accepted);
}

void chain_close(chain *c) {
  for (unsigned hop = 0; hop < c->count; ++hop) {
    if (c->hops[hop].outbound != CONNTRAIL_INVALID_SOCKET) {
      scenario_close(c->hops[hop].outbound);
    }
    scenario_close_pair(&c->hops[hop].pair);
  }
  scenario_close(c->server);
  fixture_close();
}
