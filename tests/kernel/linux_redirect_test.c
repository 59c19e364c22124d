/* SPDX-License-Identifier: MIT */
/* K5 to K7, K10: TCP behind REDIRECT and DNAT, and connections that were not redirected. */
#include "asking.h"
#include "rules.h"

#include <linux/netfilter_ipv4.h>
#include <unistd.h>

static void check_redirected(listener_kind kind, const char *to) {
  int listener = open_listener(kind, IPPROTO_TCP, 0);
  redirect_to(listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, to);
  expect_destination(accept_one(listener), listener, to);
  (void)connect_from(PROXY_HOST, IPPROTO_TCP, to);
  expect_destination(accept_one(listener), listener, to);
}

START_TEST(ipv4_redirected) {
  check_redirected(IPV4, "10.9.9.9:80");
}
END_TEST

START_TEST(ipv6_redirected) {
  check_redirected(IPV6, "[fd00:9::9]:80");
}
END_TEST

START_TEST(ipv6_redirected_on_dual_stack) {
  check_redirected(DUAL_STACK, "[fd00:9::9]:80");
}
END_TEST

START_TEST(ipv4_client_of_dual_stack_gives_an_ipv4_address) {
  check_redirected(DUAL_STACK, "10.9.9.9:80");
}
END_TEST

START_TEST(no_right_is_needed) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  redirect_to(listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  network_drop_rights();
  expect_destination(accept_one(listener), listener, "10.9.9.9:80");
}
END_TEST

START_TEST(ipv4_dnat_to_loopback) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  network_setting("ipv4/conf/all/route_localnet", "1");
  network_rules("table inet t { chain pre { type nat hook prerouting priority dstnat\n"
                "ip daddr 10.9.9.9 tcp dport 80 dnat ip to 127.0.0.1:%u\n}\n}\n",
                port_of(listener));
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  expect_destination(accept_one(listener), listener, "10.9.9.9:80");
}
END_TEST

START_TEST(ipv6_dnat_to_an_own_address) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  network_rules("table inet t { chain pre { type nat hook prerouting priority dstnat\n"
                "ip6 daddr fd00:9::9 tcp dport 80 dnat ip6 to [fd00:1::3]:%u\n}\n}\n",
                port_of(listener));
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "[fd00:9::9]:80");
  expect_destination(accept_one(listener), listener, "[fd00:9::9]:80");
}
END_TEST

/* The listener's port at a foreign host is a destination like others. */
START_TEST(redirected_from_the_same_port) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  redirect_to(listener);
  const char *hosts[] = {"10.9.9.9", "[fd00:9::9]"};
  for (int i = 0; i < 2; i++) {
    address_text to = at_port_of(hosts[i], listener);
    (void)connect_from(CLIENT_HOST, IPPROTO_TCP, to.text);
    expect_destination(accept_one(listener), listener, to.text);
  }
}
END_TEST

START_TEST(redirected_from_another_port_of_this_host) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  redirect_port_to("tcp", 80, listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.0.1.1:80");
  expect_destination(accept_one(listener), listener, "10.0.1.1:80");
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "[fd00:1::1]:80");
  expect_destination(accept_one(listener), listener, "[fd00:1::1]:80");
}
END_TEST

START_TEST(link_local_destination) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  redirect_port_to("tcp", 80, listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, on_link("fe80::1", CLIENT_HOST, 80).text);
  expect_destination(accept_one(listener), listener, on_link("fe80::1", PROXY_HOST, 80).text);
  address_text direct = on_link("fe80::1", CLIENT_HOST, port_of(listener));
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, direct.text);
  expect_refusal(accept_one(listener), listener, CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

/* K10: going there would come back to the proxy. */
START_TEST(another_own_address_at_the_own_port) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  unsigned port = port_of(listener);
  network_rules("table inet t { chain pre { type nat hook prerouting priority dstnat\n"
                "ip daddr 10.0.1.3 tcp dport %u dnat ip to 10.0.1.1\n"
                "ip6 daddr fd00:1::3 tcp dport %u dnat ip6 to fd00:1::1\n}\n}\n",
                port, port);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, at_port_of("10.0.1.3", listener).text);
  expect_refusal(accept_one(listener), listener, CONNTRAIL__DESTINATION_IS_PROXY);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, at_port_of("[fd00:1::3]", listener).text);
  expect_refusal(accept_one(listener), listener, CONNTRAIL__DESTINATION_IS_PROXY);
}
END_TEST

/* Whether it is an own address needs a descriptor: a refusal says so, and guesses nothing. */
START_TEST(own_port_and_no_descriptor) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  redirect_to(listener);
  address_text to = at_port_of("10.9.9.9", listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, to.text);
  int accepted = accept_one(listener);
  allow_descriptors(false);
  expect_refusal(accepted, listener, NO_DESCRIPTORS);
  allow_descriptors(true);
  expect_destination(accepted, listener, to.text);
}
END_TEST

static void check_direct(int listener, uint32_t expected) {
  const char *hosts[] = {"10.0.1.1", "[fd00:1::1]"};
  for (int i = 0; i < 2; i++) {
    address_text to = at_port_of(hosts[i], listener);
    (void)connect_from(CLIENT_HOST, IPPROTO_TCP, to.text);
    expect_refusal(accept_one(listener), listener, expected);
    (void)connect_from(PROXY_HOST, IPPROTO_TCP, to.text);
    expect_refusal(accept_one(listener), listener, expected);
  }
}

/* K6. */
START_TEST(direct_and_tracked) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  redirect_to(listener);
  check_direct(listener, CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

START_TEST(direct_ipv4_and_tracked) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  track_only();
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, at_port_of("10.0.1.1", listener).text);
  expect_refusal(accept_one(listener), listener, CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

START_TEST(translated_to_what_it_was) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  network_rules("table inet t { chain pre { type nat hook prerouting priority dstnat\n"
                "tcp dport %u dnat ip to 10.0.1.1:%u\n}\n}\n",
                port_of(listener), port_of(listener));
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, at_port_of("10.0.1.1", listener).text);
  expect_refusal(accept_one(listener), listener, CONNTRAIL__ERROR_NOT_FOUND);
}
END_TEST

/* K7. */
START_TEST(direct_without_tracking) {
  check_direct(open_listener(DUAL_STACK, IPPROTO_TCP, 0), CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

START_TEST(direct_and_exempt_from_tracking) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  redirect_to(listener);
  network_rules("table inet r { chain pre { type filter hook prerouting priority raw\nnotrack\n}\n"
                "chain out { type filter hook output priority raw\nnotrack\n}\n}\n");
  check_direct(listener, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

START_TEST(redirected_in_another_zone) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  redirect_to(listener);
  network_rules("table inet r { chain pre { type filter hook prerouting priority raw\n"
                "ct zone set 7\n}\n"
                "chain out { type filter hook output priority raw\nct zone set 7\n}\n}\n");
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  expect_refusal(accept_one(listener), listener, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

START_TEST(entry_that_is_gone) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  redirect_to(listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  int accepted = accept_one(listener);
  network_forget_flows();
  expect_refusal(accepted, listener, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

static struct sockaddr_storage bare_answer(int accepted, int level) {
  struct sockaddr_storage answer = {0};
  socklen_t size = level == SOL_IP ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  ck_assert_int_eq(getsockopt(accepted, level, SO_ORIGINAL_DST, &answer, &size), 0);
  return answer;
}

static void check_late_entry(int listener, const char *host, int level) {
  struct sockaddr_storage name = {0};
  socklen_t size = sizeof name;
  int client = connect_from(CLIENT_HOST, IPPROTO_TCP, at_port_of(host, listener).text);
  int accepted = accept_one(listener);
  network_forget_flows();
  ck_assert_int_eq(send(accepted, "x", 1, 0), 1);
  (void)receive_text(client, "x");
  ck_assert_int_eq(getsockname(client, (struct sockaddr *)&name, &size), 0);
  /* The kernel takes the client for the destination: this is what must not come through. */
  struct sockaddr_storage bare = bare_answer(accepted, level);
  expect_address(bare, text_of(&name).text);
  expect_refusal(accepted, listener, CONNTRAIL__DESTINATION_UNKNOWN);
}

START_TEST(entry_that_the_proxy_began) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  track_only();
  check_late_entry(listener, "10.0.1.1", SOL_IP);
  check_late_entry(listener, "[fd00:1::1]", SOL_IPV6);
}
END_TEST

static void reset(int client, int accepted) {
  const struct linger at_once = {1, 0};
  char byte;
  ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  close(client);
  ck_assert_int_eq(recv(accepted, &byte, 1, 0), -1);
}

/* The kernel still has the entry, and cannot say any more who the client was: no entry may be read
 * that could be a late one. */
START_TEST(client_that_has_reset) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  redirect_to(listener);
  int client = connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  int accepted = accept_one(listener);
  reset(client, accepted);
  struct sockaddr_storage bare = bare_answer(accepted, SOL_IP);
  expect_address(bare, "10.9.9.9:80");
  expect_refusal(accepted, listener, NOT_CONNECTED);
}
END_TEST

START_TEST(client_that_has_finished) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  redirect_to(listener);
  int client = connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  int accepted = accept_one(listener);
  char byte;
  close(client);
  ck_assert_int_eq(recv(accepted, &byte, 1, 0), 0);
  expect_destination(accepted, listener, "10.9.9.9:80");
}
END_TEST

START_TEST(client_end_has_no_destination) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  redirect_to(listener);
  int client = connect_from(PROXY_HOST, IPPROTO_TCP, "10.9.9.9:80");
  expect_refusal_by(client, CONNTRAIL_INVALID_SOCKET, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

static int fresh(int family, int type, int protocol) {
  int fd = socket(family, type, protocol);
  ck_assert_int_ge(fd, 0);
  return fd;
}

enum { CLOSED = 900 };

static void check_kinds(void) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  (void)close(CLOSED);
  const int none = CONNTRAIL_INVALID_SOCKET;
  expect_refusal_by(fresh(AF_INET, SOCK_STREAM, 0), none, NOT_CONNECTED);
  expect_refusal_by(fresh(AF_INET6, SOCK_STREAM, 0), none, NOT_CONNECTED);
  expect_refusal_by(open_listener(IPV4, IPPROTO_TCP, 0), none, NOT_CONNECTED);
  expect_refusal_by(open_listener(DUAL_STACK, IPPROTO_TCP, LISTEN_TRANSPARENT), none,
                    NOT_CONNECTED);
  expect_refusal_by(open_listener(IPV4, IPPROTO_UDP, 0), none, OTHER_KIND);
  expect_refusal_by(open_listener(DUAL_STACK, IPPROTO_UDP, 0), none, OTHER_KIND);
  expect_refusal_by(fresh(AF_INET, SOCK_RAW, IPPROTO_ICMP), none, OTHER_KIND);
  expect_refusal_by(fresh(AF_UNIX, SOCK_STREAM, 0), none, OTHER_KIND);
  expect_refusal_by(fresh(AF_NETLINK, SOCK_RAW, 0), none, OTHER_KIND);
  expect_refusal_by(ends[0], none, NOT_SOCKET);
  expect_refusal_by(CLOSED, none, NOT_SOCKET);
}

START_TEST(other_sockets) {
  check_kinds();
  track_only();
  check_kinds();
}
END_TEST

START_TEST(wrong_listener_is_refused_although_it_is_not_needed) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  (void)close(CLOSED);
  redirect_to(listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  int accepted = accept_one(listener);
  expect_refusal_by(accepted, CLOSED, NOT_SOCKET);
  expect_refusal_by(accepted, fresh(AF_UNIX, SOCK_STREAM, 0), OTHER_KIND);
}
END_TEST

/* A listener that did not accept it makes a direct connection no delivered one. */
START_TEST(listener_of_another_port) {
  int listener = open_listener(IPV4, IPPROTO_TCP, 0);
  int other = open_listener(IPV4, IPPROTO_TCP, 0);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, at_port_of("10.0.1.1", listener).text);
  expect_refusal_by(accept_one(listener), other, CONNTRAIL__DESTINATION_UNKNOWN);
}
END_TEST

KERNEL_MAIN("linux redirect", ipv4_redirected, ipv6_redirected, ipv6_redirected_on_dual_stack,
            ipv4_client_of_dual_stack_gives_an_ipv4_address, no_right_is_needed,
            ipv4_dnat_to_loopback, ipv6_dnat_to_an_own_address, redirected_from_the_same_port,
            redirected_from_another_port_of_this_host, link_local_destination,
            another_own_address_at_the_own_port, own_port_and_no_descriptor, direct_and_tracked,
            direct_ipv4_and_tracked, translated_to_what_it_was, direct_without_tracking,
            direct_and_exempt_from_tracking, redirected_in_another_zone, entry_that_is_gone,
            entry_that_the_proxy_began, client_that_has_reset, client_that_has_finished,
            client_end_has_no_destination, other_sockets, listener_of_another_port,
            wrong_listener_is_refused_although_it_is_not_needed)
