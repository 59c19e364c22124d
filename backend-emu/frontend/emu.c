/* SPDX-License-Identifier: MIT */
#include "control.h"
#include "sockaddr.h"

#include <stdio.h>
#include <string.h>

enum { LARGEST_USER = 63 };

conntrail_status conntrail__refuse_call(conntrail_status status, const char *call,
                                        const char *why) {
  conntrail__refusal *refusal = conntrail__session_refusal();
  snprintf(refusal->text, sizeof refusal->text, "%s: %s", call, why);
  return status;
}

conntrail_status conntrail__refuse_null(const char *call, const char *argument) {
  conntrail__refusal *refusal = conntrail__session_refusal();
  snprintf(refusal->text, sizeof refusal->text,
           "%s: %s is NULL; pass what the call is to work on (did the call that makes it fail?)",
           call, argument);
  return CONNTRAIL_FAULT;
}

conntrail_status conntrail__read_sockaddr(const char *call, const char *argument,
                                          const struct sockaddr *sockaddr,
                                          conntrail__address *address) {
  conntrail__refusal *refusal = conntrail__session_refusal();
  const size_t size = sockaddr->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                      : sockaddr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                        : 0;
  if (conntrail__address_from_sockaddr(sockaddr, size, address)) {
    return CONNTRAIL_OK;
  }
  snprintf(refusal->text, sizeof refusal->text,
           "%s: %s has address family %d; pass a sockaddr_in or a sockaddr_in6", call, argument,
           sockaddr->sa_family);
  return CONNTRAIL_INVALID;
}

/* A caller compiled against an older header gives a smaller structure: the rest is default. */
static bool read_options(const conntrail_emu_options *given, conntrail_emu_options *options) {
  static const conntrail_emu_options defaults = CONNTRAIL_EMU_OPTIONS_INIT;
  *options = defaults;
  if (given == NULL) {
    return true;
  }
  if (given->struct_size < sizeof given->struct_size || given->struct_size > sizeof *options) {
    conntrail__refusal *refusal = conntrail__session_refusal();
    snprintf(refusal->text, sizeof refusal->text,
             "conntrail_emu_create: options.struct_size is %lu, this library knows %lu; start "
             "from CONNTRAIL_EMU_OPTIONS_INIT, with the header of this library",
             (unsigned long)given->struct_size, (unsigned long)sizeof *options);
    return false;
  }
  memcpy(options, given, given->struct_size);
  options->struct_size = sizeof *options;
  return true;
}

static conntrail_emu *create_locked(const conntrail_emu_options *options) {
  uint64_t instance = conntrail__session_next_instance();
  conntrail_emu *emu;
  if (instance == 0) {
    (void)conntrail__refuse_call(CONNTRAIL_LIMIT, "conntrail_emu_create",
                                 "too many emulations exist at once; destroy those that are done");
    return NULL;
  }
  emu = conntrail__engine_create(options, instance, conntrail__session_refusal());
  if (emu != NULL) {
    conntrail__session_begin(emu);
  }
  return emu;
}

conntrail_emu *conntrail_emu_create(const conntrail_emu_options *options) {
  conntrail_emu_options complete;
  conntrail_emu *emu;
  if (!read_options(options, &complete) ||
      !conntrail__native_is_watching(conntrail__session_refusal())) {
    return NULL;
  }
  conntrail__native_lock();
  emu = create_locked(&complete);
  conntrail__native_unlock();
  return emu;
}

void conntrail_emu_destroy(conntrail_emu *emu) {
  if (emu == NULL) {
    return;
  }
  conntrail__native_lock();
  conntrail__session_end(emu);
  conntrail__engine_destroy(emu);
  conntrail__native_unlock();
}

void conntrail_emu_enter(conntrail_emu *emu) {
  conntrail__session_enter(emu);
}

conntrail_status conntrail_emu_act_as(uint32_t process, const char *user) {
  const char *name = user == NULL ? "" : user;
  if (strlen(name) > LARGEST_USER) {
    return conntrail__refuse_call(CONNTRAIL_LIMIT, "conntrail_emu_act_as",
                                  "the user's name is longer than 63 bytes; use a shorter one");
  }
  conntrail__session_act_as(process, name[0] == '\0' ? NULL : name);
  return CONNTRAIL_OK;
}

void conntrail_emu_advance(conntrail_emu *emu, uint32_t milliseconds) {
  if (emu == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_advance", "emu");
    return;
  }
  conntrail__lock_swept();
  conntrail__datagram_advance(emu, milliseconds);
  conntrail__native_unlock();
}

size_t conntrail_emu_datagram_flows(const conntrail_emu *emu) {
  size_t count;
  if (emu == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_datagram_flows", "emu");
    return 0;
  }
  conntrail__lock_swept();
  count = conntrail__datagram_flow_count(emu);
  conntrail__native_unlock();
  return count;
}

void conntrail_emu_set_privileged(conntrail_emu *emu, bool privileged) {
  if (emu == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_set_privileged", "emu");
    return;
  }
  conntrail__native_lock();
  conntrail__engine_set_privileged(emu, privileged);
  conntrail__native_unlock();
}

const char *conntrail_emu_refusal(void) {
  return conntrail__session_refusal()->text;
}
