/* SPDX-License-Identifier: MIT */
#ifndef RAW_PROXY_H
#define RAW_PROXY_H

/*
 * What a transparent proxy on Windows does with the control codes themselves, written from the
 * documentation alone: this program knows nothing of conntrail. It is here to compare with
 * examples/minimal_proxy.c, and to show that such a program runs over the emulation as it is.
 */

#include <winsock2.h>
#include <ws2tcpip.h>

/*
 * Continues a redirected connection the way Microsoft's sample service (WFPSampler) does: the
 * original destination is in the redirect context. Where the driver attached none, the connection
 * goes to otherwise, which may be NULL.
 * Answers a connected socket, or INVALID_SOCKET and WSAGetLastError().
 */
SOCKET raw_continue_by_context(SOCKET accepted, const struct sockaddr *otherwise,
                               int otherwise_size);

/* The same as Envoy does it: the original destination is asked for by SO_ORIGINAL_DST. */
SOCKET raw_continue_by_option(SOCKET accepted);

/* Carries bytes in both directions until both sides are done. Closes nothing. */
void raw_relay(SOCKET one, SOCKET other);

#endif
