/* SPDX-License-Identifier: MIT */
#include "raw_proxy.h"

#include <mstcpip.h>
#include <stdlib.h>
#include <windows.h>

/* mstcpip.h of a Windows SDK has these; mingw-w64 10 does not. */
#ifndef SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS
#define SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS _WSAIOW(IOC_VENDOR, 220)
#define SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT _WSAIOW(IOC_VENDOR, 221)
#define SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS _WSAIOW(IOC_VENDOR, 222)
#endif
#ifndef SO_ORIGINAL_DST
#define SO_ORIGINAL_DST 0x300F
#define SOL_IP (SOL_SOCKET - 4)
#define SOL_IPV6 (SOL_SOCKET - 5)
#endif

/* What the two products allow for the records. */
enum { SAMPLE_RECORDS = 8192, ENVOY_RECORDS = 2048 };

/* winerror.h: there is no redirect context. */
#define NOT_FOUND ((int)0x80320008)

static DWORD size_of(const SOCKADDR_STORAGE *address) {
  return address->ss_family == AF_INET6 ? (DWORD)sizeof(struct sockaddr_in6)
                                        : (DWORD)sizeof(struct sockaddr_in);
}

static SOCKET give_up(SOCKET socket) {
  int error = WSAGetLastError();
  if (socket != INVALID_SOCKET) {
    closesocket(socket);
  }
  WSASetLastError(error);
  return INVALID_SOCKET;
}

/* Carries the records over, then binds, then connects: in that order. */
static SOCKET continue_to(const struct sockaddr *destination, int size, void *records,
                          DWORD records_size) {
  DWORD unused = 0;
  SOCKADDR_STORAGE any = {0};
  ((struct sockaddr *)&any)->sa_family = destination->sa_family;
  SOCKET outbound =
      WSASocketW(destination->sa_family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  if (outbound == INVALID_SOCKET) {
    return outbound;
  }
  if (WSAIoctl(outbound, SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS, records, records_size, NULL, 0,
               &unused, NULL, NULL) == SOCKET_ERROR ||
      bind(outbound, (const struct sockaddr *)&any, (int)size_of(&any)) == SOCKET_ERROR ||
      connect(outbound, destination, size) == SOCKET_ERROR) {
    return give_up(outbound);
  }
  return outbound;
}

static SOCKET continue_with(SOCKET accepted, const struct sockaddr *destination, int size,
                            DWORD capacity) {
  DWORD records_size = 0;
  void *records = malloc(capacity);
  if (records == NULL) {
    WSASetLastError(WSAENOBUFS);
    return INVALID_SOCKET;
  }
  SOCKET outbound = INVALID_SOCKET;
  if (WSAIoctl(accepted, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, NULL, 0, records, capacity,
               &records_size, NULL, NULL) == 0) {
    outbound = continue_to(destination, size, records, records_size);
  }
  free(records);
  return outbound;
}

SOCKET raw_continue_by_context(SOCKET accepted, const struct sockaddr *otherwise,
                               int otherwise_size) {
  /* The sample's own layout: the original remote address, then the original local one. */
  SOCKADDR_STORAGE context[2];
  DWORD size = 0;
  if (WSAIoctl(accepted, SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT, NULL, 0, context,
               (DWORD)sizeof context, &size, NULL, NULL) == 0) {
    otherwise = (const struct sockaddr *)&context[0];
    otherwise_size = (int)size_of(&context[0]);
  } else if (WSAGetLastError() != NOT_FOUND || otherwise == NULL) {
    return INVALID_SOCKET;
  }
  return continue_with(accepted, otherwise, otherwise_size, SAMPLE_RECORDS);
}

SOCKET raw_continue_by_option(SOCKET accepted) {
  SOCKADDR_STORAGE destination;
  SOCKADDR_STORAGE local;
  int size = (int)sizeof destination;
  int local_size = (int)sizeof local;
  if (getsockname(accepted, (struct sockaddr *)&local, &local_size) == SOCKET_ERROR) {
    return INVALID_SOCKET;
  }
  int level = local.ss_family == AF_INET6 ? SOL_IPV6 : SOL_IP;
  if (getsockopt(accepted, level, SO_ORIGINAL_DST, (char *)&destination, &size) == SOCKET_ERROR) {
    return INVALID_SOCKET;
  }
  return continue_with(accepted, (const struct sockaddr *)&destination, (int)size_of(&destination),
                       ENVOY_RECORDS);
}

typedef struct direction {
  SOCKET from;
  SOCKET to;
} direction;

static DWORD WINAPI carry(void *argument) {
  const direction *way = argument;
  char bytes[4096];
  int got = 0;
  while ((got = recv(way->from, bytes, (int)sizeof bytes, 0)) > 0) {
    int sent = 0;
    while (sent < got) {
      int more = send(way->to, bytes + sent, got - sent, 0);
      if (more <= 0) {
        return 0;
      }
      sent += more;
    }
  }
  shutdown(way->to, SD_SEND);
  return 0;
}

void raw_relay(SOCKET one, SOCKET other) {
  direction there = {one, other};
  direction back = {other, one};
  HANDLE thread = CreateThread(NULL, 0, carry, &there, 0, NULL);
  if (thread == NULL) {
    return;
  }
  carry(&back);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
}
