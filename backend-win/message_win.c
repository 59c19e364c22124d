/* SPDX-License-Identifier: MIT */

/* Messages: WSARecvMsg and WSASendMsg. Contracts: src/backend.h. */

#include "../src/backend.h"

#include <string.h>

#include "wfp_codes.h"
#include "win.h"

static uint32_t failure(void) {
  int native = WSAGetLastError();
  return native != 0 ? (uint32_t)native : WSASYSCALLFAILURE;
}

const conntrail__message_numbers conntrail__backend_messages[CONNTRAIL__MESSAGE_FAMILIES] = {
    [CONNTRAIL__MESSAGES_IPV4] = {IPPROTO_IP, IP_WFP_REDIRECT_RECORDS, IP_WFP_REDIRECT_CONTEXT},
    [CONNTRAIL__MESSAGES_IPV6] = {IPPROTO_IPV6, IPV6_WFP_REDIRECT_RECORDS,
                                  IPV6_WFP_REDIRECT_CONTEXT}};

uint32_t conntrail__backend_enable(conntrail_socket socket, int level, int option) {
  const DWORD enabled = 1;
  return setsockopt(socket, level, option, (const char *)&enabled, (int)sizeof enabled) == 0
             ? 0
             : failure();
}

/* [D] The pointer belongs to the socket's provider, and no library exports this call. */
static uint32_t find_call(conntrail_socket socket, const conntrail__datagram *datagram,
                          LPFN_WSARECVMSG *found) {
  GUID identity = WSAID_WSARECVMSG;
  DWORD bytes = 0;
  _Static_assert(sizeof *found == sizeof *datagram->call, "the seam keeps a pointer to a call");
  if (*datagram->call == NULL &&
      WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &identity, (DWORD)sizeof identity,
               datagram->call, (DWORD)sizeof *datagram->call, &bytes, NULL, NULL) != 0) {
    return failure();
  }
  memcpy(found, datagram->call, sizeof *found);
  /* A provider that has none, and does not say so. */
  return *found != NULL ? 0 : WSAEOPNOTSUPP;
}

static ULONG length_of(size_t size) {
  return size <= UINT32_MAX ? (ULONG)size : UINT32_MAX;
}

/* Returns how many bytes they hold together. */
static size_t fill(WSAMSG *message, WSABUF *buffers, const conntrail__datagram *datagram) {
  size_t total = 0;
  buffers[0] = (WSABUF){0, NULL};
  for (uint32_t i = 0; i < datagram->payload_count; i++) {
    buffers[i] = (WSABUF){length_of(datagram->payload[i].size), (CHAR *)datagram->payload[i].bytes};
    total += datagram->payload[i].size;
  }
  *message = (WSAMSG){.name = (struct sockaddr *)datagram->peer,
                      .namelen = datagram->peer != NULL ? (INT)datagram->peer_size : 0,
                      .lpBuffers = buffers,
                      .dwBufferCount = datagram->payload_count != 0 ? datagram->payload_count : 1,
                      .Control = {datagram->control_size, (CHAR *)datagram->control}};
  return total;
}

static uint32_t cuts_of(DWORD flags, uint32_t native) {
  uint32_t cut = (flags & MSG_TRUNC) != 0 ? CONNTRAIL__DATA_CUT : 0;
  cut |= (flags & MSG_CTRUNC) != 0 ? CONNTRAIL__CONTROL_CUT : 0;
  /* [S] Wine says of a payload that was cut no more than 10040. */
  return native == WSAEMSGSIZE && cut == 0 ? CONNTRAIL__DATA_CUT : cut;
}

enum { NOT_COUNTED = -1 };

/* [S] Wine counts nothing where it fails: known is then only that a payload that was cut is full.
 */
static uint32_t bytes_of(DWORD counted, uint32_t cut, size_t capacity) {
  if (counted != (DWORD)NOT_COUNTED) {
    return counted;
  }
  return (cut & CONNTRAIL__DATA_CUT) != 0 ? length_of(capacity) : 0;
}

uint32_t conntrail__backend_recvmsg(conntrail_socket socket, conntrail__datagram *datagram) {
  LPFN_WSARECVMSG receive;
  WSABUF buffers[CONNTRAIL_MOST_BUFFERS];
  WSAMSG message;
  DWORD counted = (DWORD)NOT_COUNTED;
  uint32_t native = find_call(socket, datagram, &receive);
  if (native != 0) {
    return native;
  }
  size_t capacity = fill(&message, buffers, datagram);
  message.dwFlags = (datagram->flags & CONNTRAIL__PEEK) != 0 ? MSG_PEEK : 0;
  datagram->peer->ss_family = AF_UNSPEC;
  native = receive(socket, &message, &counted, NULL, NULL) == 0 ? 0 : failure();
  if (native != 0 && native != WSAEMSGSIZE) {
    return native;
  }
  datagram->flags = cuts_of(message.dwFlags, native);
  datagram->bytes = bytes_of(counted, datagram->flags, capacity);
  datagram->control_size = message.Control.len;
  datagram->peer_size = datagram->peer->ss_family == AF_UNSPEC ? 0 : (uint32_t)message.namelen;
  return datagram->flags != 0 ? WSAEMSGSIZE : 0;
}

uint32_t conntrail__backend_sendmsg(conntrail_socket socket, const conntrail__datagram *datagram) {
  WSABUF buffers[CONNTRAIL_MOST_BUFFERS];
  WSAMSG message;
  DWORD counted = 0;
  (void)fill(&message, buffers, datagram);
  return WSASendMsg(socket, &message, 0, &counted, NULL, NULL) == 0 ? 0 : failure();
}
