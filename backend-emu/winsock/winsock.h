/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_WINSOCK_H
#define CONNTRAIL_WINSOCK_H

/*
 * What the files of this front end share. It stands between a Windows program and ws2_32: the
 * watched calls (watched.h) come here, the engine decides, and the system's own calls perform it.
 *
 * A watched call NAME is conntrail__watched_NAME here. Winsock's last error after it is what the
 * program must see: whatever this front end asks the system besides, it asks between
 * WSAGetLastError() and WSASetLastError().
 */

#include "../frontend/connect.h"
#include "../frontend/send.h"
#include "../frontend/track.h"
#include "watched.h"

/* ---- The system's own calls, and ours (interpose.c) ------------------------------------------ */

typedef struct conntrail__system {
#define CONNTRAIL__MEMBER(library, result, name, bytes, parameters) result(WSAAPI *name) parameters;
  CONNTRAIL__WATCHED_MAP(CONNTRAIL__MEMBER)
#undef CONNTRAIL__MEMBER
} conntrail__system;

const conntrail__system *conntrail__system_calls(void);

#define CONNTRAIL__DECLARE(library, result, name, bytes, parameters)                               \
  result WSAAPI conntrail__watched_##name parameters;
CONNTRAIL__WATCHED_MAP(CONNTRAIL__DECLARE)
#undef CONNTRAIL__DECLARE

/* Whether the linker bound this program's calls to ours; else the name of one that it did not. */
bool conntrail__calls_are_ours(const char **untracked);

/* Sets the last error, and answers as a call that failed. */
static inline int conntrail__refuse(uint32_t native) {
  WSASetLastError((int)native);
  return SOCKET_ERROR;
}

/* ---- Descriptors (descriptor.c) ----------------------------------------------------------------
 */

/* What the front end knows of a SOCKET. */
typedef struct conntrail__descriptor {
  SOCKET handle;
  conntrail__socket *socket;
  int family;          /* AF_INET or AF_INET6 */
  bool overlapped;     /* created with WSA_FLAG_OVERLAPPED, or by socket(), which implies it */
  bool is_nonblocking; /* which Winsock can set, but not query */
  bool skip_port_on_success;
  HANDLE port; /* completion port that it belongs to, or NULL */
  ULONG_PTR key;
  uint32_t pending_error; /* why its connect failed, found out before the program asked */
  bool is_underway;       /* a connect goes on without the program */
  bool is_accepting;      /* AcceptEx was given it, and whether it is accepted is not known yet */
  SOCKET accepts_for;     /* ... by this listener */
  conntrail__accept_room room; /* ... with what its acceptance needs */
  bool needs_update; /* ConnectEx or AcceptEx connected it: SO_UPDATE_..._CONTEXT is due */
} conntrail__descriptor;

/* (locked) NULL where the SOCKET is not tracked. */
conntrail__descriptor *conntrail__descriptor_find(SOCKET handle);
/* (locked) Takes over one reference of descriptor->socket, and the entry: NULL, or from
 * conntrail__native_reserve(). A stale descriptor of the same number is let go first. False: no
 * memory, nothing taken over. */
bool conntrail__descriptor_add(const conntrail__descriptor *descriptor, void *entry);
/* (locked) Releases its reference. */
void conntrail__descriptor_remove(SOCKET handle);
/* The same, with the lock taken and given back. */
void conntrail__descriptor_drop(SOCKET handle);
/* (locked) Forgets every SOCKET of an emulation that ends, without releasing anything. */
void conntrail__descriptor_forget(const conntrail_emu *emu);

/* (locked) Whether a connect of it goes on without the program. */
void conntrail__descriptor_set_underway(conntrail__descriptor *descriptor, bool is_underway);
/* (locked) AcceptEx of this listener is given it. False: no memory. */
bool conntrail__descriptor_begin_accepting(conntrail__descriptor *descriptor, SOCKET listener);
/* (locked) Nothing any more. */
void conntrail__descriptor_end_accepting(conntrail__descriptor *descriptor);
/* (locked) A SOCKET that AcceptEx of this listener was given; INVALID_SOCKET: none. */
SOCKET conntrail__descriptor_accepting_for(SOCKET listener);
/* Whether one of the two is so of any SOCKET. Takes no lock. */
bool conntrail__descriptor_any_underway(void);

/* A tracked SOCKET for the length of a call: frontend/reference.h, and what is known here. */
typedef struct conntrail__kept {
  conntrail__reference reference;
  conntrail__descriptor known; /* as it was when it was taken */
} conntrail__kept;

/* False, with nothing to drop, where the SOCKET is not tracked. */
bool conntrail__kept_take(SOCKET handle, conntrail__kept *kept);
/* The same, of datagram sockets only. */
bool conntrail__kept_take_datagram(SOCKET handle, conntrail__kept *kept);

/* The program asked for it, if answer, which is given back, says that the system did it. */
int conntrail__descriptor_set_nonblocking(SOCKET handle, bool is_nonblocking, int answer);

/* What the system says of a SOCKET that is not tracked. Keeps the last error. */
void conntrail__descriptor_untracked(SOCKET handle, conntrail__untracked *untracked);

/* ---- Addresses (address.c)
 * ------------------------------------------------------------------------ */

/* Keeps the last error. */
bool conntrail__address_remote(SOCKET handle, conntrail__address *remote);
/* Copies an address as Winsock does: WSAEFAULT where *size is too small, else its size. */
int conntrail__address_give(const struct sockaddr_storage *from, size_t length, struct sockaddr *to,
                            int *size);

/* ---- Connecting and accepting (connect.c, connect_ex.c, accept.c, accept_ex.c, update.c) ----- */

/* If a connect of this SOCKET is under way, or AcceptEx was given it: finds out, without waiting,
 * what became of it. Keeps the last error. */
void conntrail__connect_settle(SOCKET handle);

/* Why it cannot connect once more: it is connected, or connecting. 0: it can. */
uint32_t conntrail__connect_busy(const conntrail__kept *kept);
/* Whether the engine is to decide about this connect. False: the system answers it as it is. */
bool conntrail__connect_concerns(const conntrail__kept *kept, const struct sockaddr *name, int size,
                                 conntrail__address *remote);
/* Where the system is to connect to. */
typedef struct conntrail__way {
  conntrail__connect_target target;
  SOCKET nowhere; /* keeps a port where no program listens, or INVALID_SOCKET */
} conntrail__way;

/* Asks the engine, before the system connects. False: refused, and the last error says why.
 * A connection that the engine refuses as the other side would (WSAECONNREFUSED) has a way where
 * the program learns it later, like any other: there the system refuses it. */
bool conntrail__connect_lead(const conntrail__kept *kept, const conntrail__address *remote,
                             bool is_learnt_later, conntrail__way *way);
/* After the system's connect: reports its answer, and keeps the last error. */
void conntrail__connect_went(const conntrail__kept *kept, const conntrail__way *way,
                             bool is_established);
/* The system's call that programs get by SIO_GET_EXTENSION_FUNCTION_POINTER. size: of the pointer.
 */
bool conntrail__extension_find(SOCKET handle, const GUID *identity, void *call, DWORD size);
/* Ours for a pointer that programs ask for by SIO_GET_EXTENSION_FUNCTION_POINTER; NULL where the
 * system's own serves. */
void (*conntrail__connect_extension(const GUID *identity))(void);
void (*conntrail__message_extension(const GUID *identity))(void);

void (*conntrail__accept_extension(const GUID *identity))(void);

/* SO_UPDATE_ACCEPT_CONTEXT was set: handle is what listener accepted by AcceptEx. Answers as
 * setsockopt. */
int conntrail__accept_updated(SOCKET handle, SOCKET listener);
/* The part of conntrail__connect_settle() that is about AcceptEx. */
void conntrail__accept_settle(const conntrail__kept *kept);
/* A listener is about to be closed: what it accepted by AcceptEx is known afterwards. */
void conntrail__accept_settle_all(SOCKET listener);

/* ConnectEx or AcceptEx connected it, or the program set the option that is due then. */
void conntrail__update_expect(SOCKET handle, bool is_due);
/* It did not, and makes a call that Windows refuses until then: the misuse is named, and the last
 * error is WSAENOTCONN. */
bool conntrail__update_is_missing(SOCKET handle);

/* ---- Sockets of one name more (duplicate.c)
 * -------------------------------------------------------------- */

/* (locked) What a WSAPROTOCOL_INFO was made from, with a reference; false where it is not ours. */
bool conntrail__duplicate_take(const void *protocol, conntrail__descriptor *origin);
/* (locked) Forgets every offer of an emulation that ends, without releasing anything. */
void conntrail__duplicate_forget(const conntrail_emu *emu);

/* ---- Overlapped calls (overlapped.c)
 * -------------------------------------------------------------------- */

/* How a program is notified that an overlapped call completed. */
typedef struct conntrail__notification {
  OVERLAPPED *overlapped;
  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
  HANDLE thread; /* where routine runs */
} conntrail__notification;

/* The notification comes later: keeps the calling thread, if a routine is to run there. False: the
 * system has no more handles. */
bool conntrail__notification_keep(conntrail__notification *notification);
void conntrail__notification_end(const conntrail__notification *notification);

/* Completes a call, the way the program asked for. native: 0, or why it failed. Answers 0, or the
 * Winsock number where that could not be. */
uint32_t conntrail__overlapped_complete(const conntrail__descriptor *known,
                                        const conntrail__notification *notification,
                                        uint32_t native, DWORD bytes);

/* It goes on by itself from now on. */
void conntrail__overlapped_mark_pending(OVERLAPPED *overlapped);

/* ---- Datagrams (datagram.c, receive.c, receive_overlapped.c, message.c) -------------
 */

/* A datagram on its way, with every argument that WSASendTo and WSASendMsg have. */
typedef struct conntrail__send_request {
  SOCKET handle;
  WSABUF *buffers;
  DWORD count;
  DWORD *sent;
  DWORD flags;
  const struct sockaddr *name; /* NULL: to where it is connected */
  int size;
  bool is_message;
  WSABUF control; /* of a message: what is the system's */
  conntrail__outgoing outgoing;
  OVERLAPPED *overlapped;
  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
} conntrail__send_request;

/* Answers as WSASendTo, and drops the kept. */
int conntrail__datagram_send(const conntrail__kept *kept, const conntrail__send_request *request);

/* What a program wants to receive, and where. */
typedef struct conntrail__reception {
  SOCKET handle;
  int family;
  WSABUF *buffers;
  DWORD count;
  DWORD *bytes;
  DWORD flags;
  DWORD *flags_out;      /* NULL where the call has none */
  struct sockaddr *from; /* NULL: it does not want to know */
  int *from_size;
  WSAMSG *message; /* NULL but for WSARecvMsg */
  OVERLAPPED *overlapped;
  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
} conntrail__reception;

/* What the system gives, before the program sees it. */
typedef struct conntrail__received_message {
  struct sockaddr_storage from;
  int from_size;
  DWORD flags;
  DWORD bytes;
  WSAMSG message;
  size_t control[64];
} conntrail__received_message;

/* Whether there is room for the sender's address. Else the system says what is wrong. */
bool conntrail__reception_is_sound(const conntrail__reception *asked);
/* Answers as WSARecvFrom, and drops the kept. */
int conntrail__datagram_receive(const conntrail__kept *kept, const conntrail__reception *asked);

/* The system receives. Answers as WSARecvFrom, without a routine. */
int conntrail__message_fetch(const conntrail__reception *asked, conntrail__received_message *got,
                             OVERLAPPED *overlapped);
/* (locked, but where socket is NULL) Reports to the engine, and to the program by its own pointers.
 * native: 0 or WSAEMSGSIZE. Answers the same, as it is now. */
uint32_t conntrail__message_deliver(conntrail__socket *socket, const conntrail__identity *who,
                                    const conntrail__reception *asked,
                                    const conntrail__received_message *got, uint32_t native);

/* The same where it may pend: SOCKET_ERROR and WSA_IO_PENDING, or why it could not be begun. */
int conntrail__receive_begin(const conntrail__kept *kept, const conntrail__reception *asked);
/* Whether such a receive of this OVERLAPPED was cancelled. */
bool conntrail__receive_cancel(HANDLE file, const OVERLAPPED *overlapped);

/* As conntrail__native_lock(), but false where its owner will not give it back (session.c). */
bool conntrail__native_try_lock(void);

/* ---- Queries that pend (pending.c) ---------------------------------------------------------- */

/*
 * (locked) Whether this call pends from now on. *native is then WSA_IO_PENDING, or why it could not
 * be begun.
 */
bool conntrail__query_begin(const conntrail__descriptor *known, const conntrail__call *call,
                            OVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
                            uint32_t *native);
/* (locked) The queries that ended and were not notified of it. */
conntrail__pending *conntrail__queries_ended(void);
/* Without the lock: notifies the program of each. */
void conntrail__queries_complete(conntrail__pending *ended);

#endif
