/* SPDX-License-Identifier: MIT */

/*
 * Takes over the watched calls of the program that this is linked into. A compiler that includes
 * winsock2.h calls connect through the pointer __imp_connect, which the import library defines.
 * Defined here, and linked ahead of ws2_32, that pointer is ours: for the program, for conntrail's
 * unchanged library and for libevent, as long as they are linked statically.
 */

#include "winsock.h"

/* A function pointer of no particular type: casts from and to it draw no warning. */
typedef void (*any_call)(void);

#ifdef _WIN64
#define TAKE_OVER(library, result, name, bytes, parameters)                                        \
  extern any_call const __imp_##name;                                                              \
  any_call const __imp_##name = (any_call)conntrail__watched_##name;
#elif defined(__GNUC__)
/* 32-bit names carry the bytes of their arguments, which no C identifier can. */
#define TAKE_OVER(library, result, name, bytes, parameters)                                        \
  extern any_call const conntrail__imp_##name __asm__("__imp__" #name "@" #bytes);                 \
  any_call const conntrail__imp_##name = (any_call)conntrail__watched_##name;
#else
#error "32-bit emulation needs mingw-w64: with another compiler build it for 64 bits"
#endif

CONNTRAIL__WATCHED_MAP(TAKE_OVER)

static INIT_ONCE found = INIT_ONCE_STATIC_INIT;
static conntrail__system calls;

static BOOL CALLBACK find_calls(INIT_ONCE *once, void *parameter, void **context) {
  HMODULE ws2_32 = LoadLibraryA("ws2_32.dll");
  HMODULE kernel32 = LoadLibraryA("kernel32.dll");
  (void)once;
  (void)parameter;
  (void)context;
#define FIND(library, result, name, bytes, parameters)                                             \
  calls.name = (result(WSAAPI *) parameters)(any_call)GetProcAddress(library, #name);
  CONNTRAIL__WATCHED_MAP(FIND)
#undef FIND
  return TRUE;
}

const conntrail__system *conntrail__system_calls(void) {
  InitOnceExecuteOnce(&found, find_calls, NULL, NULL);
  return &calls;
}
