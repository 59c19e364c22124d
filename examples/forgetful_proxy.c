/* SPDX-License-Identifier: MIT */
#include "conntrail/conntrail.h"

static conntrail_status forget(conntrail_socket accepted, conntrail_socket outbound) {
  (void)accepted, (void)outbound;
  return CONNTRAIL_OK;
}

/*
 * The code of the minimal proxy without one call, so that only the missing call can cause the loop.
 * Its functions have other names, because one program contains both.
 */
#define conntrail_transfer_records forget
#define minimal_proxy_new forgetful_proxy_new
#define minimal_proxy_free forgetful_proxy_free
#define minimal_proxy_address forgetful_proxy_address
#include "minimal_proxy.c" /* NOLINT(bugprone-suspicious-include) */
