/* SPDX-License-Identifier: MIT */

/*
 * mingw-w64's Windows headers in front of a compiler that is not gcc: they take every __attribute__
 * away, also from the compiler's own headers. And what the C library of Visual Studio has and
 * Wine's headers have not.
 */

#pragma once

#include_next <_mingw.h>
#undef __attribute__

#ifdef __cplusplus
extern "C" {
#endif
struct tm;
int __cdecl _gmtime64_s(struct tm *result, const __int64 *time);
__int64 _InterlockedIncrement64(__int64 volatile *value);
#ifdef __cplusplus
}
#endif
