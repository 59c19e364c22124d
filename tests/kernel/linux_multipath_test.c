/* SPDX-License-Identifier: MIT */
/* K9: Multipath TCP. */
#include "asking.h"
#include "rules.h"

#include <unistd.h>

enum { MULTIPATH = 262 }; /* IPPROTO_MPTCP */

static bool has_multipath(void) {
  int fd = socket(AF_INET, SOCK_STREAM, MULTIPATH);
  if (fd >= 0) {
    close(fd);
  }
  return fd >= 0;
}

/* Both ends speak it: else the accepted connection is plain TCP. */
static int accept_multipath(int listener) {
  int fd = accept_one(listener);
  int protocol = 0;
  socklen_t size = sizeof protocol;
  ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size), 0);
  ck_assert_int_eq(protocol, MULTIPATH);
  return fd;
}

START_TEST(redirected) {
  int listener = open_listener(DUAL_STACK, MULTIPATH, 0);
  redirect_port_to("tcp", 80, listener);
  const char *hosts[] = {"10.9.9.9:80", "[fd00:9::9]:80"};
  for (int i = 0; i < 2; i++) {
    (void)connect_from(CLIENT_HOST, MULTIPATH, hosts[i]);
    expect_refusal(accept_multipath(listener), listener, CONNTRAIL__MULTIPATH);
  }
}
END_TEST

START_TEST(direct) {
  int listener = open_listener(IPV4, MULTIPATH, 0);
  (void)connect_from(CLIENT_HOST, MULTIPATH, at_port_of("10.0.1.1", listener).text);
  expect_refusal(accept_multipath(listener), listener, CONNTRAIL__MULTIPATH);
}
END_TEST

START_TEST(direct_to_a_transparent_listener) {
  int listener = open_listener(IPV4, MULTIPATH, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  (void)connect_from(CLIENT_HOST, MULTIPATH, at_port_of("10.0.1.1", listener).text);
  expect_refusal(accept_multipath(listener), listener, CONNTRAIL__MULTIPATH);
}
END_TEST

static void check_delivered(listener_kind kind, const char *to) {
  int listener = open_listener(kind, MULTIPATH, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  (void)connect_from(CLIENT_HOST, MULTIPATH, to);
  expect_destination(accept_multipath(listener), listener, to);
}

START_TEST(ipv4_delivered) {
  check_delivered(IPV4, "10.9.9.9:80");
}
END_TEST

START_TEST(ipv6_delivered) {
  check_delivered(IPV6, "[fd00:9::9]:80");
}
END_TEST

START_TEST(ipv4_delivered_to_dual_stack) {
  check_delivered(DUAL_STACK, "10.9.9.9:80");
}
END_TEST

START_TEST(plain_client_of_a_multipath_listener) {
  int listener = open_listener(DUAL_STACK, MULTIPATH, 0);
  redirect_port_to("tcp", 80, listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  expect_destination(accept_one(listener), listener, "10.9.9.9:80");
}
END_TEST

START_TEST(multipath_client_of_a_plain_listener) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  redirect_port_to("tcp", 80, listener);
  const char *hosts[] = {"10.9.9.9:80", "[fd00:9::9]:80"};
  for (int i = 0; i < 2; i++) {
    (void)connect_from(CLIENT_HOST, MULTIPATH, hosts[i]);
    expect_destination(accept_one(listener), listener, hosts[i]);
  }
}
END_TEST

START_TEST(not_connected) {
  int listener = open_listener(IPV4, MULTIPATH, 0);
  expect_refusal_by(listener, CONNTRAIL_INVALID_SOCKET, NOT_CONNECTED);
  expect_refusal_by(socket(AF_INET6, SOCK_STREAM, MULTIPATH), CONNTRAIL_INVALID_SOCKET,
                    NOT_CONNECTED);
}
END_TEST

KERNEL_MAIN_WHERE("linux multipath", has_multipath, redirected, direct,
                  direct_to_a_transparent_listener, ipv4_delivered, ipv6_delivered,
                  ipv4_delivered_to_dual_stack, plain_client_of_a_multipath_listener,
                  multipath_client_of_a_plain_listener, not_connected)
