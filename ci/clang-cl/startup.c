/* SPDX-License-Identifier: MIT */

/*
 * What Visual Studio's vcruntime puts in front of main(), as far as these programs need it: the
 * arguments, and thread-local variables. Only for the stage clang-cl of ci/test: there is no
 * vcruntime to link on a Linux machine.
 */

#include <stdlib.h>
#include <windows.h>

extern int main(int count, char **words);
/* [D] ucrtbase.dll exports these for vcruntime. */
extern int __cdecl _configure_narrow_argv(int mode);
extern int __cdecl _initialize_narrow_environment(void);

enum { WITHOUT_WILDCARDS = 1 };

void __cdecl mainCRTStartup(void) {
  (void)_configure_narrow_argv(WITHOUT_WILDCARDS);
  (void)_initialize_narrow_environment();
  exit(main(*__p___argc(), *__p___argv()));
}

/* The compiler's mark of a program that computes with floating point. */
int _fltused = 0;

/* [D] The PE format's directory of thread-local variables; the compiler names _tls_index. */
ULONG _tls_index = 0;
#pragma section(".tls", read, write)
#pragma section(".tls$ZZZ", read, write)
#pragma section(".CRT$XLA", read)
#pragma section(".CRT$XLZ", read)
__declspec(allocate(".tls")) char _tls_start = 0;
__declspec(allocate(".tls$ZZZ")) char _tls_end = 0;
__declspec(allocate(".CRT$XLA")) PIMAGE_TLS_CALLBACK __xl_a = 0;
__declspec(allocate(".CRT$XLZ")) PIMAGE_TLS_CALLBACK __xl_z = 0;
#pragma section(".rdata$T", read)
__declspec(allocate(".rdata$T")) const IMAGE_TLS_DIRECTORY _tls_used = {(ULONG_PTR)&_tls_start,
                                                                        (ULONG_PTR)&_tls_end,
                                                                        (ULONG_PTR)&_tls_index,
                                                                        (ULONG_PTR)(&__xl_a + 1),
                                                                        0,
                                                                        0};
