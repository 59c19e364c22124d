/* SPDX-License-Identifier: MIT */

/* Datagrams are sent where the engine says. */

#include "winsock.h"

static int refuse(uint32_t native) {
  WSASetLastError((int)native);
  return SOCKET_ERROR;
}

/* To where the program says, or to another address. */
static int pass_to(const conntrail__parcel *p, SOCKET handle, const struct sockaddr *name,
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

static int pass_on(const conntrail__parcel *p) {
  return pass_to(p, p->handle, p->name, p->size);
}

static int complete(const conntrail__hold *hold, const conntrail__parcel *p, DWORD sent) {
  if (p->sent != NULL) {
    *p->sent = sent;
  }
  if (p->overlapped == NULL || !hold->known.overlapped) {
    return 0;
  }
  const conntrail__telling telling = {p->overlapped, p->routine, GetCurrentThread()};
  uint32_t native = conntrail__overlapped_complete(&hold->known, &telling, 0, sent);
  return native == 0 ? 0 : refuse(native);
}

/* (locked) A carrier may be closed by another thread as soon as the lock is given back. Sending
 * through it does not wait, whatever the program asked for. */
static int send_by_carrier(const conntrail__hold *hold, const conntrail__parcel *p,
                           const conntrail__passage *passage) {
  struct sockaddr_storage target;
  DWORD sent = 0;
  size_t size = conntrail__address_to_sockaddr(&passage->target, &target);
  int answer =
      conntrail__system_calls()->WSASendTo((SOCKET)passage->carrier, p->buffers, p->count, &sent, 0,
                                           (const struct sockaddr *)&target, (int)size, NULL, NULL);
  int error = WSAGetLastError();
  conntrail__hold_end(hold);
  return answer == 0 ? complete(hold, p, sent) : refuse((uint32_t)error);
}

static int send_by_socket(const conntrail__hold *hold, const conntrail__parcel *p,
                          const conntrail__passage *passage, bool has_remote) {
  struct sockaddr_storage target;
  if (!has_remote) {
    conntrail__hold_end(hold);
    return pass_to(p, p->handle, NULL, 0);
  }
  size_t size = conntrail__address_to_family(&passage->target, hold->known.family, &target);
  conntrail__hold_end(hold);
  return size != 0 ? pass_to(p, p->handle, (const struct sockaddr *)&target, (int)size)
                   : refuse(WSAEAFNOSUPPORT);
}

/* (locked) Gives the lock back. */
static int send_decided(const conntrail__hold *hold, const conntrail__parcel *p,
                        const conntrail__address *remote) {
  conntrail__identity who;
  conntrail__session_identity(&who);
  conntrail__passage passage = conntrail__datagram_sending(hold->known.socket, remote, p->records,
                                                           (uint32_t)p->records_size, &who);
  if (passage.native != 0) {
    conntrail__hold_end(hold);
    return refuse(passage.native);
  }
  conntrail__connect_let_mapped_through(hold, &passage.target);
  if (passage.unsettled != NULL && !conntrail__carrier_settle(hold, &passage)) {
    int error = WSAGetLastError();
    conntrail__hold_end(hold);
    return refuse((uint32_t)error);
  }
  return passage.carrier != CONNTRAIL__NO_CARRIER
             ? send_by_carrier(hold, p, &passage)
             : send_by_socket(hold, p, &passage, remote != NULL);
}

int conntrail__datagram_send(const conntrail__hold *hold, const conntrail__parcel *p) {
  conntrail__address remote;
  bool has_name = p->name != NULL && p->size > 0;
  /* [S] Wine calls it an invalid argument. */
  if (!has_name && p->records == NULL && hold->state != CONNTRAIL__CONNECTED) {
    conntrail__hold_drop(hold);
    return refuse(WSAENOTCONN);
  }
  /* What the system finds wrong with the address is the system's to say; to where a socket is
   * connected it knows the way. */
  if (has_name ? !conntrail__connect_concerns(hold, p->name, p->size, &remote)
               : p->records == NULL) {
    conntrail__hold_drop(hold);
    return pass_on(p);
  }
  if (!conntrail__hold_resume(hold)) {
    return refuse(WSAENETDOWN); /* the emulation ended under the program's feet */
  }
  return send_decided(hold, p, has_name ? &remote : NULL);
}

int WSAAPI conntrail__watched_WSASendTo(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *sent,
                                        DWORD flags, const struct sockaddr *name, int size,
                                        OVERLAPPED *overlapped,
                                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  conntrail__hold hold;
  const conntrail__parcel p = {.handle = handle,
                               .buffers = buffers,
                               .count = count,
                               .sent = sent,
                               .flags = flags,
                               .name = name,
                               .size = size,
                               .overlapped = overlapped,
                               .routine = routine};
  conntrail__connect_settle(handle);
  return conntrail__hold_take_datagram(handle, &hold) ? conntrail__datagram_send(&hold, &p)
                                                      : pass_on(&p);
}

int WSAAPI conntrail__watched_sendto(SOCKET handle, const char *bytes, int size, int flags,
                                     const struct sockaddr *name, int name_size) {
  conntrail__hold hold;
  WSABUF piece = {(ULONG)size, (CHAR *)(uintptr_t)bytes};
  DWORD sent = 0;
  const conntrail__parcel p = {.handle = handle,
                               .buffers = &piece,
                               .count = 1,
                               .sent = &sent,
                               .flags = (DWORD)flags,
                               .name = name,
                               .size = name_size};
  conntrail__connect_settle(handle);
  if (size < 0 || !conntrail__hold_take_datagram(handle, &hold)) {
    return conntrail__system_calls()->sendto(handle, bytes, size, flags, name, name_size);
  }
  return conntrail__datagram_send(&hold, &p) == 0 ? (int)sent : SOCKET_ERROR;
}
