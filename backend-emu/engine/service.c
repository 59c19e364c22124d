/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "emulation.h"
#include "list.h"
#include "random.h"
#include "refusal.h"
#include "service.h"
#include "socket.h"
#include "user.h"

static conntrail_emu_guid guid_of_name(const char *name) {
  static const uint64_t key[2] = {UINT64_C(0x636f6e6e74726169), UINT64_C(0x6c2073657276)};
  uint64_t halves[2];
  conntrail_emu_guid guid;
  halves[0] = conntrail__seal(key, name, strlen(name));
  halves[1] = conntrail__seal(key, halves, sizeof halves[0]);
  memcpy(&guid, halves, sizeof guid);
  return guid;
}

static bool name_fits(const conntrail_emu *emu, const char *name, conntrail__refusal *why) {
  if (name == NULL || name[0] == '\0' || strlen(name) >= CONNTRAIL__NAME_TEXT) {
    conntrail__refuse(why, CONNTRAIL_INVALID,
                      "a redirect service wants a name of 1 to %d bytes, not \"%.40s\"",
                      (int)CONNTRAIL__NAME_TEXT - 1, name == NULL ? "(NULL)" : name);
    return false;
  }
  for (uint32_t i = 0; i < emu->service_count; i++) {
    if (strcmp(emu->services[i]->name, name) == 0) {
      conntrail__refuse(why, CONNTRAIL_INVALID,
                        "there is a redirect service \"%s\" already: choose another name", name);
      return false;
    }
  }
  if (emu->service_count == CONNTRAIL__MOST_SERVICES) {
    conntrail__refuse(why, CONNTRAIL_LIMIT,
                      "\"%s\" is one redirect service too many: an emulation holds %d", name,
                      (int)CONNTRAIL__MOST_SERVICES);
    return false;
  }
  return true;
}

static bool guid_fits(const conntrail_emu *emu, const char *name, const conntrail_emu_guid *guid,
                      conntrail__refusal *why) {
  for (uint32_t i = 0; i < emu->service_count; i++) {
    if (memcmp(&emu->services[i]->guid, guid, sizeof *guid) == 0) {
      conntrail__refuse(why, CONNTRAIL_INVALID,
                        "the GUID of \"%s\" is that of \"%s\" already: each redirect service wants "
                        "its own",
                        name, emu->services[i]->name);
      return false;
    }
  }
  return true;
}

conntrail_emu_service *conntrail__service_add(conntrail_emu *emu, const char *name,
                                              const conntrail_emu_guid *guid,
                                              conntrail__refusal *why) {
  if (!name_fits(emu, name, why)) {
    return NULL;
  }
  conntrail_emu_guid identity = guid == NULL ? guid_of_name(name) : *guid;
  if (!guid_fits(emu, name, &identity, why)) {
    return NULL;
  }
  conntrail_emu_service *service = calloc(1, sizeof *service);
  if (service == NULL) {
    conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for the redirect service \"%s\"", name);
    return NULL;
  }
  service->emu = emu;
  service->guid = identity;
  service->index = (uint8_t)emu->service_count;
  snprintf(service->name, sizeof service->name, "%s", name);
  emu->services[emu->service_count++] = service;
  return service;
}

void conntrail__service_destroy(conntrail_emu_service *service) {
  conntrail__blob_release(service->fixed_context);
  free(service->exempt_processes.items);
  free(service->exempt_users.items);
  free(service);
}

conntrail_emu *conntrail__service_emulation(conntrail_emu_service *service) {
  return service->emu;
}

const char *conntrail__service_name(const conntrail_emu_service *service) {
  return service == NULL ? "" : service->name;
}

static uint32_t *find_exempt(const conntrail_emu_service *service, uint32_t process) {
  uint32_t *processes = service->exempt_processes.items;
  for (uint32_t i = 0; i < service->exempt_processes.count; i++) {
    if (processes[i] == process) {
      return &processes[i];
    }
  }
  return NULL;
}

conntrail_status conntrail__service_exempt_process(conntrail_emu_service *service, uint32_t process,
                                                   conntrail__refusal *why) {
  if (process == 0) {
    return conntrail__refuse(why, CONNTRAIL_INVALID,
                             "process 0 is no process: give the id that \"%s\" is to let pass",
                             service->name);
  }
  if (find_exempt(service, process) != NULL) {
    return CONNTRAIL_OK;
  }
  uint32_t *place = conntrail__list_grow(&service->exempt_processes, sizeof *place);
  if (place == NULL) {
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for an exemption");
  }
  *place = process;
  return CONNTRAIL_OK;
}

void conntrail__service_end_exemption(conntrail_emu_service *service, uint32_t process) {
  uint32_t *place = find_exempt(service, process);
  if (place != NULL) {
    const uint32_t *processes = service->exempt_processes.items;
    *place = processes[--service->exempt_processes.count];
  }
}

conntrail_status conntrail__service_exempt_user(conntrail_emu_service *service, const char *user,
                                                conntrail__refusal *why) {
  uint16_t number = 0;
  if (user == NULL || user[0] == '\0' || strlen(user) >= CONNTRAIL__USER_TEXT) {
    return conntrail__refuse(why, CONNTRAIL_INVALID,
                             "a user's name has 1 to %d bytes: give the one that \"%s\" is to let "
                             "pass, as conntrail_emu_act_as() names it",
                             (int)CONNTRAIL__USER_TEXT - 1, service->name);
  }
  if (!conntrail__user_number(service->emu, user, &number)) {
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for an exemption");
  }
  uint16_t *place = conntrail__list_grow(&service->exempt_users, sizeof *place);
  if (place == NULL) {
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for an exemption");
  }
  *place = number;
  return CONNTRAIL_OK;
}

bool conntrail__service_exempts(const conntrail_emu_service *service,
                                const conntrail__socket *socket) {
  if (find_exempt(service, socket->process) != NULL) {
    return true;
  }
  const uint16_t *users = service->exempt_users.items;
  for (uint32_t i = 0; i < service->exempt_users.count; i++) {
    if (users[i] == socket->user) {
      return true;
    }
  }
  return false;
}

conntrail_status conntrail__service_set_context_layout(conntrail_emu_service *service,
                                                       conntrail_emu_context layout,
                                                       conntrail__refusal *why) {
  if ((unsigned)layout > CONNTRAIL_EMU_CONTEXT_NONE) {
    return conntrail__refuse(why, CONNTRAIL_INVALID,
                             "%d is no context layout: give one of conntrail_emu_context",
                             (int)layout);
  }
  conntrail__blob_release(service->fixed_context);
  service->fixed_context = NULL;
  service->layout = layout;
  return CONNTRAIL_OK;
}

conntrail_status conntrail__service_set_context(conntrail_emu_service *service, const void *context,
                                                size_t size, conntrail__refusal *why) {
  if (context == NULL && size > 0) {
    return conntrail__refuse(why, CONNTRAIL_FAULT,
                             "the context of \"%s\" is NULL, but has %zu bytes", service->name,
                             size);
  }
  if (size > CONNTRAIL_EMU_LARGEST_CONTEXT) {
    return conntrail__refuse(why, CONNTRAIL_LIMIT,
                             "a context of %zu bytes is too large for \"%s\": at most %u", size,
                             service->name, CONNTRAIL_EMU_LARGEST_CONTEXT);
  }
  conntrail__blob *blob = conntrail__blob_create(context, (uint32_t)size);
  if (blob == NULL) {
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for a context of %zu bytes",
                             size);
  }
  conntrail__blob_release(service->fixed_context);
  service->fixed_context = blob;
  return CONNTRAIL_OK;
}

conntrail_status conntrail__service_set_record_padding(conntrail_emu_service *service,
                                                       size_t padding, conntrail__refusal *why) {
  if (padding > CONNTRAIL_EMU_LARGEST_PADDING) {
    return conntrail__refuse(why, CONNTRAIL_LIMIT,
                             "a padding of %zu bytes is too large for \"%s\": at most %u", padding,
                             service->name, CONNTRAIL_EMU_LARGEST_PADDING);
  }
  service->padding = (uint32_t)padding;
  return CONNTRAIL_OK;
}

conntrail_emu_service *conntrail__service_named(const conntrail_emu *emu, const char *name) {
  for (uint32_t i = 0; i < emu->service_count; i++) {
    if (strcmp(emu->services[i]->name, name) == 0) {
      return emu->services[i];
    }
  }
  return NULL;
}

bool conntrail__service_copy_all(conntrail_emu *emu, const conntrail_emu *from,
                                 conntrail__refusal *why) {
  for (uint32_t i = 0; i < from->service_count; i++) {
    const conntrail_emu_service *one = from->services[i];
    const conntrail_emu_guid guid = one->guid;
    if (conntrail__service_add(emu, one->name, &guid, why) == NULL) {
      return false;
    }
  }
  return true;
}
