/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "hub_internal.h"

/* What processes are called, and where programs listen. */

void conntrail__hub_remember(conntrail__peer *peer, uint32_t process) {
  conntrail__hub *hub = peer->hub;
  const char *program = peer->program;
  conntrail__named *named = NULL;
  peer->process = process;
  if (program[0] == '\0') {
    return;
  }
  HASH_FIND(hh, hub->named, &process, sizeof process, named);
  if (named == NULL) {
    named = calloc(1, sizeof *named);
    if (named == NULL) {
      return;
    }
    named->process = process;
    HASH_ADD(hh, hub->named, process, sizeof process, named);
  }
  memcpy(named->program, program, sizeof named->program);
}

bool conntrail__hub_listens(const conntrail__hub *hub, const char *program,
                            conntrail__address *address) {
  for (const conntrail__listening *l = hub->listening; l != NULL; l = l->next) {
    if (strcmp(l->program, program) == 0) {
      *address = l->address;
      return true;
    }
  }
  return false;
}

const char *conntrail__hub_program(const conntrail__hub *hub, uint32_t process) {
  conntrail__named *named = NULL;
  HASH_FIND(hh, hub->named, &process, sizeof process, named);
  return named == NULL ? NULL : named->program;
}

void conntrail__hub_forget_names(conntrail__hub *hub) {
  conntrail__named *named;
  conntrail__named *next;
  HASH_ITER(hh, hub->named, named, next) {
    HASH_DEL(hub->named, named);
    free(named);
  }
  while (hub->listening != NULL) {
    conntrail__listening *first = hub->listening;
    hub->listening = first->next;
    free(first);
  }
}
