/* SPDX-License-Identifier: MIT */
#include "scripted_world.h"

conntrail_emu *emu;

void begin(void) {
  conntrail__address proxy = scripted_address("127.0.0.1:1001");
  conntrail__address server = scripted_address("127.0.0.1:1002");
  conntrail__refusal why = {""};
  scripted_begin();
  emu = conntrail_emu_create(NULL);
  ck_assert_ptr_nonnull(emu);
  conntrail_emu_service *acme = conntrail_emu_add_service(emu, "acme", NULL);
  ck_assert_int_eq(
      conntrail__filter_add(acme, CONNTRAIL__REDIRECT, "tcp 93.184.216.0/24", &proxy, &why), 0);
  ck_assert_int_eq(
      conntrail__filter_add(acme, CONNTRAIL__REDIRECT, "udp 93.184.216.0/24", &proxy, &why), 0);
  ck_assert_int_eq(conntrail__route_add(emu, "198.51.100.7:80", &server, &why), 0);
}

void end(void) {
  conntrail_emu_destroy(emu);
  scripted_end();
}

void end_emulation(void) {
  conntrail_emu_destroy(emu);
  emu = NULL;
}

int park(intptr_t handle, const char *remote, parked *call) {
  conntrail__address address = scripted_address(remote);
  ck_assert(conntrail__reference_enter(handle, &call->reference));
  int error = conntrail__connect_decide(&call->reference, &address, &call->target);
  ck_assert_msg(!scripted_is_locked, "a parked call holds the lock");
  return error;
}

void finish(parked *call, conntrail__outcome outcome, int error) {
  conntrail__connect_finish(&call->reference, outcome, error);
  ck_assert(!scripted_is_locked);
}

conntrail__socket_state state_of(intptr_t handle) {
  return conntrail__socket_state_of(scripted[handle].socket);
}
