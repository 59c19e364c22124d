/* SPDX-License-Identifier: MIT */
/* UDP over real sockets, by every call that the emulation watches. */
#include <dirent.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "posix_support.h"

enum { PORT = 53, ROOM = 2048 };

/* "acme" takes 93.184.216.0/24 and 2606:2800::/32 at port 53 to its proxy. */
typedef struct scene {
  conntrail_emu *emu;
  conntrail_emu_service *acme;
  int proxy4;
  int proxy6;
  int client;
} scene;

static int datagram_socket(int family) {
  int fd = socket(family, SOCK_DGRAM, 0);
  struct timeval net = {5, 0};
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &net, sizeof net), 0);
  return fd;
}

static int bound_socket(int family) {
  struct sockaddr_storage at = address_of(family == AF_INET ? "127.0.0.1" : "::1", 0);
  int fd = datagram_socket(family);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, address_size(&at)), 0);
  return fd;
}

static int proxy_socket(const scene *s, int family, const char *rule) {
  int fd = bound_socket(family);
  struct sockaddr_storage at = local_address(fd);
  ck_assert_int_eq(conntrail_enable_messages(fd), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_redirect(s->acme, rule, (struct sockaddr *)&at), CONNTRAIL_OK);
  return fd;
}

static scene scene_create(void) {
  scene s = {.emu = conntrail_emu_create(NULL)};
  ck_assert_ptr_nonnull(s.emu);
  s.acme = conntrail_emu_add_service(s.emu, "acme", NULL);
  s.proxy4 = proxy_socket(&s, AF_INET, "udp 93.184.216.0/24 port 53");
  s.proxy6 = proxy_socket(&s, AF_INET6, "udp 2606:2800::/32 port 53");
  ck_assert_int_eq(conntrail_emu_act_as(4711, NULL), CONNTRAIL_OK);
  s.client = datagram_socket(AF_INET);
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  return s;
}

static void scene_destroy(scene *s) {
  ck_assert_int_eq(close(s->client), 0);
  ck_assert_int_eq(close(s->proxy4), 0);
  ck_assert_int_eq(close(s->proxy6), 0);
  conntrail_emu_destroy(s->emu);
}

static void send_text(int fd, const char *text, const char *host) {
  struct sockaddr_storage to = address_of(host, PORT);
  ck_assert_int_eq(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, address_size(&to)),
                   (ssize_t)strlen(text));
}

static void answer_text(int fd, const char *text, const struct sockaddr_storage *to) {
  ck_assert_int_eq(sendto(fd, text, strlen(text), 0, (const struct sockaddr *)to, address_size(to)),
                   (ssize_t)strlen(text));
}

/* A message as a proxy receives it. */
typedef struct got {
  conntrail_message message;
  conntrail_buffer piece;
  char text[ROOM];
  unsigned char records[1024];
  unsigned char context[512];
} got;

static conntrail_status receive(int fd, got *g) {
  *g = (got){.message = CONNTRAIL_MESSAGE_INIT};
  g->piece = (conntrail_buffer){g->text, sizeof g->text - 1};
  g->message.payload = &g->piece;
  g->message.payload_count = 1;
  g->message.records = g->records;
  g->message.records_capacity = sizeof g->records;
  g->message.context = g->context;
  g->message.context_capacity = sizeof g->context;
  conntrail_status status = conntrail_recvmsg(fd, &g->message);
  g->text[g->message.payload_size] = '\0';
  return status;
}

static const char *destination_text(const got *g) {
  struct sockaddr_storage destination;
  conntrail_status status =
      conntrail_decode_context(g->context, g->message.context_size, &destination);
  return status == CONNTRAIL_OK ? address_text(&destination) : conntrail_status_name(status);
}

static void receive_first(int fd, got *g, const char *text, const char *destination) {
  ck_assert_int_eq(receive(fd, g), CONNTRAIL_OK);
  ck_assert_str_eq(g->text, text);
  ck_assert_uint_gt(g->message.records_size, 0);
  ck_assert_str_eq(destination_text(g), destination);
}

static void receive_later(int fd, got *g, const char *text) {
  ck_assert_int_eq(receive(fd, g), CONNTRAIL_OK);
  ck_assert_str_eq(g->text, text);
  ck_assert_uint_eq(g->message.records_size, 0);
  ck_assert_uint_eq(g->message.context_size, 0);
}

/* Who sent the next datagram, as recvfrom tells it. */
static const char *sender_text(int fd, const char *text) {
  char data[ROOM];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  ssize_t received = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &size);
  ck_assert_int_eq(received, (ssize_t)strlen(text));
  ck_assert_mem_eq(data, text, (size_t)received);
  ck_assert_uint_eq(size, address_size(&from));
  return address_text(&from);
}

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
  ck_assert_str_eq(sender_text(s.client, "back"), "198.51.100.7:53");
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

START_TEST(batches_are_sent_and_received) {
  scene s = scene_create();
  struct sockaddr_storage to[3] = {address_of("93.184.216.1", PORT),
                                   address_of("93.184.216.2", PORT),
                                   address_of("93.184.216.1", PORT)};
  struct iovec out[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
  struct mmsghdr batch[3];
  memset(batch, 0, sizeof batch);
  for (int i = 0; i < 3; i++) {
    batch[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
                                       .msg_namelen = address_size(&to[i]),
                                       .msg_iov = &out[i],
                                       .msg_iovlen = 1};
  }
  ck_assert_int_eq(sendmmsg(s.client, batch, 3, 0), 3);
  ck_assert_uint_eq(batch[2].msg_len, 3);
  got g[3];
  receive_first(s.proxy4, &g[0], "a", "93.184.216.1:53");
  receive_first(s.proxy4, &g[1], "bb", "93.184.216.2:53");
  receive_later(s.proxy4, &g[2], "ccc");
  for (int i = 0; i < 3; i++) {
    answer_text(s.proxy4, g[i].text, &g[i].message.peer);
  }
  char data[4][8];
  struct iovec in[4];
  struct sockaddr_storage from[4];
  struct mmsghdr received[4];
  memset(received, 0, sizeof received);
  for (int i = 0; i < 4; i++) {
    in[i] = (struct iovec){data[i], sizeof data[i]};
    received[i].msg_hdr = (struct msghdr){
        .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &in[i], .msg_iovlen = 1};
  }
  ck_assert_int_eq(recvmmsg(s.client, received, 4, MSG_WAITFORONE, NULL), 3);
  ck_assert_str_eq(address_text(&from[0]), "93.184.216.1:53");
  ck_assert_str_eq(address_text(&from[1]), "93.184.216.2:53");
  ck_assert_str_eq(address_text(&from[2]), "93.184.216.1:53");
  ck_assert_uint_eq(received[2].msg_len, 3);
  ck_assert_mem_eq(data[2], "ccc", 3);
  scene_destroy(&s);
}
END_TEST

START_TEST(a_batch_ends_with_its_time) {
  scene s = scene_create();
  int peer = bound_socket(AF_INET);
  struct sockaddr_storage at = local_address(peer);
  char data[2][8];
  struct iovec in[2] = {{data[0], 8}, {data[1], 8}};
  struct mmsghdr received[2];
  struct timespec none = {0, 0};
  memset(received, 0, sizeof received);
  received[0].msg_hdr.msg_iov = &in[0];
  received[0].msg_hdr.msg_iovlen = 1;
  received[1].msg_hdr.msg_iov = &in[1];
  received[1].msg_hdr.msg_iovlen = 1;
  answer_text(s.client, "x", &at);
  answer_text(s.client, "y", &at);
  ck_assert_int_eq(recvmmsg(peer, received, 2, 0, &none), 1);
  ck_assert_int_eq(recvmmsg(peer, received, 2, MSG_DONTWAIT, NULL), 1);
  ck_assert_int_eq(recvmmsg(peer, received, 2, MSG_DONTWAIT, NULL), -1);
  ck_assert_int_eq(errno, EAGAIN);
  close(peer);
  scene_destroy(&s);
}
END_TEST

/* The packet's own address, which the system adds, before ours. */
START_TEST(other_control_messages_come_beside_ours) {
  scene s = scene_create();
  int yes = 1;
  _Alignas(struct cmsghdr) unsigned char control[2048];
  char data[16];
  struct iovec piece = {data, sizeof data};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ck_assert_int_eq(setsockopt(s.proxy4, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes), 0);
  send_text(s.client, "one", FAR_V4);
  ck_assert_int_eq(recvmsg(s.proxy4, &message, 0), 3);
  int seen[4] = {0};
  int count = 0;
  for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each != NULL && count < 4;
       each = CMSG_NXTHDR(&message, each)) {
    ck_assert_int_eq(each->cmsg_level, IPPROTO_IP);
    seen[count++] = each->cmsg_type;
  }
  ck_assert_int_eq(count, 3);
  ck_assert_int_eq(seen[0], IP_PKTINFO);
  ck_assert_int_eq(seen[1], 60);
  ck_assert_int_eq(seen[2], 70);
  ck_assert_int_eq(message.msg_flags & MSG_CTRUNC, 0);
  scene_destroy(&s);
}
END_TEST

START_TEST(too_little_room_is_said) {
  scene s = scene_create();
  _Alignas(struct cmsghdr) unsigned char control[32];
  char data[2];
  struct iovec piece = {data, sizeof data};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  send_text(s.client, "one", FAR_V4);
  ck_assert_int_eq(recvmsg(s.proxy4, &message, 0), 2);
  ck_assert_int_eq(message.msg_flags & (MSG_CTRUNC | MSG_TRUNC), MSG_CTRUNC | MSG_TRUNC);
  ck_assert_uint_eq(conntrail_emu_misuse_count(s.emu, CONNTRAIL_EMU_MISUSE_CONTROL_TOO_SMALL), 1);
  scene_destroy(&s);
}
END_TEST

START_TEST(a_plain_receive_loses_the_records) {
  for (unsigned i = 0; i < 3; i++) {
    scene s = scene_create();
    char data[16];
    struct iovec piece = {data, sizeof data};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    send_text(s.client, "one", FAR_V4);
    ssize_t size = i == 0   ? recv(s.proxy4, data, sizeof data, 0)
                   : i == 1 ? recvfrom(s.proxy4, data, sizeof data, 0, NULL, NULL)
                            : recvmsg(s.proxy4, &message, 0);
    ck_assert_int_eq(size, 3);
    ck_assert_uint_eq(conntrail_emu_misuse_count(s.emu, CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED),
                      1);
    scene_destroy(&s);
  }
}
END_TEST

START_TEST(a_look_uses_nothing_up) {
  scene s = scene_create();
  got g;
  char data[16];
  send_text(s.client, "one", FAR_V4);
  ck_assert_int_eq(recv(s.proxy4, data, sizeof data, MSG_PEEK), 3);
  receive_first(s.proxy4, &g, "one", FAR_V4 ":53");
  ck_assert_uint_eq(count_of(s, MISUSE), 0);
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

START_TEST(a_child_is_told_by_name) {
  scene s = scene_create();
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    struct sockaddr_storage to = address_of(FAR_V4, PORT);
    bool is_told = sendto(s.client, "x", 1, 0, (struct sockaddr *)&to, address_size(&to)) == -1 &&
                   errno == ENOTSUP &&
                   conntrail_enable_messages(s.client) == CONNTRAIL_NOT_SUPPORTED;
    _exit(is_told ? 0 : 1);
  }
  int status = -1;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  scene_destroy(&s);
}
END_TEST

START_TEST(an_unbound_socket_does_not_wait) {
  scene s = scene_create();
  got g;
  ck_assert_int_eq(receive(s.client, &g), CONNTRAIL_INVALID);
  ck_assert_uint_eq(conntrail_native_error(), 10022);
  scene_destroy(&s);
}
END_TEST

/* Without an emulation messages are the system's, and come without records (M12). */
START_TEST(without_an_emulation_messages_are_plain) {
  int server = bound_socket(AF_INET);
  int client = datagram_socket(AF_INET);
  struct sockaddr_storage at = local_address(server);
  conntrail_message out = CONNTRAIL_MESSAGE_INIT;
  conntrail_buffer pieces[3] = {{"on", 2}, {NULL, 0}, {"e", 1}};
  got g;
  ck_assert_int_eq(conntrail_enable_messages(server), CONNTRAIL_NOT_SUPPORTED);
  ck_assert_uint_eq(conntrail_native_error(), 10042);
  out.peer = at;
  out.payload = pieces;
  out.payload_count = 3;
  ck_assert_int_eq(conntrail_sendmsg(client, &out), CONNTRAIL_OK);
  receive_later(server, &g, "one");
  close(client);
  close(server);
}
END_TEST

RUN_TESTS("datagrams", a_dual_stack_proxy_receives_records_of_both_families,
          a_plain_receive_loses_the_records,
          the_first_datagram_has_records_and_the_reply_comes_from_the_destination,
          ipv6_and_mapped_clients_are_redirected,
          several_destinations_of_one_client_are_several_peers,
          a_connected_client_sees_its_destination,
          an_idle_flow_ends_and_the_next_begins_with_records, batches_are_sent_and_received,
          a_batch_ends_with_its_time, other_control_messages_come_beside_ours,
          too_little_room_is_said, a_look_uses_nothing_up, records_that_are_sent_on_deliver,
          records_that_are_forgotten_are_a_loop, a_stray_datagram_goes_nowhere,
          a_blocked_datagram_is_refused, a_child_is_told_by_name, an_unbound_socket_does_not_wait,
          without_an_emulation_messages_are_plain)
