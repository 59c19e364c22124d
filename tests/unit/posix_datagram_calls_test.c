/* SPDX-License-Identifier: MIT */
/* UDP by each call that the emulation watches, and where they have no place for records. */
#include <netinet/in.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

/* It uses struct timespec. */
#include <linux/errqueue.h>

#include "conntrail/datagram.h"
#include "conntrail/linux.h"
#include "posix_scene.h"

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
    ck_assert_int_eq(each->cmsg_level, count == 0 ? IPPROTO_IP : SOL_CONNTRAIL);
    seen[count++] = each->cmsg_type;
  }
  ck_assert_int_eq(count, 3);
  ck_assert_int_eq(seen[0], IP_PKTINFO);
  ck_assert_int_eq(seen[1], CONNTRAIL_LINUX_RECORDS4);
  ck_assert_int_eq(seen[2], CONNTRAIL_LINUX_CONTEXT4);
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

/* A place of NULL is none, whatever size it is said to have. */
START_TEST(no_place_for_control_is_plain) {
  scene s = scene_create();
  char data[16];
  struct iovec piece = {data, sizeof data};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_controllen = 512};
  send_text(s.client, "one", FAR_V4);
  ck_assert_int_eq(recvmsg(s.proxy4, &message, 0), 3);
  ck_assert_uint_eq(conntrail_emu_misuse_count(s.emu, CONNTRAIL_EMU_MISUSE_RECORDS_NOT_RECEIVED),
                    1);
  scene_destroy(&s);
}
END_TEST

/* M6, by the system's own call: nothing leaves. */
START_TEST(records_among_malformed_control_are_refused) {
  scene s = scene_create();
  _Alignas(struct cmsghdr) unsigned char control[64] = {0};
  struct cmsghdr header = {
      .cmsg_len = CMSG_LEN(8), .cmsg_level = SOL_CONNTRAIL, .cmsg_type = CONNTRAIL_LINUX_RECORDS4};
  struct sockaddr_storage to = address_of(FAR_V4, 53);
  struct iovec piece = {"x", 1};
  struct msghdr message = {.msg_name = &to,
                           .msg_namelen = address_size(&to),
                           .msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  memcpy(control, &header, sizeof header);
  ck_assert_int_eq(sendmsg(s.client, &message, 0), -1);
  ck_assert_int_eq(errno, EINVAL);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(s.emu), 0);
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

static void check_error(int client, const char *text) {
  struct sockaddr_storage to;
  union {
    struct cmsghdr header;
    char bytes[256];
  } control;
  char data[8];
  struct iovec piece = {data, sizeof data};
  struct msghdr message = {.msg_name = &to,
                           .msg_namelen = sizeof to,
                           .msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  struct sockaddr_storage offender = {.ss_family = AF_UNSPEC};
  struct pollfd failed = {.fd = client};
  ck_assert_int_eq(poll(&failed, 1, 5000), 1);
  ck_assert_int_eq((int)recvmsg(client, &message, MSG_ERRQUEUE), 1);
  ck_assert_str_eq(address_text(&to), text);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  ck_assert_ptr_nonnull(header);
  memcpy(&offender, CMSG_DATA(header) + sizeof(struct sock_extended_err),
         header->cmsg_len - CMSG_LEN(sizeof(struct sock_extended_err)));
  ck_assert_str_eq(address_text(&offender), "93.184.216.34:0");
}

START_TEST(an_error_names_the_destination_that_was_asked_for) {
  scene s = scene_create();
  int gone = bound_socket(AF_INET);
  struct sockaddr_storage at = local_address(gone);
  const int on = 1;
  ck_assert_int_eq(conntrail_emu_route(s.emu, "93.184.216.34:99", (struct sockaddr *)&at),
                   CONNTRAIL_OK);
  close(gone);
  ck_assert_int_eq(setsockopt(s.client, IPPROTO_IP, IP_RECVERR, &on, sizeof on), 0);
  struct sockaddr_storage to = address_of("93.184.216.34", 99);
  ck_assert_int_eq((int)sendto(s.client, "x", 1, 0, (struct sockaddr *)&to, address_size(&to)), 1);
  check_error(s.client, "93.184.216.34:99");
  scene_destroy(&s);
}
END_TEST

RUN_TESTS("datagram calls", an_error_names_the_destination_that_was_asked_for,
          batches_are_sent_and_received, a_batch_ends_with_its_time,
          other_control_messages_come_beside_ours, too_little_room_is_said,
          no_place_for_control_is_plain, records_among_malformed_control_are_refused,
          a_plain_receive_loses_the_records, a_look_uses_nothing_up, a_child_is_told_by_name,
          an_unbound_socket_does_not_wait, without_an_emulation_messages_are_plain)
