/* SPDX-License-Identifier: MIT */
#ifndef DATAGRAM_WORLD_H
#define DATAGRAM_WORLD_H

/* One service that redirects UDP to 93.184.216.0/24 to a socket, for the tests of Windows' own
 * calls. */

#include "../../backend-win/win.h"
#include "conntrail/emu.h"
#include "net.h"

enum { RECORDS_TYPE = 60, CONTEXT_TYPE = 70, CONTROL_ROOM = 4096, CONTEXT_BYTES = 256 };

extern conntrail_emu *world;
extern SOCKET proxy;
extern SOCKET client;
extern struct sockaddr_storage proxy_address;
extern struct sockaddr_storage client_address;
extern struct sockaddr_storage destination;
extern struct sockaddr_storage other_destination;

void datagram_world_open(void);
void datagram_world_close(void);

/* A UDP socket bound to loopback, that waits for 10 seconds at most. */
SOCKET world_bound(struct sockaddr_storage *address);
/* setsockopt of both options. */
void world_enable(SOCKET socket);
/* By sendto, or by send where to is NULL. */
void world_send(SOCKET socket, const char *text, const struct sockaddr_storage *to);
/* By recvfrom: this text, from there. */
void world_expect(SOCKET socket, const char *text, const struct sockaddr_storage *from);
/* By recvfrom. */
struct sockaddr_storage world_take(SOCKET socket, const char *text);

LPFN_WSARECVMSG world_receive_call(SOCKET socket);

/* A message with room for control data. */
typedef struct test_message {
  struct sockaddr_storage from;
  char text[32];
  WSABUF piece;
  size_t control[CONTROL_ROOM / sizeof(size_t)];
  WSAMSG message;
} test_message;

void message_clear(test_message *l);
/* Ours of this type in it; NULL where it has none. *size: of the data. */
const unsigned char *message_find(const test_message *l, int type, size_t *size);
/* The only control message of what is to be sent. */
void message_put_records(test_message *l, const void *records, size_t size);
/* Records and context are there, and the context names where the client wanted to go. */
void message_expect_records(const test_message *l, const struct sockaddr_storage *wanted);

#endif
