/* SPDX-License-Identifier: MIT */
#ifndef POSIX_SUPPORT_H
#define POSIX_SUPPORT_H

/* What the tests of the Linux front end share: addresses, sockets on loopback, and a small world.
 */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"

#define FAR_V4 "93.184.216.34"
#define FAR_V6 "2606:2800:220:1::1"

/* An address of either family from its text. */
struct sockaddr_storage address_of(const char *text, unsigned port);
/* "[::1]:80" or "127.0.0.1:80"; valid until the next call but three in this thread. */
const char *address_text(const struct sockaddr_storage *address);
socklen_t address_size(const struct sockaddr_storage *address);

struct sockaddr_storage local_address(int fd);
/* Listens on loopback of this family, on a port of the system's choice. */
int listening_socket(int family);
int stream_socket(int family);
/* connect() to what the text says. 0, or the errno. */
int connect_to(int fd, const char *text, unsigned port);
/* What getpeername() says, as text, or the name of its errno. */
const char *peer_text(int fd);
void make_nonblocking(int fd);
int accept_one(int listener);

/* One service, "acme", which takes 93.184.216.0/24 and 2606:2800::/32 at port 80 to its proxy. */
typedef struct world {
  conntrail_emu *emu;
  conntrail_emu_service *acme;
  int proxy4;
  int proxy6;
} world;

world world_create(void);
void world_destroy(world *w);

#define count_of(w, kind) conntrail_emu_count((w).emu, CONNTRAIL_EMU_##kind)

int run_tests(const char *name, const TTest *const *tests, size_t count);

#define RUN_TESTS(name, ...)                                                                       \
  int main(void) {                                                                                 \
    const TTest *const tests[] = {__VA_ARGS__};                                                    \
    return run_tests(name, tests, sizeof tests / sizeof tests[0]);                                 \
  }

#endif
