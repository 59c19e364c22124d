/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_NET_H
#define CONNTRAIL_TESTS_NET_H

/*
 * Sockets as the cases use them, with the same names and answers on every system: net_posix.c
 * and net_winsock.c. Only loopback, and no port but those that the system gives.
 *
 * Nothing here checks: answers are given back, and the case says what it expects.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrail/platform.h"

/* X(name): what a call came to, whatever the system's number for it is. */
#define NET_RESULT_MAP(X)                                                                          \
  X(OK)                                                                                            \
  X(UNDERWAY) /* a non-blocking connect has begun */                                               \
  X(WOULD_BLOCK)                                                                                   \
  X(ALREADY) /* ... and goes on */                                                                 \
  X(IS_CONNECTED)                                                                                  \
  X(NOT_CONNECTED)                                                                                 \
  X(REFUSED)                                                                                       \
  X(UNREACHABLE)                                                                                   \
  X(DENIED)                                                                                        \
  X(NOT_SOCKET) /* ... or no open descriptor at all */                                             \
  X(ADDRESS_IN_USE)                                                                                \
  X(WRONG_FAMILY)                                                                                  \
  X(NOT_SUPPORTED)                                                                                 \
  X(INVALID)                                                                                       \
  X(BAD_POINTER)                                                                                   \
  X(TOO_LARGE) /* the datagram does not fit */                                                     \
  X(ENDED)     /* the other side closed */                                                         \
  X(OTHER)

typedef enum net_result {
#define NET_RESULT_CONSTANT(name) NET_##name,
  NET_RESULT_MAP(NET_RESULT_CONSTANT)
#undef NET_RESULT_CONSTANT
} net_result;

const char *net_result_name(net_result result);

typedef enum net_kind {
  NET_TCP4,
  NET_TCP6,
  NET_DUAL, /* IPv6 that takes IPv4 as well, as mapped addresses */
  NET_UDP4,
  NET_UDP6,
  NET_UDP_DUAL, /* the same of UDP */
  NET_RAW4,     /* ICMP; mostly for administrators */
  NET_ODD       /* whatever the system has that is not IP: Unix-domain, on POSIX */
} net_kind;

/* Descriptors that are no sockets. */
typedef enum net_untracked {
  NET_CLOSED,
  NET_PIPE,
  NET_FILE,
  NET_NONE,
  NET_UNTRACKED_COUNT
} net_untracked;

/* Call before anything else, and at the end. */
bool net_begin(void);
void net_end(void);

/*
 * Which calls the functions below make: those that this program is linked with, which an
 * emulation watches, or the system's own, which is not watched (clause E1).
 */
typedef enum net_path { NET_LINKED, NET_SYSTEM } net_path;
bool net_take_path(net_path path);

/* CONNTRAIL_INVALID_SOCKET where the system refuses. */
conntrail_socket net_socket(net_kind kind);
/* A descriptor that stays what it is until net_untracked_close(). */
conntrail_socket net_untracked_open(net_untracked kind);
void net_untracked_close(net_untracked kind, conntrail_socket untracked);

net_result net_bind(conntrail_socket socket, const struct sockaddr_storage *address);
/* SO_REUSEADDR: another socket may be bound to the same port. */
net_result net_share_port(conntrail_socket socket);
net_result net_listen(conntrail_socket socket, int backlog);
net_result net_connect(conntrail_socket socket, const struct sockaddr_storage *address);
/* With any size, and any pointer: for what must be refused. */
net_result net_connect_bytes(conntrail_socket socket, const void *address, size_t size);
/* connect() to no family: dissolves the association. */
net_result net_dissolve(conntrail_socket socket);
/* peer may be NULL. */
net_result net_accept(conntrail_socket listener, conntrail_socket *accepted,
                      struct sockaddr_storage *peer);
net_result net_local(conntrail_socket socket, struct sockaddr_storage *address);
net_result net_peer(conntrail_socket socket, struct sockaddr_storage *address);
net_result net_close(conntrail_socket socket);
/* By a raw system call, as libuv closes. NOT_SUPPORTED where there is none. */
net_result net_close_unseen(conntrail_socket socket);
/* Tries to create a socket of UDP-Lite. */
net_result net_try_udp_lite(void);
/* Another descriptor for the same socket. */
net_result net_duplicate(conntrail_socket socket, conntrail_socket *copy);
/* The same by a message with the descriptor in it (SCM_RIGHTS). NOT_SUPPORTED where there is none.
 */
net_result net_pass(conntrail_socket socket, conntrail_socket *copy);
net_result net_shutdown_send(conntrail_socket socket);
net_result net_send(conntrail_socket socket, const void *bytes, size_t size);
/* Waits until all of size bytes are there. ENDED where the other side closed before. */
net_result net_receive(conntrail_socket socket, void *bytes, size_t size);
net_result net_make_nonblocking(conntrail_socket socket);
/* Waits for the end of a connect that is UNDERWAY, and says how it ended. */
net_result net_finish_connect(conntrail_socket socket);
/* The socket's pending error (SO_ERROR), cleared by asking. */
net_result net_pending_error(conntrail_socket socket);
/* SO_ORIGINAL_DST, asked of the system without conntrail (D2). */
net_result net_original_destination(conntrail_socket socket, struct sockaddr_storage *address);

/* ---- Datagrams (net_datagram_posix.c, net_datagram_winsock.c) ---------------------------------
 */

/* Which call a datagram is sent or received by. */
typedef enum net_way {
  NET_PLAIN,    /* sendto and recvfrom */
  NET_GATHERED, /* sendmsg and recvmsg; WSASendMsg and WSARecvMsg */
  NET_BATCHED,  /* sendmmsg and recvmmsg; WSASendTo and WSARecvFrom */
  NET_WAYS
} net_way;

/* to NULL: where the socket is connected. */
net_result net_send_to(conntrail_socket socket, const void *bytes, size_t size,
                       const struct sockaddr_storage *to, net_way way);
/* *size and *from are written for OK alone. */
net_result net_receive_from(conntrail_socket socket, void *bytes, size_t capacity, size_t *size,
                            struct sockaddr_storage *from, net_way way);
/* Receives that wait for longer than ten seconds fail: a net under what would hang. */
net_result net_limit_receives(conntrail_socket socket);
/* IP_PKTINFO, a control message of the system's own; and what stands in it. */
net_result net_enable_packet_info(conntrail_socket socket);
bool net_packet_address(void *control, size_t size, struct sockaddr_storage *address);

/* The system's own number of the last call above that did not answer OK. */
int net_last_number(void);
uint32_t net_process(void);

/* ---- Addresses (net_address.c, the same everywhere) -------------------------------------------
 */

struct sockaddr_storage net_v4(unsigned a, unsigned b, unsigned c, unsigned d, unsigned port);
struct sockaddr_storage net_v6(const uint16_t words[8], unsigned port);
/* 127.0.0.1 for NET_TCP4 and NET_UDP4, ::1 for the others. */
struct sockaddr_storage net_loopback(net_kind kind, unsigned port);
/* ::ffff:a.b.c.d of an IPv4 address. */
struct sockaddr_storage net_mapped(const struct sockaddr_storage *address);
unsigned net_port(const struct sockaddr_storage *address);
/* Bytes, as connect() wants them. */
size_t net_address_size(const struct sockaddr_storage *address);
/* Family, address and port. */
bool net_address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
/* "127.0.0.1:80", "[::1]:80"; IPv6 in full. text holds at least NET_ADDRESS_TEXT bytes. */
enum { NET_ADDRESS_TEXT = 64 };
void net_address_text(const struct sockaddr_storage *address, char *text);

#endif
