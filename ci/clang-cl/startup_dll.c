/* SPDX-License-Identifier: MIT */

/* The same for a DLL, which here has nothing to do when it is loaded. */

#include <windows.h>

BOOL WINAPI _DllMainCRTStartup(HINSTANCE library, DWORD reason, void *reserved) {
  (void)library;
  (void)reason;
  (void)reserved;
  return TRUE;
}
