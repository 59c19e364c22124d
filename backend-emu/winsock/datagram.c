/* SPDX-License-Identifier: MIT */

/* Datagrams are sent where the engine says. */

#include "winsock.h"

/* To where the program says, or to another address. */
static int pass_to(const conntrail__send_request *p, SOCKET handle, const struct sockaddr *name,
                   int size) {
  const conntrail__system *real = conntrail__system_calls();
  if (!p->is_message) {
    return real->WSASendTo(handle, p->buffers, p->count, p->sent, p->flags, name, size,
                           p->overlapped, p->routine);
  }
  WSAMSG message = {.name = (struct sockaddr *)(uintptr_t)name,
                    .namelen = size,
                    .lpBuffers = p->buffers,
                    .dwBufferCount = p->count,
                    .Control = p->control,
                    .dwFlags = 0};
  return real->WSASendMsg(handle, &message, p->flags, p->sent, p->overlapped, p->routine);
}

static int pass_on(const conntrail__send_request *p) {
  return pass_to(p, p->handle, p->name, p->size);
}

static int complete(const conntrail__kept *kept, const conntrail__send_request *p, DWORD sent) {
  if (p->sent != NULL) {
    *p->sent = sent;
  }
  if (p->overlapped == NULL || !kept->known.overlapped) {
    return 0;
  }
  const conntrail__notification notification = {p->overlapped, p->routine, GetCurrentThread()};
  uint32_t native = conntrail__overlapped_complete(&kept->known, &notification, 0, sent);
  return native == 0 ? 0 : conntrail__refuse(native);
}

/* (locked) Another thread may close a relay socket as soon as the lock is given back. Sending
 * through it does not wait, whatever the program asked for. Ends the reference. */
static int send_by_relay(const conntrail__kept *kept, const conntrail__send_request *p,
                         const conntrail__send_decision *decision) {
  DWORD sent = 0;
  int answer = conntrail__system_calls()->WSASendTo(
      (SOCKET)decision->relay, p->buffers, p->count, &sent, 0,
      (const struct sockaddr *)&decision->address, (int)decision->size, NULL, NULL);
  int error = WSAGetLastError();
  conntrail__reference_end(&kept->reference);
  return answer == 0 ? complete(kept, p, sent) : conntrail__refuse((uint32_t)error);
}

/* (locked) Ends the reference. */
static int send_decided(const conntrail__kept *kept, const conntrail__send_request *p,
                        const conntrail__address *remote) {
  conntrail__send_decision decision;
  conntrail__identity who;
  conntrail__session_identity(&who);
  conntrail__send_decide(&kept->reference, remote, &p->outgoing, &who, &decision);
  if (decision.error == 0 && decision.relay != CONNTRAIL__NO_RELAY) {
    return send_by_relay(kept, p, &decision);
  }
  conntrail__reference_end(&kept->reference);
  if (decision.error != 0) {
    return conntrail__refuse(decision.is_of_engine ? decision.native : (uint32_t)decision.error);
  }
  return decision.size == 0 ? pass_to(p, p->handle, NULL, 0)
                            : pass_to(p, p->handle, (const struct sockaddr *)&decision.address,
                                      (int)decision.size);
}

int conntrail__datagram_send(const conntrail__kept *kept, const conntrail__send_request *p) {
  conntrail__address remote;
  bool has_name = p->name != NULL && p->size > 0;
  /* [S] Wine calls it an invalid argument. */
  if (!has_name && p->outgoing.records == NULL && kept->reference.state != CONNTRAIL__CONNECTED) {
    conntrail__reference_drop(&kept->reference);
    return conntrail__refuse(WSAENOTCONN);
  }
  /* What the system finds wrong with the address is the system's to say; to where a socket is
   * connected it knows the way. */
  if (has_name ? !conntrail__connect_concerns(kept, p->name, p->size, &remote)
               : p->outgoing.records == NULL) {
    conntrail__reference_drop(&kept->reference);
    return pass_on(p);
  }
  if (!conntrail__reference_resume(&kept->reference)) {
    return conntrail__refuse((uint32_t)conntrail__connect_ended_error());
  }
  return send_decided(kept, p, has_name ? &remote : NULL);
}

int WSAAPI conntrail__watched_WSASendTo(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *sent,
                                        DWORD flags, const struct sockaddr *name, int size,
                                        OVERLAPPED *overlapped,
                                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__kept kept;
  const conntrail__send_request p = {.handle = handle,
                                     .buffers = buffers,
                                     .count = count,
                                     .sent = sent,
                                     .flags = flags,
                                     .name = name,
                                     .size = size,
                                     .overlapped = overlapped,
                                     .routine = routine};
  conntrail__connect_settle(handle);
  return conntrail__kept_take_datagram(handle, &kept) ? conntrail__datagram_send(&kept, &p)
                                                      : pass_on(&p);
}

int WSAAPI conntrail__watched_sendto(SOCKET handle, const char *bytes, int size, int flags,
                                     const struct sockaddr *name, int name_size) {
  conntrail__kept kept;
  WSABUF piece = {(ULONG)size, (CHAR *)(uintptr_t)bytes};
  DWORD sent = 0;
  const conntrail__send_request p = {.handle = handle,
                                     .buffers = &piece,
                                     .count = 1,
                                     .sent = &sent,
                                     .flags = (DWORD)flags,
                                     .name = name,
                                     .size = name_size};
  conntrail__connect_settle(handle);
  if (size < 0 || !conntrail__kept_take_datagram(handle, &kept)) {
    return conntrail__system_calls()->sendto(handle, bytes, size, flags, name, name_size);
  }
  return conntrail__datagram_send(&kept, &p) == 0 ? (int)sent : SOCKET_ERROR;
}
