/* SPDX-License-Identifier: MIT */
#ifndef WINSOCK_WORLD_H
#define WINSOCK_WORLD_H

/* One service that redirects 93.184.216.34:80 to a listener, for the tests of Windows' own calls.
 */

#include "../../backend-win/win.h"
#include "conntrail/emu.h"
#include "net.h"

/* What raw programs pass to WSAIoctl. */
enum { QUERY_RECORDS = 220, QUERY_CONTEXT = 221, SET_RECORDS = 222 };
#define REDIRECT_CODE(number) _WSAIOW(IOC_VENDOR, (number))
/* Bytes of the redirect context of two addresses (clause D1). */
enum { CONTEXT_BYTES = 256 };

extern conntrail_emu *world;
extern SOCKET world_listener;
extern struct sockaddr_storage world_destination;

void world_open(void);
void world_close(void);
/* A client that connected to the destination, and the socket that the proxy accepted. */
SOCKET world_client(void);
SOCKET world_accept(void);
/* The redirect context is there and names the destination. */
void world_expect_context(SOCKET accepted);
/* The peer is the destination. */
void world_expect_peer(SOCKET client);
HANDLE world_event(void);

#endif
