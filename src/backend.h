/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BACKEND_H
#define CONNTRAIL_BACKEND_H

/*
 * THE SEAM. What a backend implements, and all that the library knows of a system.
 *
 * It is shaped like Winsock: a call answers 0 or a Winsock error number, and counts bytes.
 * A backend does not validate, does not grow buffers and words no errors: all that stands
 * above the seam, in src/, once. The linker binds the seam: a library holds one backend.
 *
 * Every call may be made from any thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "conntrail/datagram.h"
#include "control_message.h"
#include "numbers.h"
#include "pending_query.h"

/* What a socket is, as far as the library must know it to read an ambiguous answer (Q5, Q16). */
typedef struct conntrail__socket_facts {
  bool is_internet; /* AF_INET or AF_INET6 */
  bool is_stream;   /* SOCK_STREAM */
  bool is_datagram; /* SOCK_DGRAM */
  bool is_connected;
  bool is_ipv6;
  bool is_dual_stack; /* IPv6 that takes IPv4 as well */
} conntrail__socket_facts;

/*
 * One control code, performed now.
 *
 * in, in_size:   the input side; NULL, 0 for queries.
 * out, capacity: the output side; NULL, 0 for SET. Unwritten where the answer is not 0.
 * bytes:         not NULL; set to 0 by the caller. What the system counted, whatever it means.
 * Answers 0 or the Winsock number.
 */
uint32_t conntrail__backend_ioctl(conntrail_socket socket, uint32_t code, const void *in,
                                  uint32_t in_size, void *out, uint32_t capacity, uint32_t *bytes);

/* What conntrail__backend_begin() answers where the call goes on by itself. */
#define CONNTRAIL__PENDING CONNTRAIL__WSA_IO_PENDING

/*
 * What completed is reported instead of 995 if the socket is still open:
 * conntrail__backend_cancel() or the program cancelled it; or the thread that began it ended, as on
 * Windows (O7), and begun again in the thread that gets 995, it would go on. One of the seam's own
 * answers, see below.
 */
#define CONNTRAIL__GIVEN_UP UINT32_C(0xE0000006)

/*
 * Begins a query. Answers 0 or the Winsock number where it is done, and completed is not called.
 * CONNTRAIL__PENDING: completed is called exactly once with that answer, in any thread, maybe
 * before this returns; never while a lock of the backend is held.
 */
uint32_t conntrail__backend_begin(conntrail__overlapped *call);

/*
 * Asks to complete it with 995, if it still pends. Reads nothing of *call: in another thread it may
 * be about to begin, or to complete.
 */
void conntrail__backend_cancel(conntrail_socket socket, conntrail__overlapped *call);

/* How this system numbers the control messages of one address family, and the options that enable
 * them. [D] ws2ipdef.h; include/conntrail/linux.h. */
typedef struct conntrail__message_numbers {
  int level;
  int records;
  int context;
} conntrail__message_numbers;

enum { CONNTRAIL__MESSAGES_IPV4, CONNTRAIL__MESSAGES_IPV6, CONNTRAIL__MESSAGE_FAMILIES };

extern const conntrail__message_numbers conntrail__backend_messages[CONNTRAIL__MESSAGE_FAMILIES];

/*
 * setsockopt(level, option, 1): control messages of this kind arrive from now on. Answers 0 or the
 * Winsock number.
 */
uint32_t conntrail__backend_enable(conntrail_socket socket, int level, int option);

/* What conntrail__datagram.flags says. */
enum { CONNTRAIL__PEEK = 1, CONNTRAIL__DATA_CUT = 2, CONNTRAIL__CONTROL_CUT = 4 };

/* A message of WSARecvMsg and WSASendMsg. */
typedef struct conntrail__datagram {
  struct sockaddr_storage *peer; /* NULL for a send: where the socket is connected */
  uint32_t peer_size;            /* in; recv: out, 0 where there is no address */
  const conntrail_buffer *payload;
  uint32_t payload_count;
  void *control;         /* this system's layout, aligned for its header */
  uint32_t control_size; /* in; recv: out, bytes that are used */
  uint32_t flags;        /* recv: in, PEEK; out, DATA_CUT and CONTROL_CUT */
  uint32_t bytes;        /* recv: out */
  void **call;           /* what the backend looked up for this socket; NULL at first */
} conntrail__datagram;

/*
 * Receives one datagram. Answers 0, 10040 where something was cut (flags say what; all other
 * outputs hold), or another Winsock number, with nothing received.
 */
uint32_t conntrail__backend_recvmsg(conntrail_socket socket, conntrail__datagram *datagram);

/* Sends one datagram. Answers 0 or the Winsock number, with nothing sent. */
uint32_t conntrail__backend_sendmsg(conntrail_socket socket, const conntrail__datagram *datagram);

/*
 * Windows' SO_ORIGINAL_DST of an accepted socket (D2). destination is cleared by the caller and
 * written only where the answer is 0.
 */
uint32_t conntrail__backend_original_destination(conntrail_socket socket,
                                                 struct sockaddr_storage *destination);

/* Whether this system has redirect records: 0, CONNTRAIL__NO_RECORDS or the Winsock number, 10092
 * for an emulation of another version (K17). It leaves no trace. */
uint32_t conntrail__backend_has_records(conntrail_socket socket);

/* What the socket is. Answers 0, or the Winsock number, 10038 for what is no socket; facts are then
 * untouched. */
uint32_t conntrail__backend_describe(conntrail_socket socket, conntrail__socket_facts *facts);

/* This thread's last error number, as WSAGetLastError and WSASetLastError keep it. */
uint32_t conntrail__backend_last_error(void);
void conntrail__backend_set_last_error(uint32_t native);

/*
 * The library read a context of this many bytes in a layout that did not fit. The emulation
 * puts it into its trail; Windows has no use for it.
 */
void conntrail__backend_layout_did_not_fit(conntrail_socket socket, uint32_t size);

/* ---- A system without redirect records (clauses K) ------------------------------------------- */

/* The seam's own answers, beside Winsock's numbers. No system uses these numbers. */

/* This system has no redirect records: of a query, a set, an enabling, or a send with records. */
#define CONNTRAIL__NO_RECORDS UINT32_C(0xE0000001)
/* The system has no entry for this connection or flow. */
#define CONNTRAIL__DESTINATION_UNKNOWN UINT32_C(0xE0000002)
/* The destination is an address of this host at the port of the listener. */
#define CONNTRAIL__DESTINATION_IS_PROXY UINT32_C(0xE0000003)
/* The system knows the destination, and shows it to privileged processes only. */
#define CONNTRAIL__DESTINATION_ACCESS UINT32_C(0xE0000004)
/* A Multipath TCP connection, whose destination the system does not show. */
#define CONNTRAIL__MULTIPATH UINT32_C(0xE0000005)

/*
 * Where the client of an accepted connection wanted to go, as the system itself knows it (K5 to
 * K9). Called only after CONNTRAIL__NO_RECORDS.
 *
 * listener: the socket that accepted it, or CONNTRAIL_INVALID_SOCKET where the caller has not said.
 * Answers 0 with destination written; CONNTRAIL__ERROR_NOT_FOUND where the system tracks the
 * connection and it was not redirected; one of the four numbers above; or the Winsock number.
 */
uint32_t conntrail__backend_translated_destination(conntrail_socket accepted,
                                                   conntrail_socket listener,
                                                   struct sockaddr_storage *destination);

/* Applies CONNTRAIL_LISTEN_ flags to a socket that is not bound yet. Answers 0 or the Winsock
 * number. */
uint32_t conntrail__backend_prepare_listener(conntrail_socket socket, unsigned flags);

/*
 * The address that a datagram was sent to arrives with it from now on, for each family that the
 * socket takes. Called only after CONNTRAIL__NO_RECORDS. Answers 0 or the Winsock number.
 */
uint32_t conntrail__backend_enable_local(conntrail_socket socket,
                                         const conntrail__socket_facts *facts);

/* Whether a control message is what conntrail__backend_enable_local() asked for. Then it is read
 * into local. */
bool conntrail__backend_read_local(const conntrail__control_item *item,
                                   struct sockaddr_storage *local);

/*
 * Where the sender of a datagram wanted it to go: peer sent it, and local is what
 * conntrail__backend_read_local() gave (K11 to K13). Answers as
 * conntrail__backend_translated_destination().
 */
uint32_t conntrail__backend_datagram_destination(conntrail_socket socket,
                                                 const struct sockaddr_storage *peer,
                                                 const struct sockaddr_storage *local,
                                                 struct sockaddr_storage *destination);

/* A datagram back to the client of a flow. */
typedef struct conntrail__reply {
  const struct sockaddr_storage *peer;        /* to whom */
  const struct sockaddr_storage *local;       /* where the client's datagrams came in */
  const struct sockaddr_storage *destination; /* where the client sent them to */
  const conntrail_buffer *payload;
  uint32_t payload_count;
  conntrail_socket *transparent; /* in/out: a socket that sends from destination, opened where it is
                                    needed; CONNTRAIL_INVALID_SOCKET where there is none. The caller
                                    closes it */
} conntrail__reply;

/* Sends it so that the client sees destination as the sender (K14). Answers 0 or the Winsock
 * number, with nothing sent. */
uint32_t conntrail__backend_reply(conntrail_socket socket, const conntrail__reply *reply);

/* Closes a socket that conntrail__backend_reply() opened. */
void conntrail__backend_close(conntrail_socket socket);

#endif
