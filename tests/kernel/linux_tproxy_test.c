/* SPDX-License-Identifier: MIT */
/* K6 to K8: TCP behind TPROXY, and direct connections to the same listener. */
#include "asking.h"
#include "rules.h"

/* Delivered without conntrack, and once more with it: then the kernel has an entry as well. */
static void check_delivered(listener_kind kind, const char *to) {
  int listener = open_listener(kind, IPPROTO_TCP, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  for (int i = 0; i < 2; i++) {
    (void)connect_from(CLIENT_HOST, IPPROTO_TCP, to);
    expect_destination(accept_one(listener), listener, to);
    (void)connect_from(PROXY_HOST, IPPROTO_TCP, to);
    expect_destination(accept_one(listener), listener, to);
    track_only();
  }
}

START_TEST(ipv4_delivered) {
  check_delivered(IPV4, "10.9.9.9:80");
}
END_TEST

START_TEST(ipv6_delivered) {
  check_delivered(IPV6, "[fd00:9::9]:80");
}
END_TEST

START_TEST(ipv6_delivered_on_dual_stack) {
  check_delivered(DUAL_STACK, "[fd00:9::9]:80");
}
END_TEST

START_TEST(ipv4_client_of_dual_stack_gives_an_ipv4_address) {
  check_delivered(DUAL_STACK, "10.9.9.9:80");
}
END_TEST

START_TEST(no_right_is_needed) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  network_drop_rights();
  expect_destination(accept_one(listener), listener, "10.9.9.9:80");
}
END_TEST

START_TEST(foreign_host_at_the_listeners_port) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  const char *hosts[] = {"10.9.9.9", "[fd00:9::9]"};
  for (int i = 0; i < 2; i++) {
    address_text to = at_port_of(hosts[i], listener);
    (void)connect_from(CLIENT_HOST, IPPROTO_TCP, to.text);
    expect_destination(accept_one(listener), listener, to.text);
  }
}
END_TEST

/* Only the listener's port distinguishes it from a direct connection. */
static void check_own_destination(uint32_t without_listener) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, LISTEN_TRANSPARENT);
  const char *own[] = {"10.0.1.1:80", "[fd00:1::1]:80"};
  tproxy_to(listener);
  for (int i = 0; i < 2; i++) {
    (void)connect_from(CLIENT_HOST, IPPROTO_TCP, own[i]);
    int accepted = accept_one(listener);
    expect_destination_by(accepted, listener, own[i]);
    expect_refusal_by(accepted, CONNTRAIL_INVALID_SOCKET, without_listener);
  }
}

START_TEST(own_host_at_another_port) {
  check_own_destination(CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

START_TEST(own_host_at_another_port_and_tracked) {
  track_only();
  check_own_destination(CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

static void check_direct(uint32_t expected) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, LISTEN_TRANSPARENT);
  const char *hosts[] = {"10.0.1.1", "[fd00:1::1]"};
  tproxy_to(listener);
  for (int i = 0; i < 2; i++) {
    address_text to = at_port_of(hosts[i], listener);
    (void)connect_from(CLIENT_HOST, IPPROTO_TCP, to.text);
    expect_refusal(accept_one(listener), listener, expected);
    (void)connect_from(PROXY_HOST, IPPROTO_TCP, to.text);
    expect_refusal(accept_one(listener), listener, expected);
  }
}

START_TEST(direct_without_tracking) {
  check_direct(CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

START_TEST(direct_and_tracked) {
  track_only();
  check_direct(CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

/* A setting that load balancers need: sockets may be bound to addresses of other hosts. */
START_TEST(host_that_binds_to_foreign_addresses) {
  network_setting("ipv4/ip_nonlocal_bind", "1");
  check_delivered(IPV4, "10.9.9.9:80");
}
END_TEST

START_TEST(direct_on_a_host_that_binds_to_foreign_addresses) {
  network_setting("ipv4/ip_nonlocal_bind", "1");
  check_direct(CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

/* REDIRECT to a listener that is transparent as well. */
START_TEST(redirected_to_a_transparent_listener) {
  int listener = open_listener(IPV4, IPPROTO_TCP, LISTEN_TRANSPARENT);
  redirect_port_to("tcp", 80, listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  expect_destination(accept_one(listener), listener, "10.9.9.9:80");
}
END_TEST

/* Whether an address is this host's needs a descriptor: a refusal says so, and guesses nothing. */
START_TEST(no_descriptor_is_left) {
  int listener = open_listener(IPV4, IPPROTO_TCP, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  int accepted = accept_one(listener);
  allow_descriptors(false);
  expect_refusal_by(accepted, CONNTRAIL_INVALID_SOCKET, NO_DESCRIPTORS);
  expect_destination_by(accepted, listener, "10.9.9.9:80");
  allow_descriptors(true);
}
END_TEST

KERNEL_MAIN("linux tproxy", ipv4_delivered, ipv6_delivered, ipv6_delivered_on_dual_stack,
            ipv4_client_of_dual_stack_gives_an_ipv4_address, no_right_is_needed,
            foreign_host_at_the_listeners_port, own_host_at_another_port,
            own_host_at_another_port_and_tracked, direct_without_tracking, direct_and_tracked,
            host_that_binds_to_foreign_addresses, direct_on_a_host_that_binds_to_foreign_addresses,
            redirected_to_a_transparent_listener, no_descriptor_is_left)
