/* SPDX-License-Identifier: MIT */
/* A redirected connection over real sockets, as the program that makes it sees it. */
#include <poll.h>
#include <pthread.h>

#include "posix_support.h"

enum { ORIGINAL_DST = 80 };

static const char *original_text(int fd, int level) {
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  memset(&storage, 0, sizeof storage);
  if (getsockopt(fd, level, ORIGINAL_DST, &storage, &size) != 0) {
    return strerrorname_np(errno);
  }
  ck_assert_uint_eq(size, address_size(&storage));
  return address_text(&storage);
}

static const char *asked_destination(int fd) {
  struct sockaddr_storage storage;
  conntrail_status status = conntrail_original_destination(fd, &storage);
  return status == CONNTRAIL_OK ? address_text(&storage) : conntrail_status_name(status);
}

START_TEST(a_client_is_redirected_and_believes_otherwise) {
  world w = world_create();
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_str_eq(peer_text(client), FAR_V4 ":80");
  struct sockaddr_storage clients = local_address(client);
  ck_assert_str_eq(peer_text(accepted), address_text(&clients));
  ck_assert_str_eq(asked_destination(accepted), FAR_V4 ":80");
  ck_assert_str_eq(original_text(accepted, IPPROTO_IP), FAR_V4 ":80");
  ck_assert_uint_eq(count_of(w, REDIRECTED), 1);
  ck_assert_uint_eq(count_of(w, ACCEPTED), 1);
  world_destroy(&w);
}
END_TEST

START_TEST(an_ipv6_client_is_redirected) {
  world w = world_create();
  int client = stream_socket(AF_INET6);
  ck_assert_int_eq(connect_to(client, FAR_V6, 80), 0);
  int accepted = accept_one(w.proxy6);
  ck_assert_str_eq(peer_text(client), "[" FAR_V6 "]:80");
  ck_assert_str_eq(asked_destination(accepted), "[" FAR_V6 "]:80");
  ck_assert_str_eq(original_text(accepted, IPPROTO_IPV6), "[" FAR_V6 "]:80");
  ck_assert_str_eq(original_text(accepted, IPPROTO_IP), "ENOENT");
  world_destroy(&w);
}
END_TEST

START_TEST(a_mapped_client_is_redirected_as_ipv4) {
  world w = world_create();
  int client = stream_socket(AF_INET6);
  ck_assert_int_eq(connect_to(client, "::ffff:" FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_str_eq(peer_text(client), "[::ffff:" FAR_V4 "]:80");
  ck_assert_str_eq(asked_destination(accepted), FAR_V4 ":80");
  world_destroy(&w);
}
END_TEST

START_TEST(a_dual_stack_proxy_accepts_a_mapped_client) {
  world w = world_create();
  int proxy = stream_socket(AF_INET6);
  int no = 0;
  struct sockaddr_storage any = address_of("::", 0);
  ck_assert_int_eq(setsockopt(proxy, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no), 0);
  ck_assert_int_eq(bind(proxy, (struct sockaddr *)&any, address_size(&any)), 0);
  ck_assert_int_eq(listen(proxy, 8), 0);
  struct sockaddr_storage bound = local_address(proxy);
  struct sockaddr_storage at =
      address_of("127.0.0.1", ntohs(((struct sockaddr_in6 *)&bound)->sin6_port));
  ck_assert_int_eq(conntrail_emu_redirect(w.acme, "tcp 198.51.100.0/24", (struct sockaddr *)&at),
                   CONNTRAIL_OK);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, "198.51.100.7", 443), 0);
  int accepted = accept_one(proxy);
  ck_assert_str_eq(asked_destination(accepted), "198.51.100.7:443");
  ck_assert_str_eq(original_text(accepted, IPPROTO_IP), "198.51.100.7:443");
  ck_assert_str_eq(original_text(accepted, IPPROTO_IPV6), "ENOENT");
  world_destroy(&w);
}
END_TEST

START_TEST(what_cannot_be_is_refused_by_the_system_itself) {
  world w = world_create();
  int yes = 1;
  int only6 = stream_socket(AF_INET6);
  ck_assert_int_eq(setsockopt(only6, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes), 0);
  ck_assert_int_eq(connect_to(only6, "::ffff:" FAR_V4, 80), ENETUNREACH);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V6, 80), EAFNOSUPPORT);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET6), FAR_V4, 80), EINVAL);
  world_destroy(&w);
}
END_TEST

START_TEST(an_ipv6_destination_may_be_served_over_ipv4) {
  world w = world_create();
  struct sockaddr_storage served = local_address(w.proxy4);
  ck_assert_int_eq(conntrail_emu_route(w.emu, "[" FAR_V6 "]:8080", (struct sockaddr *)&served),
                   CONNTRAIL_OK);
  int client = stream_socket(AF_INET6);
  ck_assert_int_eq(connect_to(client, FAR_V6, 8080), 0);
  ck_assert_int_ge(accept_one(w.proxy4), 0);
  ck_assert_str_eq(peer_text(client), "[" FAR_V6 "]:8080");
  ck_assert_uint_eq(count_of(w, DELIVERED), 1);
  world_destroy(&w);
}
END_TEST

START_TEST(records_are_carried_to_the_destination) {
  world w = world_create();
  int server = listening_socket(AF_INET);
  struct sockaddr_storage served = local_address(server);
  ck_assert_int_eq(conntrail_emu_route(w.emu, FAR_V4 ":80", (struct sockaddr *)&served),
                   CONNTRAIL_OK);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  int outbound = stream_socket(AF_INET);
  ck_assert_int_eq(conntrail_transfer_records(accepted, outbound), CONNTRAIL_OK);
  ck_assert_int_eq(connect_to(outbound, FAR_V4, 80), 0);
  int delivered = accept_one(server);
  ck_assert_int_eq(send(delivered, "hello", 5, 0), 5);
  char word[6] = "";
  ck_assert_int_eq(recv(outbound, word, 5, MSG_WAITALL), 5);
  ck_assert_str_eq(word, "hello");
  ck_assert_uint_eq(count_of(w, DELIVERED), 1);
  ck_assert_uint_eq(count_of(w, MISUSE), 0);
  world_destroy(&w);
}
END_TEST

START_TEST(a_forgetful_proxy_is_refused_whether_it_blocks_or_not) {
  world w = world_create();
  for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
    ck_assert_int_eq(conntrail_emu_act_as(40004711, NULL), CONNTRAIL_OK);
    ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
    ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
    ck_assert_str_eq(asked_destination(accept_one(w.proxy4)), FAR_V4 ":80");
    int outbound = stream_socket(AF_INET);
    if (nonblocking) {
      make_nonblocking(outbound);
    }
    ck_assert_int_eq(connect_to(outbound, FAR_V4, 80), nonblocking ? EINPROGRESS : ECONNREFUSED);
    struct pollfd wanted = {.fd = outbound, .events = POLLOUT};
    ck_assert_int_eq(poll(&wanted, 1, 5000), 1);
    int error = 0;
    socklen_t size = sizeof error;
    ck_assert_int_eq(getsockopt(outbound, SOL_SOCKET, SO_ERROR, &error, &size), 0);
    ck_assert_int_eq(error, nonblocking ? ECONNREFUSED : 0);
    ck_assert_uint_eq(count_of(w, LOOP), (unsigned)nonblocking + 1);
  }
  world_destroy(&w);
}
END_TEST

START_TEST(blocked_and_unrouted_destinations_fail_at_once) {
  world w = world_create();
  ck_assert_int_eq(conntrail_emu_block(w.acme, "tcp 203.0.113.0/24"), CONNTRAIL_OK);
  int client = stream_socket(AF_INET);
  make_nonblocking(client);
  ck_assert_int_eq(connect_to(client, "203.0.113.9", 22), EACCES);
  ck_assert_int_eq(connect_to(client, "192.0.2.1", 22), ENETUNREACH);
  ck_assert_uint_eq(count_of(w, BLOCKED), 1);
  ck_assert_uint_eq(count_of(w, REFUSED), 1);
  world_destroy(&w);
}
END_TEST

START_TEST(each_winsock_number_of_a_fault_has_its_errno) {
  static const struct {
    uint32_t native;
    int error;
  } expected[] = {{10004, EINTR},         {10013, EACCES},    {10048, EADDRINUSE},
                  {10049, EADDRNOTAVAIL}, {10050, ENETDOWN},  {10051, ENETUNREACH},
                  {10055, ENOBUFS},       {10060, ETIMEDOUT}, {10061, ECONNREFUSED},
                  {10065, EHOSTUNREACH},  {12345, EIO}};
  world w = world_create();
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
    fault.operation = CONNTRAIL_EMU_CONNECT;
    fault.native = expected[i].native;
    conntrail_emu_clear_faults(w.emu);
    ck_assert_int_eq(conntrail_emu_add_fault(w.emu, &fault), CONNTRAIL_OK);
    ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), expected[i].error);
  }
  world_destroy(&w);
}
END_TEST

static void wait_writable(int fd) {
  struct pollfd wanted = {.fd = fd, .events = POLLOUT};
  ck_assert_int_eq(poll(&wanted, 1, 5000), 1);
}

START_TEST(a_client_that_does_not_block_is_redirected) {
  world w = world_create();
  int client = stream_socket(AF_INET);
  make_nonblocking(client);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), EINPROGRESS);
  int accepted = accept_one(w.proxy4);
  wait_writable(client);
  int error = -1;
  socklen_t size = sizeof error;
  ck_assert_int_eq(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  ck_assert_int_eq(error, 0);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0); /* Linux returns success once more */
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), EISCONN);
  ck_assert_str_eq(peer_text(client), FAR_V4 ":80");
  ck_assert_str_eq(asked_destination(accepted), FAR_V4 ":80");
  ck_assert_uint_eq(count_of(w, REDIRECTED), 1);
  world_destroy(&w);
}
END_TEST

/* A listener whose queue is full does not answer: the client stays under way. */
static int full_listener(struct sockaddr_storage *address) {
  struct sockaddr_storage any = address_of("127.0.0.1", 0);
  int fd = stream_socket(AF_INET);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, address_size(&any)), 0);
  ck_assert_int_eq(listen(fd, 0), 0);
  *address = local_address(fd);
  int filler = stream_socket(AF_INET);
  ck_assert_int_eq(connect(filler, (struct sockaddr *)address, address_size(address)), 0);
  return fd;
}

START_TEST(a_connect_under_way_is_completed_by_what_shows_its_end) {
  world w = world_create();
  struct sockaddr_storage slow;
  int proxy = full_listener(&slow);
  ck_assert_int_eq(conntrail_emu_redirect(w.acme, "tcp 198.51.100.0/24", (struct sockaddr *)&slow),
                   CONNTRAIL_OK);
  int client = stream_socket(AF_INET);
  make_nonblocking(client);
  ck_assert_int_eq(connect_to(client, "198.51.100.1", 80), EINPROGRESS);
  ck_assert_int_eq(connect_to(client, "198.51.100.1", 80), EALREADY);
  ck_assert_str_eq(peer_text(client), "ENOTCONN");
  int error = -1;
  socklen_t size = sizeof error;
  ck_assert_int_eq(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  ck_assert_int_eq(error, 0);
  char buffer[8];
  size_t needed;
  ck_assert_int_eq(conntrail_query_records(client, buffer, sizeof buffer, &needed),
                   CONNTRAIL_NOT_CONNECTED);
  accept_one(proxy);
  wait_writable(client); /* the client's second SYN */
  ck_assert_str_eq(peer_text(client), "198.51.100.1:80");
  ck_assert_int_eq(conntrail_query_records(client, buffer, sizeof buffer, &needed),
                   CONNTRAIL_NOT_REDIRECTED);
  ck_assert_str_eq(asked_destination(accept_one(proxy)), "198.51.100.1:80");
  world_destroy(&w);
}
END_TEST

START_TEST(nobody_behind_the_redirect_is_told_later) {
  world w = world_create();
  close(w.proxy4);
  int client = stream_socket(AF_INET);
  make_nonblocking(client);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), EINPROGRESS);
  wait_writable(client);
  int error = 0;
  socklen_t size = sizeof error;
  ck_assert_int_eq(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  ck_assert_int_eq(error, ECONNREFUSED);
  ck_assert_uint_eq(count_of(w, FAILED), 1);
  ck_assert_uint_eq(conntrail_emu_misuse_count(w.emu, CONNTRAIL_EMU_MISUSE_NOBODY_LISTENS), 1);
  w.proxy4 = -1;
  world_destroy(&w);
}
END_TEST

static void *connect_in_thread(void *argument) {
  int *fd = argument;
  int client = stream_socket(AF_INET);
  int error = connect_to(client, FAR_V4, 80);
  *fd = error == 0 ? client : -1;
  return NULL;
}

START_TEST(accept_may_be_quicker_than_connect) {
  enum { ROUNDS = 50 };
  world w = world_create();
  for (int i = 0; i < ROUNDS; i++) {
    pthread_t thread;
    int client = -1;
    ck_assert_int_eq(pthread_create(&thread, NULL, connect_in_thread, &client), 0);
    int accepted = accept_one(w.proxy4);
    ck_assert_str_eq(asked_destination(accepted), FAR_V4 ":80");
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_ge(client, 0);
    ck_assert_str_eq(peer_text(client), FAR_V4 ":80");
    close(accepted);
    close(client);
  }
  ck_assert_uint_eq(count_of(w, ACCEPTED), ROUNDS);
  world_destroy(&w);
}
END_TEST

START_TEST(no_family_makes_the_socket_fresh) {
  world w = world_create();
  struct sockaddr_storage none = {.ss_family = AF_UNSPEC};
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  ck_assert_int_eq(connect(client, (struct sockaddr *)&none, sizeof none), 0);
  ck_assert_str_eq(peer_text(client), "ENOTCONN");
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  ck_assert_uint_eq(count_of(w, REDIRECTED), 2);
  world_destroy(&w);
}
END_TEST

START_TEST(a_datagram_socket_is_connected_by_the_system) {
  world w = world_create();
  struct sockaddr_storage none = {.ss_family = AF_UNSPEC};
  char buffer[8];
  size_t size;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ck_assert_int_eq(conntrail_query_records(fd, buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_CONNECTED);
  ck_assert_int_eq(connect_to(fd, "127.0.0.1", 9), 0);
  ck_assert_str_eq(peer_text(fd), "127.0.0.1:9");
  ck_assert_int_eq(conntrail_query_records(fd, buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_REDIRECTED);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&none, sizeof none), 0);
  ck_assert_int_eq(conntrail_query_records(fd, buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_CONNECTED);
  world_destroy(&w);
}
END_TEST

START_TEST(fast_open_does_not_slip_past) {
  world w = world_create();
  struct sockaddr_storage to = address_of(FAR_V4, 80);
  int fd = stream_socket(AF_INET);
  struct iovec part = {"x", 1};
  struct msghdr message = {
      .msg_name = &to, .msg_namelen = address_size(&to), .msg_iov = &part, .msg_iovlen = 1};
  struct mmsghdr messages = {.msg_hdr = message};
  ck_assert_int_eq(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, address_size(&to)), -1);
  ck_assert_int_eq(errno, EOPNOTSUPP);
  ck_assert_int_eq(sendmsg(fd, &message, MSG_FASTOPEN), -1);
  ck_assert_int_eq(errno, EOPNOTSUPP);
  ck_assert_int_eq(sendmmsg(fd, &messages, 1, MSG_FASTOPEN), -1);
  ck_assert_int_eq(errno, EOPNOTSUPP);
  ck_assert_str_eq(peer_text(fd), "ENOTCONN");
  world_destroy(&w);
}
END_TEST

START_TEST(names_are_cut_to_the_callers_room) {
  world w = world_create();
  struct sockaddr_storage got;
  struct sockaddr_storage wanted = address_of(FAR_V4, 80);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  memset(&got, 0x55, sizeof got);
  socklen_t size = 4;
  ck_assert_int_eq(getpeername(client, (struct sockaddr *)&got, &size), 0);
  ck_assert_uint_eq(size, sizeof(struct sockaddr_in));
  ck_assert_mem_eq(&got, &wanted, 4);
  ck_assert_uint_eq(((unsigned char *)&got)[4], 0x55);
  size = 4;
  memset(&got, 0x55, sizeof got);
  ck_assert_int_ge(accept(w.proxy4, (struct sockaddr *)&got, &size), 0);
  ck_assert_uint_eq(size, sizeof(struct sockaddr_in));
  ck_assert_uint_eq(((unsigned char *)&got)[4], 0x55);
  world_destroy(&w);
}
END_TEST

START_TEST(accept_without_room_is_the_kernels) {
  world w = world_create();
  struct sockaddr_storage got;
  socklen_t negative = (socklen_t)-1;
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  ck_assert_int_eq(accept(w.proxy4, (struct sockaddr *)&got, NULL), -1);
  ck_assert_int_eq(errno, EFAULT);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  ck_assert_int_eq(accept4(w.proxy4, (struct sockaddr *)&got, &negative, 0), -1);
  ck_assert_int_eq(errno, EINVAL);
  world_destroy(&w);
}
END_TEST

START_TEST(original_destination_wants_its_room_and_a_redirect) {
  world w = world_create();
  struct sockaddr_storage got;
  socklen_t size = sizeof(struct sockaddr_in) - 1;
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  ck_assert_int_eq(getsockopt(accepted, IPPROTO_IP, ORIGINAL_DST, &got, &size), -1);
  ck_assert_int_eq(errno, EINVAL);
  ck_assert_int_eq(getsockopt(accepted, IPPROTO_IP, ORIGINAL_DST, NULL, &size), -1);
  ck_assert_int_eq(errno, EFAULT);
  ck_assert_str_eq(original_text(client, IPPROTO_IP), "ENOENT");
  ck_assert_str_eq(original_text(accepted, IPPROTO_IPV6), "EOPNOTSUPP");
  world_destroy(&w);
}
END_TEST

START_TEST(a_socket_from_before_the_emulation_is_told_so) {
  int before = stream_socket(AF_INET);
  world w = world_create();
  int listener = listening_socket(AF_INET);
  struct sockaddr_storage at = local_address(listener);
  ck_assert_int_eq(connect(before, (struct sockaddr *)&at, address_size(&at)), 0);
  ck_assert_uint_eq(conntrail_emu_misuse_count(w.emu, CONNTRAIL_EMU_MISUSE_OUTSIDE), 1);
  world_destroy(&w);
}
END_TEST

/* A real system allows it: the destinations differ. */
START_TEST(one_local_port_for_two_redirected_destinations_is_named) {
  world w = world_create();
  struct sockaddr_storage at = address_of("127.0.0.1", 0);
  int clients[2];
  char trail[4096];
  const int on = 1;
  for (int i = 0; i < 2; i++) {
    clients[i] = stream_socket(AF_INET);
    ck_assert_int_eq(setsockopt(clients[i], SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    ck_assert_int_eq(bind(clients[i], (struct sockaddr *)&at, address_size(&at)), 0);
    at = local_address(clients[i]);
  }
  ck_assert_int_eq(connect_to(clients[0], "93.184.216.34", 80), 0);
  ck_assert_int_eq(connect_to(clients[1], "93.184.216.35", 80), EADDRINUSE);
  ck_assert_uint_lt(conntrail_emu_trail_text(w.emu, 0, trail, sizeof trail), sizeof trail);
  ck_assert_ptr_nonnull(strstr(trail, "failed (10048): the local port has"));
  world_destroy(&w);
}
END_TEST

/* What the trail advises. */
START_TEST(one_local_port_at_two_addresses_has_two_destinations) {
  world w = world_create();
  const char *const hosts[] = {"127.0.0.1", "127.0.0.2"};
  struct sockaddr_storage first = address_of(hosts[0], 0);
  for (int i = 0; i < 2; i++) {
    int client = stream_socket(AF_INET);
    struct sockaddr_storage at =
        i == 0 ? first : address_of(hosts[1], ntohs(((struct sockaddr_in *)&first)->sin_port));
    ck_assert_int_eq(bind(client, (struct sockaddr *)&at, address_size(&at)), 0);
    first = i == 0 ? local_address(client) : first;
    ck_assert_int_eq(connect_to(client, i == 0 ? "93.184.216.34" : "93.184.216.35", 80), 0);
  }
  world_destroy(&w);
}
END_TEST

/* Nothing of the emulation's is the cause. */
START_TEST(a_connection_that_is_not_redirected_keeps_the_systems_error) {
  world w = world_create();
  struct sockaddr_storage at = address_of("127.0.0.1", 0);
  int listener = listening_socket(AF_INET);
  struct sockaddr_storage server = local_address(listener);
  const int on = 1;
  for (int i = 0; i < 2; i++) {
    int client = stream_socket(AF_INET);
    ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    ck_assert_int_eq(bind(client, (struct sockaddr *)&at, address_size(&at)), 0);
    at = local_address(client);
    int result = connect(client, (struct sockaddr *)&server, address_size(&server));
    ck_assert_int_eq(result, i == 0 ? 0 : -1);
  }
  ck_assert_int_eq(errno, EADDRNOTAVAIL);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix redirect", one_local_port_for_two_redirected_destinations_is_named,
          one_local_port_at_two_addresses_has_two_destinations,
          a_connection_that_is_not_redirected_keeps_the_systems_error,
          a_client_is_redirected_and_believes_otherwise, an_ipv6_client_is_redirected,
          a_mapped_client_is_redirected_as_ipv4, a_dual_stack_proxy_accepts_a_mapped_client,
          what_cannot_be_is_refused_by_the_system_itself,
          an_ipv6_destination_may_be_served_over_ipv4, records_are_carried_to_the_destination,
          a_forgetful_proxy_is_refused_whether_it_blocks_or_not,
          blocked_and_unrouted_destinations_fail_at_once,
          each_winsock_number_of_a_fault_has_its_errno, a_client_that_does_not_block_is_redirected,
          a_connect_under_way_is_completed_by_what_shows_its_end,
          nobody_behind_the_redirect_is_told_later, accept_may_be_quicker_than_connect,
          no_family_makes_the_socket_fresh, a_datagram_socket_is_connected_by_the_system,
          fast_open_does_not_slip_past, names_are_cut_to_the_callers_room,
          accept_without_room_is_the_kernels, original_destination_wants_its_room_and_a_redirect,
          a_socket_from_before_the_emulation_is_told_so)
