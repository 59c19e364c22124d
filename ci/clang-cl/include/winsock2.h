/* SPDX-License-Identifier: MIT */

/* mingw-w64 10 declares this one call without dllimport; the Windows SDK has it like all others. */

#pragma once

#include_next <winsock2.h>

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
__declspec(dllimport) int WSAAPI
    WSASendMsg(SOCKET socket, LPWSAMSG message, DWORD flags, LPDWORD sent,
               LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
/* clang-format on */
