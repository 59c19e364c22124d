/* SPDX-License-Identifier: MIT */

/* libevent writes it so; mingw-w64 has it in lower case. */
#include <basetsd.h>
