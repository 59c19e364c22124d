/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_ATTACH_H
#define CONNTRAIL_CLI_ATTACH_H

/* Becomes a program under the supervisor that serves at this socket. Returns where that fails, with
 * the exit code. */
int conntrail__attach(const char *socket, char *const *command);

#endif
