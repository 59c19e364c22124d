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
