/* SPDX-License-Identifier: MIT */
#include "control.h"
#include "sockaddr.h"

#include <stdio.h>
#include <string.h>

conntrail_emu_service *conntrail_emu_add_service(conntrail_emu *emu, const char *name,
                                                 const conntrail_emu_guid *guid) {
  conntrail_emu_service *service;
  if (emu == NULL || name == NULL) {
    (void)conntrail__refuse_null("conntrail_emu_add_service", emu == NULL ? "emu" : "name");
    return NULL;
  }
  conntrail__native_lock();
  service = conntrail__service_add(emu, name, guid, conntrail__session_refusal());
  conntrail__native_unlock();
  return service;
}

static conntrail_status add_filter(conntrail_emu_service *service, conntrail__filter_action action,
                                   const char *rule, const conntrail__address *target) {
  conntrail_status status;
  conntrail__native_lock();
  status = conntrail__filter_add(service, action, rule, target, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}

static conntrail_status redirect(const char *call, conntrail__filter_action action,
                                 conntrail_emu_service *service, const char *rule,
                                 const struct sockaddr *target) {
  conntrail__address address;
  if (service == NULL || rule == NULL || target == NULL) {
    return conntrail__refuse_null(call, service == NULL ? "service"
                                        : rule == NULL  ? "rule"
                                                        : "target");
  }
  const conntrail_status status = conntrail__read_sockaddr(call, "target", target, &address);
  if (status != CONNTRAIL_OK) {
    return status;
  }
  return add_filter(service, action, rule, &address);
}

conntrail_status conntrail_emu_redirect(conntrail_emu_service *service, const char *rule,
                                        const struct sockaddr *target) {
  return redirect("conntrail_emu_redirect", CONNTRAIL__REDIRECT, service, rule, target);
}

conntrail_status conntrail_emu_redirect_remote(conntrail_emu_service *service, const char *rule,
                                               const struct sockaddr *target) {
  return redirect("conntrail_emu_redirect_remote", CONNTRAIL__REDIRECT_REMOTE, service, rule,
                  target);
}

conntrail_status conntrail_emu_block(conntrail_emu_service *service, const char *rule) {
  if (service == NULL || rule == NULL) {
    return conntrail__refuse_null("conntrail_emu_block", service == NULL ? "service" : "rule");
  }
  return add_filter(service, CONNTRAIL__BLOCK, rule, NULL);
}

conntrail_status conntrail_emu_exempt_process(conntrail_emu_service *service, uint32_t process) {
  conntrail_status status;
  if (service == NULL) {
    return conntrail__refuse_null("conntrail_emu_exempt_process", "service");
  }
  conntrail__native_lock();
  status = conntrail__service_exempt_process(service, process, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}

conntrail_status conntrail_emu_exempt_user(conntrail_emu_service *service, const char *user) {
  conntrail_status status;
  if (service == NULL || user == NULL) {
    return conntrail__refuse_null("conntrail_emu_exempt_user",
                                  service == NULL ? "service" : "user");
  }
  conntrail__native_lock();
  status = conntrail__service_exempt_user(service, user, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}

conntrail_status conntrail_emu_set_context_layout(conntrail_emu_service *service,
                                                  conntrail_emu_context layout) {
  conntrail_status status;
  if (service == NULL) {
    return conntrail__refuse_null("conntrail_emu_set_context_layout", "service");
  }
  conntrail__native_lock();
  status = conntrail__service_set_context_layout(service, layout, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}

conntrail_status conntrail_emu_set_context(conntrail_emu_service *service, const void *context,
                                           size_t size) {
  conntrail_status status;
  if (service == NULL || (context == NULL && size > 0)) {
    return conntrail__refuse_null("conntrail_emu_set_context",
                                  service == NULL ? "service" : "context");
  }
  conntrail__native_lock();
  status = conntrail__service_set_context(service, context, size, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}

conntrail_status conntrail_emu_set_record_padding(conntrail_emu_service *service, size_t padding) {
  conntrail_status status;
  if (service == NULL) {
    return conntrail__refuse_null("conntrail_emu_set_record_padding", "service");
  }
  conntrail__native_lock();
  status = conntrail__service_set_record_padding(service, padding, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}

conntrail_status conntrail_emu_route(conntrail_emu *emu, const char *destination,
                                     const struct sockaddr *address) {
  conntrail__address served;
  conntrail_status status;
  if (emu == NULL || destination == NULL || address == NULL) {
    return conntrail__refuse_null("conntrail_emu_route", emu == NULL           ? "emu"
                                                         : destination == NULL ? "destination"
                                                                               : "address");
  }
  status = conntrail__read_sockaddr("conntrail_emu_route", "address", address, &served);
  if (status != CONNTRAIL_OK) {
    return status;
  }
  conntrail__native_lock();
  status = conntrail__route_add(emu, destination, &served, conntrail__session_refusal());
  conntrail__native_unlock();
  return status;
}
