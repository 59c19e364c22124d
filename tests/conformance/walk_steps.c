/* SPDX-License-Identifier: MIT */
/* Steps that the walks have in common. */
#include "walk.h"

bool walk_close(walk *w, net_result (*close)(conntrail_socket), const char *how, int *model) {
  unsigned slot = walk_pick(w);
  if (w->sockets[slot] == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  transcript_line("%s %s", how, transcript_socket(w->sockets[slot]));
  walk_judge_result(w, how, close(w->sockets[slot]), NET_OK);
  *model = w->modelled[slot];
  walk_put(w, slot, CONNTRAIL_INVALID_SOCKET, WALK_NOTHING);
  return true;
}

int walk_copy(walk *w, net_result (*copy)(conntrail_socket, conntrail_socket *)) {
  unsigned from = walk_pick(w);
  unsigned to = walk_pick(w);
  if (w->sockets[from] == CONNTRAIL_INVALID_SOCKET || w->sockets[to] != CONNTRAIL_INVALID_SOCKET) {
    return WALK_NOTHING;
  }
  conntrail_socket copied = CONNTRAIL_INVALID_SOCKET;
  expect_result(copy(w->sockets[from], &copied), NET_OK);
  transcript_line("duplicate %s -> %s", transcript_socket(w->sockets[from]),
                  transcript_socket(copied));
  walk_put(w, to, copied, w->modelled[from]);
  return w->modelled[to];
}

net_result walk_dissolve(conntrail_socket socket) {
  net_result result = net_dissolve(socket);
  transcript_line("dissolve %s -> %s", transcript_socket(socket), net_result_name(result));
  return result;
}

net_result walk_ask_peer(conntrail_socket socket, struct sockaddr_storage *peer) {
  net_result result = net_peer(socket, peer);
  transcript_line("peer of %s -> %s %s", transcript_socket(socket), net_result_name(result),
                  result == NET_OK ? walk_address_text(peer) : "");
  return result;
}

void walk_inspect(walk *w) {
  conntrail_socket socket = *walk_slot(w);
  uint32_t number = 0;
  conntrail_emu_state state = CONNTRAIL_EMU_NOT_REDIRECTED;
  conntrail_status status = conntrail_emu_inspect(fixture_emulation(), socket,
                                                  w->services[walk_below(w, 2)], &number, &state);
  transcript_line("inspect %s -> %s number %u state %d", transcript_socket(socket),
                  conntrail_status_name(status), (unsigned)number, (int)state);
}

void walk_add_fault(walk *w, conntrail_emu_operation operation) {
  static const uint32_t natives[] = {10004, 10013, 10022, 10050, 10055};
  conntrail_emu_fault fault =
      scenario_fault(operation, natives[walk_below(w, sizeof natives / sizeof natives[0])]);
  fault.nth = 1 + walk_below(w, 4);
  scenario_add_fault(&fault);
  transcript_line("fault in %d at %u", (int)fault.operation, (unsigned)fault.nth);
}

void walk_change_world(walk *w) {
  if (walk_below(w, 2) == 0) {
    conntrail_emu_clear_faults(fixture_emulation());
  } else {
    conntrail_emu_set_privileged(fixture_emulation(), walk_below(w, 3) != 0);
  }
}
