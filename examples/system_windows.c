/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <winsock2.h>
/* winsock2.h comes first: windows.h would otherwise pull in the older winsock.h. */
#include <windows.h>

bool system_begin(void) {
  WSADATA data;
  return WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

bool system_would_wait(void) {
  return WSAGetLastError() == WSAEWOULDBLOCK;
}

bool system_is_unconnected(void) {
  return WSAGetLastError() == WSAENOTCONN;
}

conntrail_socket system_stream_socket(int family) {
  u_long yes = 1;
  SOCKET made = socket(family, SOCK_STREAM, IPPROTO_TCP);
  if (made != INVALID_SOCKET && ioctlsocket(made, (long)FIONBIO, &yes) != 0) {
    closesocket(made);
    return INVALID_SOCKET;
  }
  return made;
}

static void set_any_port(struct sockaddr_storage *address) {
  if (address->ss_family == AF_INET6) {
    ((struct sockaddr_in6 *)address)->sin6_port = 0;
  } else {
    ((struct sockaddr_in *)address)->sin_port = 0;
  }
}

/* A socket cannot be bound to the address of another host. */
bool system_has_address(const struct sockaddr_storage *address) {
  struct sockaddr_storage tried = *address;
  const int size = tried.ss_family == AF_INET6 ? (int)sizeof(struct sockaddr_in6)
                                               : (int)sizeof(struct sockaddr_in);
  conntrail_socket probe = socket(tried.ss_family, SOCK_DGRAM, IPPROTO_UDP);
  if (probe == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  set_any_port(&tried);
  const bool is_own = bind(probe, (struct sockaddr *)&tried, size) == 0;
  (void)closesocket(probe);
  return is_own;
}

bool system_set_mark(conntrail_socket of, uint32_t mark) {
  (void)of;
  WSASetLastError(WSAEOPNOTSUPP);
  return mark == 0;
}

void system_send_at_once(conntrail_socket of) {
  const int yes = 1;
  (void)setsockopt(of, IPPROTO_TCP, TCP_NODELAY, (const void *)&yes, sizeof yes);
}

ptrdiff_t system_send(conntrail_socket to, const void *bytes, size_t size) {
  return send(to, bytes, (int)size, 0);
}

ptrdiff_t system_peek(conntrail_socket from, void *bytes, size_t capacity) {
  return recv(from, bytes, (int)capacity, MSG_PEEK);
}

ptrdiff_t system_receive(conntrail_socket from, void *bytes, size_t capacity) {
  return recv(from, bytes, (int)capacity, 0);
}

/* There time is counted in 100 ns, since 1601. */
int64_t system_milliseconds(void) {
  const int64_t until_1970 = INT64_C(11644473600000);
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  return (int64_t)(((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) / 10000) - until_1970;
}

bool system_utc(int64_t seconds, struct tm *utc) {
  const __time64_t moment = seconds;
  return _gmtime64_s(utc, &moment) == 0;
}

bool system_has_terminal(void) {
  const DWORD ansi_colours = 0x0004; /* ENABLE_VIRTUAL_TERMINAL_PROCESSING */
  HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
  DWORD mode = 0;
  return GetConsoleMode(output, &mode) && SetConsoleMode(output, mode | ansi_colours);
}

ptrdiff_t system_send_to(conntrail_socket from, const void *bytes, size_t size,
                         const struct sockaddr_in *to) {
  return sendto(from, bytes, (int)size, 0, (const struct sockaddr *)to, (int)sizeof *to);
}

ptrdiff_t system_receive_from(conntrail_socket at, void *bytes, size_t capacity,
                              struct sockaddr_in *from) {
  int size = (int)sizeof *from;
  return recvfrom(at, bytes, (int)capacity, 0, (struct sockaddr *)from, &size);
}
