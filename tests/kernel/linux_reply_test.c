/* SPDX-License-Identifier: MIT */
/* K14: whom the client sees as the sender of a reply. */
#include "asking.h"
#include "datagrams.h"
#include "rules.h"

#include <fcntl.h>
#include <unistd.h>

static uint32_t reply(int listener, const arrival *came, const char *destination,
                      conntrail_socket *transparent) {
  char first[] = "ans";
  char second[] = "wer";
  const conntrail_buffer payload[] = {{first, 3}, {second, 3}};
  struct sockaddr_storage wanted = address_of(destination);
  const conntrail__reply sent = {.peer = &came->peer,
                                 .local = &came->local,
                                 .destination = &wanted,
                                 .payload = payload,
                                 .payload_count = 2,
                                 .transparent = transparent};
  return conntrail__backend_reply(listener, &sent);
}

/* A question from there, the answer, and who sent it as the client sees it. */
static void exchange(network_host host, int listener, const char *to,
                     conntrail_socket *transparent) {
  int client = open_client(host, to, IPPROTO_UDP);
  send_text(client, to, "question");
  arrival came = receive_arrival(listener);
  ck_assert_uint_eq(reply(listener, &came, to, transparent), 0);
  ck_assert_str_eq(receive_text(client, "answer").text, to);
  close(client);
}

static void expect_no_socket_needed(network_host host, int listener, const char *to) {
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  exchange(host, listener, to, &transparent);
  ck_assert_int_eq(transparent, CONNTRAIL_INVALID_SOCKET);
}

/* ---- REDIRECT: the listener itself replies -------------------------------------------------- */

static void check_redirected(listener_kind kind, const char *to) {
  int listener = open_udp(kind, 0);
  redirect_to(listener);
  expect_no_socket_needed(CLIENT_HOST, listener, to);
  expect_no_socket_needed(PROXY_HOST, listener, to);
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

/* Replying needs no right, unlike asking for the destination. */
START_TEST(redirected_without_rights) {
  int listener = open_udp(IPV4, 0);
  redirect_to(listener);
  int client = open_client(CLIENT_HOST, "10.9.9.9:53", IPPROTO_UDP);
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  send_text(client, "10.9.9.9:53", "question");
  arrival came = receive_arrival(listener);
  network_drop_rights();
  ck_assert_uint_eq(reply(listener, &came, "10.9.9.9:53", &transparent), 0);
  ck_assert_int_eq(transparent, CONNTRAIL_INVALID_SOCKET);
}
END_TEST

/* The port is the flow's, and the kernel turned it back: both flows of one client. */
START_TEST(two_destinations_of_one_client) {
  int listener = open_udp(IPV4, 0);
  redirect_to(listener);
  int client = open_client(CLIENT_HOST, "10.9.9.9:53", IPPROTO_UDP);
  const char *wanted[] = {"10.9.9.9:53", "10.9.9.8:54"};
  for (int i = 0; i < 2; i++) {
    conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
    send_text(client, wanted[i], "question");
    arrival came = receive_arrival(listener);
    ck_assert_uint_eq(reply(listener, &came, wanted[i], &transparent), 0);
    ck_assert_str_eq(receive_text(client, "answer").text, wanted[i]);
  }
}
END_TEST

START_TEST(link_local_redirected) {
  int listener = open_udp(IPV6, 0);
  redirect_port_to("udp", 53, listener);
  address_text asked = on_link("fe80::1", CLIENT_HOST, 53);
  int client = open_client(CLIENT_HOST, asked.text, IPPROTO_UDP);
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  send_text(client, asked.text, "question");
  arrival came = receive_arrival(listener);
  address_text wanted = on_link("fe80::1", PROXY_HOST, 53);
  ck_assert_uint_eq(reply(listener, &came, wanted.text, &transparent), 0);
  ck_assert_str_eq(receive_text(client, "answer").text, asked.text);
}
END_TEST

/* ---- Direct --------------------------------------------------------------------------------- */

/* From the address that was asked, where this host has several. */
START_TEST(direct) {
  int listener = open_udp(DUAL_STACK, 0);
  const char *hosts[] = {"10.0.1.1", "10.0.1.3", "[fd00:1::1]", "[fd00:1::3]"};
  for (int i = 0; i < 4; i++) {
    address_text to = at_port_of(hosts[i], listener);
    expect_no_socket_needed(CLIENT_HOST, listener, to.text);
    expect_no_socket_needed(PROXY_HOST, listener, to.text);
  }
}
END_TEST

/* ---- TPROXY --------------------------------------------------------------------------------- */

static void check_delivered(listener_kind kind, const char *to) {
  int listener = open_udp(kind, LISTEN_TRANSPARENT);
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  tproxy_to(listener);
  exchange(CLIENT_HOST, listener, to, &transparent);
  conntrail_socket opened = transparent;
  ck_assert_int_ge(opened, 0);
  /* It serves the flow further, and takes nothing from the listener. */
  exchange(CLIENT_HOST, listener, to, &transparent);
  exchange(PROXY_HOST, listener, to, &transparent);
  ck_assert_int_eq(transparent, opened);
  conntrail__backend_close(transparent);
  ck_assert_int_eq(fcntl(opened, F_GETFD), -1);
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

START_TEST(delivered_on_a_host_that_binds_to_foreign_addresses) {
  network_setting("ipv4/ip_nonlocal_bind", "1");
  check_delivered(IPV4, "10.9.9.9:53");
}
END_TEST

START_TEST(two_flows_to_one_destination) {
  int listener = open_udp(IPV4, LISTEN_TRANSPARENT);
  conntrail_socket one = CONNTRAIL_INVALID_SOCKET;
  conntrail_socket other = CONNTRAIL_INVALID_SOCKET;
  tproxy_to(listener);
  exchange(CLIENT_HOST, listener, "10.9.9.9:53", &one);
  exchange(CLIENT_HOST, listener, "10.9.9.9:53", &other);
  ck_assert_int_ne(one, other);
}
END_TEST

static int mark_of(int fd) {
  int mark = 0;
  socklen_t size = sizeof mark;
  ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &size), 0);
  return mark;
}

static conntrail_socket socket_of_a_flow(int listener) {
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  exchange(CLIENT_HOST, listener, "10.9.9.9:53", &transparent);
  return transparent;
}

/* What the listener is, the new socket is as well. */
START_TEST(socket_that_is_opened) {
  int listener = open_udp(IPV4, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  conntrail_socket blocking = socket_of_a_flow(listener);
  ck_assert_int_eq(fcntl(blocking, F_GETFL) & O_NONBLOCK, 0);
  ck_assert_int_eq(fcntl(blocking, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  ck_assert_int_eq(mark_of(blocking), EXEMPT_MARK);
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  ck_assert_int_eq(getpeername(blocking, (struct sockaddr *)&peer, &size), -1);
}
END_TEST

START_TEST(socket_that_does_not_block) {
  int listener = open_udp(IPV4, LISTEN_TRANSPARENT);
  int client = open_client(CLIENT_HOST, "10.9.9.9:53", IPPROTO_UDP);
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  tproxy_to(listener);
  send_text(client, "10.9.9.9:53", "question");
  arrival came = receive_arrival(listener);
  ck_assert_int_eq(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
  ck_assert_uint_eq(reply(listener, &came, "10.9.9.9:53", &transparent), 0);
  ck_assert_int_eq(fcntl(transparent, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}
END_TEST

/* The listener's own port: the listener can send from there, and no second socket is bound to it.
 */
START_TEST(delivered_from_the_listeners_port) {
  int listener = open_udp(DUAL_STACK, LISTEN_TRANSPARENT);
  const char *hosts[] = {"10.9.9.9", "[fd00:9::9]"};
  tproxy_to(listener);
  for (int i = 0; i < 2; i++) {
    expect_no_socket_needed(CLIENT_HOST, listener, at_port_of(hosts[i], listener).text);
    expect_no_socket_needed(PROXY_HOST, listener, at_port_of(hosts[i], listener).text);
  }
}
END_TEST

/* A socket at an address of this host would take what others wait for. */
START_TEST(delivered_from_another_port_of_this_host) {
  int listener = open_udp(DUAL_STACK, LISTEN_TRANSPARENT);
  const char *own[] = {"10.0.1.1:80", "[fd00:1::1]:80"};
  tproxy_to(listener);
  for (int i = 0; i < 2; i++) {
    conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
    int client = open_client(CLIENT_HOST, own[i], IPPROTO_UDP);
    send_text(client, own[i], "question");
    arrival came = receive_arrival(listener);
    ck_assert_uint_eq(reply(listener, &came, own[i], &transparent), 10049);
    ck_assert_int_eq(transparent, CONNTRAIL_INVALID_SOCKET);
  }
}
END_TEST

START_TEST(delivered_without_rights) {
  int listener = open_udp(IPV4, LISTEN_TRANSPARENT);
  int client = open_client(CLIENT_HOST, "10.9.9.9:5353", IPPROTO_UDP);
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  tproxy_to(listener);
  send_text(client, "10.9.9.9:5353", "question");
  arrival came = receive_arrival(listener);
  network_drop_rights();
  int before = dup(listener);
  close(before);
  ck_assert_uint_eq(reply(listener, &came, "10.9.9.9:5353", &transparent), ACCESS);
  ck_assert_int_eq(transparent, CONNTRAIL_INVALID_SOCKET);
  int after = dup(listener);
  ck_assert_int_eq(after, before);
}
END_TEST

START_TEST(no_descriptor_is_left) {
  int listener = open_udp(IPV4, LISTEN_TRANSPARENT);
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  tproxy_to(listener);
  arrival came = send_one(CLIENT_HOST, listener, "10.9.9.9:53");
  allow_descriptors(false);
  ck_assert_uint_eq(reply(listener, &came, "10.9.9.9:53", &transparent), NO_DESCRIPTORS);
  ck_assert_int_eq(transparent, CONNTRAIL_INVALID_SOCKET);
  allow_descriptors(true);
}
END_TEST

/* The kernel then chooses the source, which is right for a client of another host. */
START_TEST(local_address_that_did_not_come) {
  int listener = open_udp(IPV4, 0);
  int client = open_client(CLIENT_HOST, "10.9.9.9:53", IPPROTO_UDP);
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  redirect_to(listener);
  send_text(client, "10.9.9.9:53", "question");
  arrival came = {receive_arrival(listener).peer, {0}};
  ck_assert_uint_eq(reply(listener, &came, "10.9.9.9:53", &transparent), 0);
  ck_assert_str_eq(receive_text(client, "answer").text, "10.9.9.9:53");
}
END_TEST

START_TEST(no_socket) {
  const arrival came = {address_of("10.0.1.2:4000"), address_of("10.0.1.1:4000")};
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  ck_assert_uint_eq(reply(-1, &came, "10.0.1.1:4000", &transparent), NOT_SOCKET);
  ck_assert_uint_eq(reply(-1, &came, "10.9.9.9:53", &transparent), NOT_SOCKET);
}
END_TEST

KERNEL_MAIN("linux reply", ipv4_redirected, ipv6_redirected, ipv6_redirected_on_dual_stack,
            ipv4_redirected_on_dual_stack, redirected_without_rights,
            two_destinations_of_one_client, link_local_redirected, direct, ipv4_delivered,
            ipv6_delivered, ipv6_delivered_on_dual_stack, ipv4_delivered_on_dual_stack,
            delivered_on_a_host_that_binds_to_foreign_addresses, two_flows_to_one_destination,
            socket_that_is_opened, socket_that_does_not_block, delivered_from_the_listeners_port,
            delivered_from_another_port_of_this_host, delivered_without_rights,
            no_descriptor_is_left, local_address_that_did_not_come, no_socket)
