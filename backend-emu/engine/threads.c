/* SPDX-License-Identifier: MIT */
#include "threads.h"

#include "emulation.h"
#include "flow.h"
#include "records.h"
#include "socket.h"

/* A runtime such as Go's moves what belongs together from thread to thread. The records that a
 * socket carries name the accepted connection that it continues, so they show this. */

static uint32_t *find(const conntrail_emu *emu, uint32_t process) {
  uint32_t *processes = emu->hinting.items;
  for (uint32_t i = 0; i < emu->hinting.count; i++) {
    if (processes[i] == process) {
      return &processes[i];
    }
  }
  return NULL;
}

bool conntrail__threads_are_hints(const conntrail_emu *emu, uint32_t process) {
  return find(emu, process) != NULL;
}

static bool add(conntrail_emu *emu, uint32_t process) {
  uint32_t *place = conntrail__list_grow(&emu->hinting, sizeof *place);
  if (place != NULL) {
    *place = process;
  }
  return place != NULL;
}

bool conntrail__threads_note(const conntrail__socket *socket, const conntrail__blob *carried,
                             uint64_t actor) {
  const conntrail__flow *continued =
      conntrail__flow_find(socket->emu, conntrail__records_newest_flow(carried));
  bool shows_it = continued != NULL && continued->accepted_process == socket->process &&
                  continued->asker != actor;
  return !shows_it || conntrail__threads_are_hints(socket->emu, socket->process) ||
         add(socket->emu, socket->process);
}

void conntrail__engine_process_begins(conntrail_emu *emu, uint32_t process) {
  uint32_t *processes = emu->hinting.items;
  uint32_t *found = find(emu, process);
  if (found != NULL) {
    *found = processes[--emu->hinting.count];
  }
}
