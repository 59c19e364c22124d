/* SPDX-License-Identifier: MIT */
#ifndef FORGETFUL_PROXY_H
#define FORGETFUL_PROXY_H

#include "minimal_proxy.h"

/**
 * minimal_proxy_new() without its call of conntrail_transfer_records(): the mistake that the
 * emulation finds. Otherwise the result is a minimal_proxy.
 */
minimal_proxy *forgetful_proxy_new(struct event_base *base, const struct sockaddr *address,
                                   const listen_options *options, minimal_proxy_log *log,
                                   void *argument);

#endif
