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
