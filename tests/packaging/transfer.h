/* SPDX-License-Identifier: MIT */
#ifndef PACKAGING_TRANSFER_H
#define PACKAGING_TRANSFER_H

/*
 * A proxy under test, in one thread: the emulation redirects a client's connection to it, and it
 * transfers the records to its onward connection, which reaches the server. Prints "conntrail" and
 * the version, or what went wrong. Returns main's result.
 */
int transfer_in_emulation(void);

#endif
