/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_TRANSCRIPT_H
#define CONNTRAIL_TESTS_TRANSCRIPT_H

/*
 * What a case asked and was answered, a line a call, to be compared byte for byte between the
 * places where it ran. Descriptors become s1, s2 ... and loopback ports p1, p2 ... in the order
 * in which they first appear. Where no transcript is wanted all this does nothing.
 */

#include <stdbool.h>
#include <stddef.h>

#include "conntrail/platform.h"

bool transcript_open(const char *path);
void transcript_close(void);

/* One line, formatted as printf does. No attribute says so: with mingw-w64 it would mean another
 * printf, without %zu. */
void transcript_line(const char *format, ...);

/* The socket is closed: its number may come back as another socket. */
void transcript_forget(conntrail_socket socket);
/* The same of the port of a socket that is about to be closed: the system may give it to another,
 * by chance, which is then another port for the transcript. */
void transcript_forget_port(const struct sockaddr_storage *address);

/* How a socket or an address is named. The text is valid until the fourth call from now. */
const char *transcript_socket(conntrail_socket socket);
const char *transcript_address(const struct sockaddr_storage *address);

#endif
