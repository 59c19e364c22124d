/* SPDX-License-Identifier: MIT */
/* K11 to K13: where a datagram was to go. */
#include "asking.h"
#include "datagrams.h"
#include "rules.h"

#include <string.h>

static void expect_flow(int listener, const arrival *came, const char *expected) {
  struct sockaddr_storage found = {0};
  ck_assert_uint_eq(
      conntrail__backend_datagram_destination(listener, &came->peer, &came->local, &found), 0);
  expect_address(found, expected);
}

static void expect_no_flow(int listener, const arrival *came, uint32_t expected) {
  struct sockaddr_storage found;
  struct sockaddr_storage untouched;
  memset(&found, 0x5a, sizeof found);
  memset(&untouched, 0x5a, sizeof untouched);
  ck_assert_uint_eq(
      conntrail__backend_datagram_destination(listener, &came->peer, &came->local, &found),
      expected);
  ck_assert_mem_eq(&found, &untouched, sizeof found);
}

/* ---- REDIRECT ------------------------------------------------------------------------------- */

/* K13: the local address is the translated one. Which of this host's it is, the kernel chooses. */
static void check_redirected(listener_kind kind, const char *to) {
  int listener = open_udp(kind, 0);
  redirect_to(listener);
  arrival came = send_one(CLIENT_HOST, listener, to);
  address_text own[] = {at_port_of(to[0] == '[' ? "[fd00:1::1]" : "10.0.1.1", listener),
                        at_port_of(to[0] == '[' ? "[fd00:1::3]" : "10.0.1.3", listener)};
  address_text local = text_of(&came.local);
  ck_assert(strcmp(local.text, own[0].text) == 0 || strcmp(local.text, own[1].text) == 0);
  expect_flow(listener, &came, to);
  came = send_one(PROXY_HOST, listener, to);
  expect_flow(listener, &came, to);
}

START_TEST(ipv4_redirected) {
  check_redirected(IPV4, "10.9.9.9:53");
}
END_TEST

START_TEST(ipv6_redirected) {
  check_redirected(IPV6, "[fd00:9::9]:53");
}
END_TEST

START_TEST(ipv6_redirected_on_dual_stack) {
  check_redirected(DUAL_STACK, "[fd00:9::9]:53");
}
END_TEST

START_TEST(ipv4_redirected_on_dual_stack) {
  check_redirected(DUAL_STACK, "10.9.9.9:53");
}
END_TEST

/* One client socket, two destinations: the kernel gives the second flow another client port. */
START_TEST(two_destinations_of_one_client) {
  int listener = open_udp(IPV4, 0);
  redirect_to(listener);
  int client = open_client(CLIENT_HOST, "10.9.9.9:53", IPPROTO_UDP);
  send_text(client, "10.9.9.9:53", "one");
  arrival one = receive_arrival(listener);
  send_text(client, "10.9.9.8:54", "other");
  arrival other = receive_arrival(listener);
  expect_flow(listener, &one, "10.9.9.9:53");
  expect_flow(listener, &other, "10.9.9.8:54");
}
END_TEST

/* K13: CAP_NET_ADMIN at the call, and no other right. */
START_TEST(without_the_right) {
  int listener = open_udp(IPV4, 0);
  redirect_to(listener);
  arrival came = send_one(CLIENT_HOST, listener, "10.9.9.9:53");
  expect_flow(listener, &came, "10.9.9.9:53");
  network_drop_admin();
  expect_no_flow(listener, &came, CONNTRAIL__DESTINATION_ACCESS);
}
END_TEST

START_TEST(entry_that_is_gone) {
  int listener = open_udp(DUAL_STACK, 0);
  redirect_to(listener);
  const char *hosts[] = {"10.9.9.9:53", "[fd00:9::9]:53"};
  for (int i = 0; i < 2; i++) {
    arrival came = send_one(CLIENT_HOST, listener, hosts[i]);
    network_forget_flows();
    expect_no_flow(listener, &came, CONNTRAIL__DESTINATION_UNKNOWN);
  }
}
END_TEST

/* A reply without an entry makes one of its own, in which the client is the destination. */
START_TEST(entry_that_the_proxy_began) {
  int listener = open_udp(IPV4, 0);
  redirect_to(listener);
  arrival came = send_one(CLIENT_HOST, listener, "10.9.9.9:53");
  network_forget_flows();
  send_text(listener, text_of(&came.peer).text, "late");
  expect_no_flow(listener, &came, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

/* K10. */
START_TEST(another_own_address_at_the_own_port) {
  int listener = open_udp(DUAL_STACK, 0);
  unsigned port = port_of(listener);
  network_rules("table inet t { chain pre { type nat hook prerouting priority dstnat\n"
                "ip daddr 10.0.1.3 udp dport %u dnat ip to 10.0.1.1\n"
                "ip6 daddr fd00:1::3 udp dport %u dnat ip6 to fd00:1::1\n}\n}\n",
                port, port);
  arrival came = send_one(CLIENT_HOST, listener, at_port_of("10.0.1.3", listener).text);
  expect_no_flow(listener, &came, CONNTRAIL__DESTINATION_IS_PROXY);
  came = send_one(CLIENT_HOST, listener, at_port_of("[fd00:1::3]", listener).text);
  expect_no_flow(listener, &came, CONNTRAIL__DESTINATION_IS_PROXY);
}
END_TEST

START_TEST(another_port_of_this_host) {
  int listener = open_udp(IPV4, 0);
  redirect_port_to("udp", 53, listener);
  arrival came = send_one(CLIENT_HOST, listener, "10.0.1.1:53");
  expect_flow(listener, &came, "10.0.1.1:53");
}
END_TEST

START_TEST(link_local_destination) {
  int listener = open_udp(DUAL_STACK, 0);
  redirect_port_to("udp", 53, listener);
  arrival came = send_one(CLIENT_HOST, listener, on_link("fe80::1", CLIENT_HOST, 53).text);
  expect_flow(listener, &came, on_link("fe80::1", PROXY_HOST, 53).text);
}
END_TEST

START_TEST(foreign_host_at_the_listeners_port) {
  int listener = open_udp(IPV4, 0);
  redirect_to(listener);
  address_text to = at_port_of("10.9.9.9", listener);
  arrival came = send_one(CLIENT_HOST, listener, to.text);
  expect_flow(listener, &came, to.text);
}
END_TEST

/* ---- Direct --------------------------------------------------------------------------------- */

static void check_direct(int listener, uint32_t expected) {
  const char *hosts[] = {"10.0.1.1", "[fd00:1::1]"};
  for (int i = 0; i < 2; i++) {
    address_text to = at_port_of(hosts[i], listener);
    arrival came = send_one(CLIENT_HOST, listener, to.text);
    expect_address(came.local, to.text);
    expect_no_flow(listener, &came, expected);
    came = send_one(PROXY_HOST, listener, to.text);
    expect_no_flow(listener, &came, expected);
  }
}

START_TEST(direct_and_tracked) {
  int listener = open_udp(DUAL_STACK, 0);
  redirect_to(listener);
  check_direct(listener, CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

START_TEST(direct_without_tracking) {
  check_direct(open_udp(DUAL_STACK, 0), CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

/* ---- TPROXY --------------------------------------------------------------------------------- */

static void check_delivered(listener_kind kind, const char *to) {
  int listener = open_udp(kind, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  arrival came = send_one(CLIENT_HOST, listener, to);
  expect_address(came.local, to);
  expect_flow(listener, &came, to);
  came = send_one(PROXY_HOST, listener, to);
  network_drop_rights();
  expect_flow(listener, &came, to);
}

START_TEST(ipv4_delivered) {
  check_delivered(IPV4, "10.9.9.9:53");
}
END_TEST

START_TEST(ipv6_delivered) {
  check_delivered(IPV6, "[fd00:9::9]:53");
}
END_TEST

START_TEST(ipv6_delivered_on_dual_stack) {
  check_delivered(DUAL_STACK, "[fd00:9::9]:53");
}
END_TEST

START_TEST(ipv4_delivered_on_dual_stack) {
  check_delivered(DUAL_STACK, "10.9.9.9:53");
}
END_TEST

START_TEST(delivered_from_the_listeners_port) {
  int listener = open_udp(IPV4, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  address_text to = at_port_of("10.9.9.9", listener);
  arrival came = send_one(CLIENT_HOST, listener, to.text);
  network_drop_rights();
  expect_flow(listener, &came, to.text);
}
END_TEST

START_TEST(delivered_from_another_port_of_this_host) {
  int listener = open_udp(IPV4, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  arrival came = send_one(CLIENT_HOST, listener, "10.0.1.1:80");
  network_drop_rights();
  expect_flow(listener, &came, "10.0.1.1:80");
}
END_TEST

/* ---- Other sockets and addresses ------------------------------------------------------------ */

START_TEST(other_sockets) {
  const arrival came = {address_of("10.0.1.2:4000"), address_of("10.0.1.1:4000")};
  expect_no_flow(-1, &came, NOT_SOCKET);
  expect_no_flow(open_listener(IPV4, IPPROTO_TCP, 0), &came, OTHER_KIND);
  expect_no_flow(socket(AF_UNIX, SOCK_DGRAM, 0), &came, OTHER_KIND);
}
END_TEST

START_TEST(no_descriptor_is_left) {
  int listener = open_udp(IPV4, 0);
  redirect_to(listener);
  arrival came = send_one(CLIENT_HOST, listener, "10.9.9.9:53");
  allow_descriptors(false);
  expect_no_flow(listener, &came, NO_DESCRIPTORS);
  allow_descriptors(true);
  expect_flow(listener, &came, "10.9.9.9:53");
}
END_TEST

/* The control buffer was too small for the local address. */
START_TEST(local_address_that_did_not_come) {
  const arrival came = {address_of("10.0.1.2:4000"), {0}};
  expect_no_flow(open_udp(IPV4, 0), &came, CONNTRAIL__DESTINATION_UNKNOWN);
  const arrival mixed = {address_of("10.0.1.2:4000"), address_of("[fd00:1::1]:4000")};
  expect_no_flow(open_udp(IPV4, 0), &mixed, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

START_TEST(enabling_what_is_no_socket) {
  const conntrail__socket_facts v4 = {.is_internet = true, .is_datagram = true};
  const conntrail__socket_facts v6 = {.is_internet = true, .is_datagram = true, .is_ipv6 = true};
  ck_assert_uint_eq(conntrail__backend_enable_local(-1, &v4), NOT_SOCKET);
  ck_assert_uint_eq(conntrail__backend_enable_local(-1, &v6), NOT_SOCKET);
}
END_TEST

KERNEL_MAIN("linux datagram", ipv4_redirected, ipv6_redirected, ipv6_redirected_on_dual_stack,
            ipv4_redirected_on_dual_stack, two_destinations_of_one_client, without_the_right,
            entry_that_is_gone, entry_that_the_proxy_began, another_own_address_at_the_own_port,
            another_port_of_this_host, link_local_destination, foreign_host_at_the_listeners_port,
            direct_and_tracked, direct_without_tracking, ipv4_delivered, ipv6_delivered,
            ipv6_delivered_on_dual_stack, ipv4_delivered_on_dual_stack,
            delivered_from_the_listeners_port, delivered_from_another_port_of_this_host,
            other_sockets, no_descriptor_is_left, local_address_that_did_not_come,
            enabling_what_is_no_socket)
