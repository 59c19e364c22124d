/* SPDX-License-Identifier: MIT */
#include "posix_scene.h"

#include <sys/time.h>

int datagram_socket(int family) {
  int fd = socket(family, SOCK_DGRAM, 0);
  struct timeval net = {5, 0};
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &net, sizeof net), 0);
  return fd;
}

int bound_socket(int family) {
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

scene scene_create(void) {
  scene s = {.emu = conntrail_emu_create(NULL)};
  ck_assert_ptr_nonnull(s.emu);
  s.acme = conntrail_emu_add_service(s.emu, "acme", NULL);
  s.proxy4 = proxy_socket(&s, AF_INET, "udp 93.184.216.0/24 port 53");
  s.proxy6 = proxy_socket(&s, AF_INET6, "udp 2606:2800::/32 port 53");
  ck_assert_int_eq(conntrail_emu_act_as(40004711, NULL), CONNTRAIL_OK);
  s.client = datagram_socket(AF_INET);
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  return s;
}

void scene_destroy(scene *s) {
  ck_assert_int_eq(close(s->client), 0);
  ck_assert_int_eq(close(s->proxy4), 0);
  ck_assert_int_eq(close(s->proxy6), 0);
  conntrail_emu_destroy(s->emu);
}

void send_text(int fd, const char *text, const char *host) {
  struct sockaddr_storage to = address_of(host, PORT);
  ck_assert_int_eq(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, address_size(&to)),
                   (ssize_t)strlen(text));
}

void answer_text(int fd, const char *text, const struct sockaddr_storage *to) {
  ck_assert_int_eq(sendto(fd, text, strlen(text), 0, (const struct sockaddr *)to, address_size(to)),
                   (ssize_t)strlen(text));
}

conntrail_status receive(int fd, got *g) {
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

void receive_first(int fd, got *g, const char *text, const char *destination) {
  ck_assert_int_eq(receive(fd, g), CONNTRAIL_OK);
  ck_assert_str_eq(g->text, text);
  ck_assert_uint_gt(g->message.records_size, 0);
  ck_assert_str_eq(destination_text(g), destination);
}

void receive_later(int fd, got *g, const char *text) {
  ck_assert_int_eq(receive(fd, g), CONNTRAIL_OK);
  ck_assert_str_eq(g->text, text);
  ck_assert_uint_eq(g->message.records_size, 0);
  ck_assert_uint_eq(g->message.context_size, 0);
}

const char *sender_text(int fd, const char *text) {
  char data[ROOM];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  ssize_t received = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &size);
  ck_assert_int_eq(received, (ssize_t)strlen(text));
  ck_assert_mem_eq(data, text, (size_t)received);
  ck_assert_uint_eq(size, address_size(&from));
  return address_text(&from);
}
