/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_KERNEL_ENDPOINTS_H
#define CONNTRAIL_TESTS_KERNEL_ENDPOINTS_H

/* The sockets of a test, and addresses as text: "10.9.9.9:80", "[fd00:9::9]:80". */

#include <check.h>
#include <stdint.h>

#include "network.h"
#include "src/backend.h"

#define LISTEN_TRANSPARENT 1U /* CONNTRAIL_LISTEN_TRANSPARENT */

typedef enum listener_kind { IPV4, IPV6, DUAL_STACK } listener_kind;

struct sockaddr_storage address_of(const char *text);

socklen_t size_of(const struct sockaddr_storage *address);

/* An address, its port, and for a link-local one its interface: "[fe80::1%2]:80". */
typedef struct address_text {
  char text[80];
} address_text;
address_text text_of(const struct sockaddr_storage *address);

#define expect_address(actual, expected) ck_assert_str_eq(text_of(&(actual)).text, (expected))

/* At all addresses of this host and a port that the kernel chooses, ready for accept or recvmsg. */
int open_listener(listener_kind kind, int protocol, unsigned flags);
uint16_t port_of(int fd);
/* "10.0.1.1" and its like, with the port of a listener. */
address_text at_port_of(const char *host, int listener);

/* A link-local address as that host names it. */
address_text on_link(const char *host, network_host end, unsigned port);

/* The client's end of a connection from there. */
int connect_from(network_host host, int protocol, const char *to);
int accept_one(int listener);

/* From now on this process can open no descriptor, until it can again. */
void allow_descriptors(bool are_allowed);

/* A socket of that host, of the family of an address. */
int open_client(network_host host, const char *to, int protocol);
/* Who sent the next datagram, after its text was compared. */
address_text receive_text(int fd, const char *text);

/* Every test of a program, in hosts of its own; exit code 77 and the reason where there are none.
 */
int kernel_main(const char *name, const TTest *const *tests, int count, bool (*is_possible)(void));

#define KERNEL_MAIN_WHERE(name, is_possible, ...)                                                  \
  int main(void) {                                                                                 \
    const TTest *const tests[] = {__VA_ARGS__};                                                    \
    return kernel_main(name, tests, (int)(sizeof tests / sizeof tests[0]), is_possible);           \
  }
#define KERNEL_MAIN(name, ...) KERNEL_MAIN_WHERE(name, NULL, __VA_ARGS__)

#endif
