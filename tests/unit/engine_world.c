/* SPDX-License-Identifier: MIT */
#include "engine_world.h"
#include "backend-emu/engine/socket.h"

conntrail_emu *world;
conntrail__refusal why;

void world_begin(void) {
  world = conntrail__engine_create(NULL, 1, &why);
  ck_assert_ptr_nonnull(world);
}

void world_end(void) {
  conntrail__engine_destroy(world);
  world = NULL;
}

conntrail__address at(const char *text) {
  conntrail__address address;
  ck_assert_msg(conntrail__address_parse(text, &address, &why), "%s", why.text);
  return address;
}

conntrail_emu_service *service(const char *name, const char *rule, const char *proxy) {
  conntrail__address target = at(proxy);
  conntrail_emu_service *added = conntrail__service_add(world, name, NULL, &why);
  ck_assert_msg(added != NULL, "%s", why.text);
  ck_assert_msg(conntrail__filter_add(added, CONNTRAIL__REDIRECT, rule, &target, &why) ==
                    CONNTRAIL_OK,
                "%s", why.text);
  return added;
}

conntrail__identity who(uint32_t process) {
  conntrail__identity identity = {.actor = process, .process = process};
  return identity;
}

conntrail__socket *fresh(uint32_t process) {
  conntrail__identity identity = who(process);
  return conntrail__socket_create(world, CONNTRAIL__STREAM, &identity, 0);
}

conntrail__socket *listener(uint32_t process, const char *address) {
  conntrail__address local = at(address);
  conntrail__socket *socket = fresh(process);
  conntrail__socket_listening(socket, &local);
  return socket;
}

conntrail__decision ask(conntrail__socket *client, const char *remote) {
  conntrail__address address = at(remote);
  conntrail__identity identity = who(client->process);
  return conntrail__socket_connecting(client, &address, &identity);
}

conntrail__decision connect_from(conntrail__socket *client, const char *remote, const char *local) {
  conntrail__address address = at(local);
  conntrail__decision decision = ask(client, remote);
  if (decision.native == 0) {
    conntrail__socket_connected(client, CONNTRAIL__ESTABLISHED, &address, 0);
  }
  return decision;
}

static bool locate_nobody(intptr_t handle, conntrail__address *local) {
  (void)handle;
  (void)local;
  return false;
}

conntrail__socket *accept_from(conntrail__socket *proxy, const char *peer) {
  conntrail__address address = at(peer);
  conntrail__identity identity = who(proxy->process);
  return conntrail__socket_accepted(proxy, &address, &identity, 0, locate_nobody, NULL);
}

static uint32_t perform(conntrail__socket *socket, const conntrail__call *call) {
  conntrail__identity identity = who(socket->process);
  return conntrail__socket_ioctl(socket, &identity, call);
}

uint32_t query(conntrail__socket *socket, uint32_t code, void *out, uint32_t capacity,
               uint32_t *bytes) {
  conntrail__call call = {code, NULL, 0, out, capacity, bytes};
  return perform(socket, &call);
}

uint32_t set(conntrail__socket *socket, const void *records, uint32_t size, uint32_t *bytes) {
  conntrail__call call = {CONNTRAIL__SET_RECORDS, records, size, NULL, 0, bytes};
  return perform(socket, &call);
}

void transfer(conntrail__socket *from, conntrail__socket *to) {
  uint8_t records[4096];
  uint32_t size = 0;
  uint32_t ignored = 0;
  ck_assert_uint_eq(query(from, CONNTRAIL__QUERY_RECORDS, records, sizeof records, &size), 0);
  ck_assert_uint_eq(set(to, records, size, &ignored), 0);
}

uint64_t count(conntrail_emu_event_kind kind) {
  return conntrail__trail_count(world, kind);
}

uint64_t misuse(conntrail_emu_misuse kind) {
  return conntrail__trail_misuse_count(world, kind);
}

const conntrail__event *last(conntrail_emu_event_kind kind) {
  const conntrail__event *found = NULL;
  const conntrail__event *event = conntrail__trail_next(world, 0);
  for (; event != NULL; event = conntrail__trail_next(world, event->number)) {
    found = event->kind == kind ? event : found;
  }
  ck_assert_msg(found != NULL, "no event \"%s\" in the trail", conntrail__event_word(kind));
  return found;
}
