/* SPDX-License-Identifier: MIT */

/* libevent for mingw-w64 includes it; struct timeval is in winsock2.h. */
