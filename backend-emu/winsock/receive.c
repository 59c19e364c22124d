/* SPDX-License-Identifier: MIT */

/* Datagrams are received by the system; who sent them, and what comes with them, the engine says.
 */

#include "../../src/control_message.h"
#include "winsock.h"

#include <string.h>

/* ---- Fetching ------------------------------------------------------------------------------- */

static int fetch_message(const conntrail__reception *asked, conntrail__received_message *l,
                         OVERLAPPED *overlapped) {
  static const GUID identity = WSAID_WSARECVMSG;
  LPFN_WSARECVMSG receive;
  if (!conntrail__extension_find(asked->handle, &identity, &receive, (DWORD)sizeof receive)) {
    return SOCKET_ERROR;
  }
  l->message = (WSAMSG){.name = (struct sockaddr *)&l->from,
                        .namelen = (INT)sizeof l->from,
                        .lpBuffers = asked->buffers,
                        .dwBufferCount = asked->count,
                        .Control = {(ULONG)sizeof l->control, (CHAR *)l->control},
                        .dwFlags = asked->flags};
  return receive(asked->handle, &l->message, &l->bytes, overlapped, NULL);
}

int conntrail__message_fetch(const conntrail__reception *asked, conntrail__received_message *l,
                             OVERLAPPED *overlapped) {
  memset(&l->from, 0, sizeof l->from);
  l->from_size = (int)sizeof l->from;
  l->flags = asked->flags;
  l->bytes = 0;
  if (asked->message != NULL) {
    return fetch_message(asked, l, overlapped);
  }
  return conntrail__system_calls()->WSARecvFrom(asked->handle, asked->buffers, asked->count,
                                                &l->bytes, &l->flags, (struct sockaddr *)&l->from,
                                                &l->from_size, overlapped, NULL);
}

/* ---- Delivering ----------------------------------------------------------------------------- */

/* The system's control messages, as many as fit as they are. True: all of them. */
static bool copy_control(const conntrail__received_message *l, conntrail__received *arrived) {
  conntrail__control_reader reader =
      conntrail__control_read(CONNTRAIL__CONTROL_NATIVE, l->control, l->message.Control.len);
  conntrail__control_item item;
  size_t used = 0;
  bool is_whole = true;
  while (is_whole && conntrail__control_next(&reader, &item)) {
    is_whole = conntrail__control_append(CONNTRAIL__CONTROL_NATIVE, arrived->control,
                                         arrived->capacity, &used, &item);
  }
  arrived->used = (uint32_t)used;
  return is_whole;
}

static void give_sender(const conntrail__reception *asked, const conntrail__received_message *l,
                        const conntrail__received *arrived) {
  struct sockaddr_storage storage = l->from;
  size_t size = asked->message != NULL ? (size_t)l->message.namelen : (size_t)l->from_size;
  size = conntrail__sender_to_family(arrived, asked->family, &storage, size);
  if (asked->from != NULL) {
    (void)conntrail__address_give(&storage, size, asked->from, asked->from_size);
  }
}

/* [S] Wine says of a payload that was cut no more than 10040; [D] Windows sets MSG_TRUNC. */
static uint32_t give_message(const conntrail__reception *asked,
                             const conntrail__received_message *l,
                             const conntrail__received *arrived, uint32_t native, bool is_cut) {
  DWORD flags = l->message.dwFlags & ~(DWORD)MSG_CTRUNC;
  is_cut = is_cut || (l->message.dwFlags & MSG_CTRUNC) != 0;
  if (native == WSAEMSGSIZE && (l->message.dwFlags & MSG_CTRUNC) == 0) {
    flags |= MSG_TRUNC;
  }
  if (is_cut) {
    flags |= MSG_CTRUNC;
  }
  asked->message->Control.len = arrived->used;
  asked->message->dwFlags = flags;
  return (flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ? WSAEMSGSIZE : native;
}

uint32_t conntrail__message_deliver(conntrail__socket *socket, const conntrail__identity *who,
                                    const conntrail__reception *asked,
                                    const conntrail__received_message *l, uint32_t native) {
  conntrail__received arrived = {.is_peek = (asked->flags & MSG_PEEK) != 0,
                                 .is_plain =
                                     asked->message == NULL || asked->message->Control.len == 0,
                                 .is_ipv6 = asked->family == AF_INET6};
  bool is_whole = true;
  if (asked->message != NULL) {
    arrived.control = asked->message->Control.buf;
    arrived.capacity = asked->message->Control.len;
    is_whole = copy_control(l, &arrived);
  }
  bool is_address = conntrail__address_from_sockaddr((const struct sockaddr *)&l->from,
                                                     sizeof l->from, &arrived.from);
  arrived.sender = arrived.from;
  if (socket != NULL && is_address) {
    conntrail__datagram_received(socket, who, &arrived);
  }
  if (is_address) {
    give_sender(asked, l, &arrived);
  }
  return asked->message == NULL
             ? native
             : give_message(asked, l, &arrived, native, !is_whole || arrived.is_control_cut);
}

/* ---- Now ------------------------------------------------------------------------------------ */

static size_t capacity_of(const conntrail__reception *asked) {
  size_t total = 0;
  for (DWORD i = 0; i < asked->count; i++) {
    total += asked->buffers[i].len;
  }
  return total;
}

static uint32_t deliver_now(const conntrail__kept *kept, const conntrail__reception *asked,
                            const conntrail__received_message *l, uint32_t native) {
  conntrail__identity who;
  if (!conntrail__reference_resume(&kept->reference)) {
    return conntrail__message_deliver(NULL, NULL, asked, l, native);
  }
  conntrail__session_identity(&who);
  native = conntrail__message_deliver(kept->known.socket, &who, asked, l, native);
  conntrail__reference_end(&kept->reference);
  return native;
}

/* [D] A datagram that is larger than the buffers fills them, and is gone: 10040. */
static int receive_now(const conntrail__kept *kept, const conntrail__reception *asked) {
  conntrail__received_message l;
  uint32_t native =
      conntrail__message_fetch(asked, &l, NULL) == 0 ? 0 : (uint32_t)WSAGetLastError();
  if (native != 0 && native != WSAEMSGSIZE) {
    conntrail__reference_drop(&kept->reference);
    return conntrail__refuse(native);
  }
  uint32_t delivered = deliver_now(kept, asked, &l, native);
  if (delivered == 0 || asked->message != NULL) {
    *asked->bytes = native == 0 ? l.bytes : (DWORD)capacity_of(asked);
  }
  if (asked->flags_out != NULL) {
    *asked->flags_out = l.flags;
  }
  return delivered == 0 ? 0 : conntrail__refuse(delivered);
}

bool conntrail__reception_is_sound(const conntrail__reception *asked) {
  int needed =
      asked->family == AF_INET ? (int)sizeof(struct sockaddr_in) : (int)sizeof(struct sockaddr_in6);
  return asked->from == NULL || (asked->from_size != NULL && *asked->from_size >= needed);
}

int conntrail__datagram_receive(const conntrail__kept *kept, const conntrail__reception *asked) {
  if (asked->overlapped != NULL && kept->known.overlapped) {
    return conntrail__receive_begin(kept, asked);
  }
  if (asked->bytes == NULL) {
    conntrail__reference_drop(&kept->reference);
    return conntrail__refuse(WSAEFAULT);
  }
  return receive_now(kept, asked);
}

/* ---- The plain calls ------------------------------------------------------------------------ */

/* Whether the emulation receives, and not the system's own call. has_place: the program says where
 * the system is to write. */
static bool takes_over(conntrail__reception *asked, bool has_place, conntrail__kept *kept) {
  conntrail__connect_settle(asked->handle);
  if (!has_place || !conntrail__kept_take_datagram(asked->handle, kept)) {
    return false;
  }
  asked->family = kept->known.family;
  if (conntrail__reception_is_sound(asked)) {
    return true;
  }
  conntrail__reference_drop(&kept->reference);
  return false;
}

static int receive_bytes(const conntrail__kept *kept, conntrail__reception *asked, char *bytes,
                         int size) {
  WSABUF piece = {(ULONG)size, bytes};
  DWORD received = 0;
  asked->buffers = &piece;
  asked->count = 1;
  asked->bytes = &received;
  return conntrail__datagram_receive(kept, asked) == 0 ? (int)received : SOCKET_ERROR;
}

int WSAAPI conntrail__watched_recv(SOCKET handle, char *bytes, int size, int flags) {
  conntrail__kept kept;
  conntrail__reception asked = {.handle = handle, .flags = (DWORD)flags};
  return takes_over(&asked, size >= 0, &kept)
             ? receive_bytes(&kept, &asked, bytes, size)
             : conntrail__system_calls()->recv(handle, bytes, size, flags);
}

int WSAAPI conntrail__watched_recvfrom(SOCKET handle, char *bytes, int size, int flags,
                                       struct sockaddr *from, int *from_size) {
  conntrail__kept kept;
  conntrail__reception asked = {
      .handle = handle, .flags = (DWORD)flags, .from = from, .from_size = from_size};
  return takes_over(&asked, size >= 0, &kept)
             ? receive_bytes(&kept, &asked, bytes, size)
             : conntrail__system_calls()->recvfrom(handle, bytes, size, flags, from, from_size);
}

int WSAAPI conntrail__watched_WSARecv(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *received,
                                      DWORD *flags, OVERLAPPED *overlapped,
                                      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__kept kept;
  conntrail__reception asked = {.handle = handle,
                                .buffers = buffers,
                                .count = count,
                                .bytes = received,
                                .flags = flags == NULL ? 0 : *flags,
                                .flags_out = flags,
                                .overlapped = overlapped,
                                .routine = routine};
  return takes_over(&asked, flags != NULL, &kept)
             ? conntrail__datagram_receive(&kept, &asked)
             : conntrail__system_calls()->WSARecv(handle, buffers, count, received, flags,
                                                  overlapped, routine);
}

int WSAAPI conntrail__watched_WSARecvFrom(SOCKET handle, WSABUF *buffers, DWORD count,
                                          DWORD *received, DWORD *flags, struct sockaddr *from,
                                          int *from_size, OVERLAPPED *overlapped,
                                          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__kept kept;
  conntrail__reception asked = {.handle = handle,
                                .buffers = buffers,
                                .count = count,
                                .bytes = received,
                                .flags = flags == NULL ? 0 : *flags,
                                .flags_out = flags,
                                .from = from,
                                .from_size = from_size,
                                .overlapped = overlapped,
                                .routine = routine};
  return takes_over(&asked, flags != NULL, &kept)
             ? conntrail__datagram_receive(&kept, &asked)
             : conntrail__system_calls()->WSARecvFrom(handle, buffers, count, received, flags, from,
                                                      from_size, overlapped, routine);
}
