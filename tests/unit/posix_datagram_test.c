/* SPDX-License-Identifier: MIT */
/* UDP over real sockets: flows, sources and replies. */
#include <dirent.h>

#include "posix_scene.h"

static unsigned open_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  unsigned count = 0;
  ck_assert_ptr_nonnull(folder);
  while (readdir(folder) != NULL) {
    count++;
  }
  closedir(folder);
  return count;
}

START_TEST(the_first_datagram_has_records_and_the_reply_comes_from_the_destination) {
  scene s = scene_create();
  got g;
  send_text(s.client, "one", FAR_V4);
  send_text(s.client, "two", FAR_V4);
  receive_first(s.proxy4, &g, "one", FAR_V4 ":53");
  receive_later(s.proxy4, &g, "two");
  struct sockaddr_storage client = local_address(s.client);
  struct sockaddr_storage seen =
      address_of("127.0.0.1", ntohs(((struct sockaddr_in *)&client)->sin_port));
  ck_assert_str_eq(address_text(&g.message.peer), address_text(&seen));
  answer_text(s.proxy4, "reply", &g.message.peer);
  ck_assert_str_eq(sender_text(s.client, "reply"), FAR_V4 ":53");
  ck_assert_uint_eq(conntrail_emu_datagram_flows(s.emu), 1);
  ck_assert_uint_eq(count_of(s, ACCEPTED), 1);
  ck_assert_uint_eq(count_of(s, RECORDS_RECEIVED), 1);
  ck_assert_uint_eq(count_of(s, MISUSE), 0);
  scene_destroy(&s);
}
END_TEST

START_TEST(ipv6_and_mapped_clients_are_redirected) {
  scene s = scene_create();
  got g;
  int client = datagram_socket(AF_INET6);
  send_text(client, "six", FAR_V6);
  receive_first(s.proxy6, &g, "six", "[" FAR_V6 "]:53");
  answer_text(s.proxy6, "back", &g.message.peer);
  ck_assert_str_eq(sender_text(client, "back"), "[" FAR_V6 "]:53");
  send_text(client, "four", "::ffff:" FAR_V4);
  receive_first(s.proxy4, &g, "four", FAR_V4 ":53");
  answer_text(s.proxy4, "back", &g.message.peer);
  ck_assert_str_eq(sender_text(client, "back"), "[::ffff:" FAR_V4 "]:53");
  close(client);
  scene_destroy(&s);
}
END_TEST

START_TEST(a_dual_stack_proxy_receives_records_of_both_families) {
  scene s = scene_create();
  got g;
  int no = 0;
  int proxy = datagram_socket(AF_INET6);
  struct sockaddr_storage any = address_of("::", 0);
  ck_assert_int_eq(setsockopt(proxy, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no), 0);
  ck_assert_int_eq(bind(proxy, (struct sockaddr *)&any, address_size(&any)), 0);
  ck_assert_int_eq(conntrail_enable_messages(proxy), CONNTRAIL_OK);
  struct sockaddr_storage bound = local_address(proxy);
  unsigned port = ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
  struct sockaddr_storage at4 = address_of("127.0.0.1", port);
  struct sockaddr_storage at6 = address_of("::1", port);
  ck_assert_int_eq(conntrail_emu_redirect(s.acme, "udp 198.51.100.0/24", (struct sockaddr *)&at4),
                   CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_redirect(s.acme, "udp 2001:db8::/32", (struct sockaddr *)&at6),
                   CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_set_profile(s.emu, CONNTRAIL_EMU_CONTRARY), CONNTRAIL_OK);
  send_text(s.client, "four", "198.51.100.7");
  receive_first(proxy, &g, "four", "198.51.100.7:53");
  ck_assert_int_eq(g.message.peer.ss_family, AF_INET6);
  answer_text(proxy, "back", &g.message.peer);
  char relay[32]; /* under contrary the reply comes from it (M7) */
  snprintf(relay, sizeof relay, "127.0.0.1:%u", port);
  ck_assert_str_eq(sender_text(s.client, "back"), relay);
  int client6 = datagram_socket(AF_INET6);
  send_text(client6, "six", "2001:db8::7");
  receive_first(proxy, &g, "six", "[2001:db8::7]:53");
  ck_assert_uint_eq(count_of(s, MISUSE), 0);
  close(client6);
  close(proxy);
  scene_destroy(&s);
}
END_TEST

START_TEST(several_destinations_of_one_client_are_several_peers) {
  static const char *const hosts[] = {"93.184.216.1", "93.184.216.2", "93.184.216.3"};
  scene s = scene_create();
  got g[3];
  unsigned before = open_descriptors();
  for (int i = 0; i < 3; i++) {
    send_text(s.client, hosts[i], hosts[i]);
  }
  for (int i = 0; i < 3; i++) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%s:53", hosts[i]);
    receive_first(s.proxy4, &g[i], hosts[i], wanted);
  }
  ck_assert_uint_eq(open_descriptors(), before + 2);
  for (int i = 2; i >= 0; i--) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%s:53", hosts[i]);
    answer_text(s.proxy4, wanted, &g[i].message.peer);
    ck_assert_str_eq(sender_text(s.client, wanted), wanted);
  }
  for (int i = 0; i < 3; i++) {
    got later;
    send_text(s.client, "again", hosts[i]);
    receive_later(s.proxy4, &later, "again");
    ck_assert_str_eq(address_text(&later.message.peer), address_text(&g[i].message.peer));
  }
  close(s.client);
  ck_assert_uint_eq(open_descriptors(), before - 1);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(s.emu), 0);
  s.client = datagram_socket(AF_INET);
  scene_destroy(&s);
}
END_TEST

START_TEST(a_connected_client_sees_its_destination) {
  scene s = scene_create();
  got g;
  ck_assert_int_eq(connect_to(s.client, FAR_V4, PORT), 0);
  ck_assert_str_eq(peer_text(s.client), FAR_V4 ":53");
  ck_assert_int_eq(send(s.client, "hello", 5, 0), 5);
  receive_first(s.proxy4, &g, "hello", FAR_V4 ":53");
  answer_text(s.proxy4, "reply", &g.message.peer);
  ck_assert_str_eq(sender_text(s.client, "reply"), FAR_V4 ":53");
  conntrail_emu_advance(s.emu, 1000000);
  ck_assert_int_eq(write(s.client, "later", 5), 5);
  receive_later(s.proxy4, &g, "later");
  ck_assert_uint_eq(count_of(s, MISUSE), 0);
  scene_destroy(&s);
}
END_TEST

START_TEST(an_idle_flow_ends_and_the_next_begins_with_records) {
  scene s = scene_create();
  got g;
  send_text(s.client, "one", FAR_V4);
  receive_first(s.proxy4, &g, "one", FAR_V4 ":53");
  conntrail_emu_advance(s.emu, 59999);
  send_text(s.client, "two", FAR_V4);
  receive_later(s.proxy4, &g, "two");
  conntrail_emu_advance(s.emu, 59999);
  answer_text(s.proxy4, "reply", &g.message.peer);
  ck_assert_str_eq(sender_text(s.client, "reply"), FAR_V4 ":53");
  conntrail_emu_advance(s.emu, 59999);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(s.emu), 1);
  conntrail_emu_advance(s.emu, 1);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(s.emu), 0);
  ck_assert_uint_eq(count_of(s, IDLE), 1);
  send_text(s.client, "three", FAR_V4);
  receive_first(s.proxy4, &g, "three", FAR_V4 ":53");
  scene_destroy(&s);
}
END_TEST

START_TEST(records_that_are_sent_on_deliver) {
  scene s = scene_create();
  got g;
  int server = bound_socket(AF_INET);
  struct sockaddr_storage at = local_address(server);
  ck_assert_int_eq(conntrail_emu_route(s.emu, FAR_V4 ":53", (struct sockaddr *)&at), CONNTRAIL_OK);
  send_text(s.client, "one", FAR_V4);
  receive_first(s.proxy4, &g, "one", FAR_V4 ":53");
  int outbound = datagram_socket(AF_INET);
  struct sockaddr_storage client = g.message.peer;
  g.piece.size = g.message.payload_size;
  g.message.peer = address_of(FAR_V4, PORT);
  ck_assert_int_eq(conntrail_sendmsg(outbound, &g.message), CONNTRAIL_OK);
  char data[16];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  ck_assert_int_eq(recvfrom(server, data, sizeof data, 0, (struct sockaddr *)&from, &size), 3);
  answer_text(server, "reply", &from);
  ck_assert_str_eq(sender_text(outbound, "reply"), FAR_V4 ":53");
  answer_text(s.proxy4, "reply", &client);
  ck_assert_str_eq(sender_text(s.client, "reply"), FAR_V4 ":53");
  ck_assert_uint_eq(count_of(s, DELIVERED), 1);
  ck_assert_uint_eq(count_of(s, MISUSE), 0);
  close(outbound);
  close(server);
  scene_destroy(&s);
}
END_TEST

START_TEST(records_that_are_forgotten_are_a_loop) {
  scene s = scene_create();
  got g;
  struct sockaddr_storage to = address_of(FAR_V4, PORT);
  send_text(s.client, "one", FAR_V4);
  receive_first(s.proxy4, &g, "one", FAR_V4 ":53");
  int outbound = datagram_socket(AF_INET);
  ck_assert_int_eq(sendto(outbound, "one", 3, 0, (struct sockaddr *)&to, address_size(&to)), -1);
  ck_assert_int_eq(errno, EHOSTUNREACH);
  ck_assert_uint_eq(count_of(s, LOOP), 1);
  close(outbound);
  scene_destroy(&s);
}
END_TEST

START_TEST(a_stray_datagram_goes_nowhere) {
  scene s = scene_create();
  struct sockaddr_storage to = address_of("198.51.100.7", PORT);
  ck_assert_int_eq(sendto(s.client, "x", 1, 0, (struct sockaddr *)&to, address_size(&to)), -1);
  ck_assert_int_eq(errno, ENETUNREACH);
  ((struct sockaddr_in *)&to)->sin_family = AF_UNSPEC;
  ck_assert_int_eq(sendto(s.client, "x", 1, 0, (struct sockaddr *)&to, sizeof(struct sockaddr_in)),
                   -1);
  ck_assert_int_eq(errno, ENETUNREACH);
  ck_assert_uint_eq(count_of(s, REFUSED), 2);
  scene_destroy(&s);
}
END_TEST

START_TEST(a_blocked_datagram_is_refused) {
  scene s = scene_create();
  struct sockaddr_storage to = address_of("198.51.100.7", PORT);
  ck_assert_int_eq(conntrail_emu_block(s.acme, "udp 198.51.100.0/24"), CONNTRAIL_OK);
  ck_assert_int_eq(sendto(s.client, "x", 1, 0, (struct sockaddr *)&to, address_size(&to)), -1);
  ck_assert_int_eq(errno, EACCES);
  ck_assert_int_eq(connect_to(s.client, "198.51.100.7", PORT), EACCES);
  scene_destroy(&s);
}
END_TEST

RUN_TESTS("datagrams", the_first_datagram_has_records_and_the_reply_comes_from_the_destination,
          ipv6_and_mapped_clients_are_redirected,
          a_dual_stack_proxy_receives_records_of_both_families,
          several_destinations_of_one_client_are_several_peers,
          a_connected_client_sees_its_destination,
          an_idle_flow_ends_and_the_next_begins_with_records, records_that_are_sent_on_deliver,
          records_that_are_forgotten_are_a_loop, a_stray_datagram_goes_nowhere,
          a_blocked_datagram_is_refused)
