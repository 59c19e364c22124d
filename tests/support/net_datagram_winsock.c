/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../../backend-win/win.h"
#include "net.h"
#include "net_winsock.h"

/* mingw-w64's macros of control messages mix signs. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* [D] mswsock.h. */
static const GUID receive_identity = {
    0xf689d7c8, 0x6f1f, 0x436b, {0x8a, 0x53, 0xe5, 0x4f, 0xe3, 0x51, 0xc3, 0x22}};

static int size_of(const struct sockaddr_storage *address) {
  return address == NULL ? 0 : (int)net_address_size(address);
}

static int send_message(SOCKET socket, WSABUF *piece, const struct sockaddr_storage *to,
                        DWORD *sent) {
  WSAMSG message;
  memset(&message, 0, sizeof message);
  message.name = (struct sockaddr *)(uintptr_t)to;
  message.namelen = size_of(to);
  message.lpBuffers = piece;
  message.dwBufferCount = 1;
  return WSASendMsg(socket, &message, 0, sent, NULL, NULL);
}

net_result net_send_to(conntrail_socket socket, const void *bytes, size_t size,
                       const struct sockaddr_storage *to, net_way way) {
  WSABUF piece = {(ULONG)size, (char *)(uintptr_t)bytes};
  const struct sockaddr *address = (const struct sockaddr *)to;
  DWORD sent = 0;
  int answer;
  if (way == NET_PLAIN) {
    int count = sendto(socket, bytes, (int)size, 0, address, size_of(to));
    sent = count < 0 ? 0 : (DWORD)count;
    answer = count < 0 ? SOCKET_ERROR : 0;
  } else if (way == NET_GATHERED) {
    answer = send_message(socket, &piece, to, &sent);
  } else {
    answer = WSASendTo(socket, &piece, 1, &sent, 0, address, size_of(to), NULL, NULL);
  }
  return answer == 0 && sent == size ? NET_OK : net_winsock_failed(WSAGetLastError());
}

static int receive_message(SOCKET socket, WSABUF *piece, struct sockaddr_storage *from,
                           DWORD *got) {
  LPFN_WSARECVMSG call = NULL;
  WSAMSG message;
  DWORD bytes;
  if (WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, (void *)(uintptr_t)&receive_identity,
               sizeof receive_identity, &call, sizeof call, &bytes, NULL, NULL) != 0) {
    return SOCKET_ERROR;
  }
  memset(&message, 0, sizeof message);
  message.name = (struct sockaddr *)from;
  message.namelen = sizeof *from;
  message.lpBuffers = piece;
  message.dwBufferCount = 1;
  return call(socket, &message, got, NULL, NULL);
}

net_result net_receive_from(conntrail_socket socket, void *bytes, size_t capacity, size_t *size,
                            struct sockaddr_storage *from, net_way way) {
  WSABUF piece = {(ULONG)capacity, bytes};
  struct sockaddr_storage sender;
  struct sockaddr *address = (struct sockaddr *)&sender;
  int address_size = (int)sizeof sender;
  DWORD got = 0;
  DWORD flags = 0;
  int answer;
  memset(&sender, 0, sizeof sender);
  if (way == NET_PLAIN) {
    answer = recvfrom(socket, bytes, (int)capacity, 0, address, &address_size);
    got = answer < 0 ? 0 : (DWORD)answer;
  } else if (way == NET_GATHERED) {
    answer = receive_message(socket, &piece, &sender, &got);
  } else {
    answer = WSARecvFrom(socket, &piece, 1, &got, &flags, address, &address_size, NULL, NULL);
  }
  if (answer < 0) {
    return net_winsock_failed(WSAGetLastError());
  }
  *size = got;
  *from = sender;
  return NET_OK;
}

net_result net_limit_receives(conntrail_socket socket) {
  DWORD limit = 10000;
  return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, (const char *)&limit, sizeof limit) == 0
             ? NET_OK
             : net_winsock_failed(WSAGetLastError());
}

net_result net_enable_packet_info(conntrail_socket socket) {
  DWORD yes = 1;
  return setsockopt(socket, IPPROTO_IP, IP_PKTINFO, (const char *)&yes, sizeof yes) == 0
             ? NET_OK
             : net_winsock_failed(WSAGetLastError());
}

bool net_packet_address(void *control, size_t size, struct sockaddr_storage *address) {
  WSAMSG message;
  memset(&message, 0, sizeof message);
  message.Control.buf = control;
  message.Control.len = (ULONG)size;
  for (WSACMSGHDR *each = WSA_CMSG_FIRSTHDR(&message); each != NULL;
       each = WSA_CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
      IN_PKTINFO info;
      struct sockaddr_in in;
      memcpy(&info, WSA_CMSG_DATA(each), sizeof info);
      memset(&in, 0, sizeof in);
      in.sin_family = AF_INET;
      in.sin_addr = info.ipi_addr;
      memset(address, 0, sizeof *address);
      memcpy(address, &in, sizeof in);
      return true;
    }
  }
  return false;
}
