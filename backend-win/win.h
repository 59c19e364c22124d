/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_WIN_H
#define CONNTRAIL_WIN_H

/*
 * Windows' headers, in the one order that works and in lower case, as mingw-w64 on a
 * case-sensitive file system wants them. backend-win and backend-emu/winsock include this file;
 * include/conntrail/platform.h is the only other one that includes a header of Windows.
 */

#include "conntrail/platform.h"

#include <mswsock.h>
#include <windows.h>

#endif
