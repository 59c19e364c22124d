/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "arrival.h"
#include "blob.h"
#include "datagram_flow.h"
#include "emulation.h"
#include "profile.h"
#include "route.h"
#include "service.h"
#include "socket.h"

/* Everything of an emulation begins anew but its sockets, which programs have open. What ends with
 * it writes events as ever; the trail is emptied behind them. */

static void clear_stream(conntrail__socket *socket) {
  conntrail__socket_end_connection(socket);
  conntrail__blob_release(socket->carried);
  socket->carried = NULL;
  socket->records_too_small = false;
  socket->context_too_small = false;
}

/* Whether messages are enabled stays: a program does so once. */
static void clear_datagram(conntrail__socket *socket) {
  while (socket->datagram->newest != NULL) {
    conntrail__datagram_flow_end(socket->datagram->newest);
  }
}

/* A connect that is under way leaves the list of the undecided. */
static void clear_sockets(conntrail_emu *emu) {
  while (emu->undecided != NULL) {
    clear_stream(emu->undecided);
  }
  for (conntrail__socket *socket = emu->sockets; socket != NULL; socket = socket->next) {
    if (socket->is_datagram) {
      clear_datagram(socket);
    } else {
      clear_stream(socket);
    }
    socket->number = 0;
  }
  emu->socket_count = 0;
}

static void clear_services(conntrail_emu *emu) {
  emu->filters.count = 0;
  for (uint32_t i = 0; i < emu->service_count; i++) {
    conntrail__service_destroy(emu->services[i]);
    emu->services[i] = NULL;
  }
  emu->service_count = 0;
}

static void clear_trail(conntrail_emu *emu) {
  emu->event_count = 0;
  emu->event_place = 0;
  memset(emu->counts, 0, sizeof emu->counts);
  memset(emu->misuse_counts, 0, sizeof emu->misuse_counts);
}

void conntrail__engine_reset(conntrail_emu *emu) {
  clear_sockets(emu);
  conntrail__arrival_clear(emu);
  conntrail__route_clear(emu);
  conntrail__fault_clear(emu);
  clear_services(emu);
  clear_trail(emu);
  conntrail__profile_forget(emu);
  emu->table = conntrail__builtin_table(emu->options.profile);
  emu->random = emu->options.seed;
  emu->now = 0;
}
