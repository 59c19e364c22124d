/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "hub_internal.h"

/* What processes are called, whose connections pass by that, and where programs listen. */

bool conntrail__hub_exempt(conntrail__hub *hub, conntrail_emu_service *service,
                           const char *program) {
  size_t size = strlen(program) + 1;
  conntrail__exempt *exempt = size > sizeof exempt->program ? NULL : calloc(1, sizeof *exempt);
  if (exempt == NULL) {
    return false;
  }
  memcpy(exempt->program, program, size);
  exempt->service = service;
  exempt->next = hub->exempt;
  hub->exempt = exempt;
  return true;
}

/* The system gives ids again: what the id's last process was called does not count any more. */
static bool exempt_by_name(const conntrail__hub *hub, uint32_t process, const char *program) {
  conntrail__refusal ignored;
  for (const conntrail__exempt *e = hub->exempt; e != NULL; e = e->next) {
    conntrail__service_end_exemption(e->service, process);
  }
  for (const conntrail__exempt *e = hub->exempt; e != NULL; e = e->next) {
    if (strcmp(e->program, program) == 0 &&
        conntrail__service_exempt_process(e->service, process, &ignored) != CONNTRAIL_OK) {
      return false;
    }
  }
  return true;
}

static conntrail__named *find_named(const conntrail__hub *hub, uint32_t process) {
  conntrail__named *named = NULL;
  HASH_FIND(hh, hub->named, &process, sizeof process, named);
  return named;
}

/* Of the processes that are called so; by and by they start others, which are called so as well. */
static const conntrail__named *find_first(const conntrail__hub *hub, const char *program) {
  const conntrail__named *first = hub->named;
  while (first != NULL && strcmp(first->program, program) != 0) {
    first = first->hh.next;
  }
  return first;
}

static void name(conntrail__hub *hub, uint32_t process, const char *program, const char *command) {
  const conntrail__named *first = find_first(hub, program);
  conntrail__named *named = find_named(hub, process);
  if (program[0] == '\0') {
    return;
  }
  if (named == NULL) {
    named = calloc(1, sizeof *named);
    if (named == NULL) {
      return;
    }
    named->process = process;
    HASH_ADD(hh, hub->named, process, sizeof process, named);
  }
  memcpy(named->program, program, sizeof named->program);
  memcpy(named->command, command, sizeof named->command);
  named->is_other = first != NULL && strcmp(first->command, command) != 0;
}

bool conntrail__hub_remember(conntrail__peer *peer, uint32_t process) {
  peer->process = process;
  name(peer->hub, process, peer->program, peer->command);
  return exempt_by_name(peer->hub, process, peer->program);
}

bool conntrail__hub_has_met(const conntrail__hub *hub, const char *program) {
  return find_first(hub, program) != NULL;
}

static bool is_there_for(const conntrail__listening *listening, uint8_t family) {
  return family == CONNTRAIL__NO_FAMILY || family == listening->address.family ||
         (family == CONNTRAIL__IPV4 && conntrail__address_is_any(&listening->address) &&
          !listening->is_ipv6_only);
}

bool conntrail__hub_listens(const conntrail__hub *hub, const char *program, uint8_t family,
                            conntrail__address *address) {
  for (const conntrail__listening *l = hub->listening; l != NULL; l = l->next) {
    if (strcmp(l->program, program) == 0 && is_there_for(l, family)) {
      *address = l->address;
      return true;
    }
  }
  return false;
}

const char *conntrail__hub_program(const conntrail__hub *hub, uint32_t process) {
  const conntrail__named *named = find_named(hub, process);
  return named == NULL ? NULL : named->program;
}

const char *conntrail__hub_command(const conntrail__hub *hub, uint32_t process) {
  const conntrail__named *named = find_named(hub, process);
  return named == NULL || !named->is_other ? NULL : named->command;
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
  while (hub->exempt != NULL) {
    conntrail__exempt *first = hub->exempt;
    hub->exempt = first->next;
    free(first);
  }
}
