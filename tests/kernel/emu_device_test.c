/* SPDX-License-Identifier: MIT */
/* A client that names its interface (curl --interface, dig -b, VPN clients) reaches the emulation's
 * proxy, which is on the loopback interface. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "conntrail/emu.h"
#include "endpoints.h"

enum { SKIPPED = 77, UNICAST_INTERFACE = 50, BIND_TO_INDEX = 62, MARK = 36 };

static conntrail_emu *emu;
static int stream_proxy;
static int datagram_proxy;

/* Port 80 of 93.184.216.34. */
static struct sockaddr_in far_away(void) {
  const struct sockaddr_storage storage = address_of("93.184.216.34:80");
  struct sockaddr_in to;
  memcpy(&to, &storage, sizeof to);
  return to;
}

/* Where it is refused wrongly it fails, and does not hang. */
static int open_socket(int kind) {
  const struct timeval limit = {.tv_sec = 5};
  int fd = socket(AF_INET, kind, 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  return fd;
}

static int open_proxy(conntrail_emu_service *acme, int kind, const char *rule) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int fd = open_socket(kind);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, size), 0);
  ck_assert(kind == SOCK_DGRAM || listen(fd, 8) == 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &size), 0);
  ck_assert_int_eq(conntrail_emu_redirect(acme, rule, (struct sockaddr *)&at), CONNTRAIL_OK);
  return fd;
}

static void begin(void) {
  network_create();
  emu = conntrail_emu_create(NULL);
  ck_assert_msg(emu != NULL, "%s", conntrail_emu_refusal());
  conntrail_emu_service *acme = conntrail_emu_add_service(emu, "acme", NULL);
  stream_proxy = open_proxy(acme, SOCK_STREAM, "tcp any");
  datagram_proxy = open_proxy(acme, SOCK_DGRAM, "udp any");
}

static void end(void) {
  conntrail_emu_destroy(emu);
}

static void keep_to_cable(int fd) {
  char name[IF_NAMESIZE];
  ck_assert_ptr_nonnull(if_indextoname(network_interface(PROXY_HOST), name));
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)), 0);
}

static void keep_to_index(int fd) {
  const int index = (int)network_interface(PROXY_HOST);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, BIND_TO_INDEX, &index, sizeof index), 0);
}

static void keep_to_loopback(int fd) {
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2), 0);
}

static void prefer_cable(int fd) {
  const uint32_t index = htonl(network_interface(PROXY_HOST));
  ck_assert_int_eq(setsockopt(fd, IPPROTO_IP, UNICAST_INTERFACE, &index, sizeof index), 0);
}

/* A table of routes in which this host has nothing but the cable. */
static void mark(int fd) {
  const int number = 7;
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, MARK, &number, sizeof number), 0);
}

static void (*const settings[])(int fd) = {keep_to_cable, keep_to_index, keep_to_loopback,
                                           prefer_cable, mark};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

START_TEST(a_stream_arrives) {
  const struct sockaddr_in to = far_away();
  int fd = open_socket(SOCK_STREAM);
  settings[_i](fd);
  ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
  ck_assert_int_ge(accept(stream_proxy, NULL, NULL), 0);
}
END_TEST

START_TEST(a_datagram_arrives) {
  const struct sockaddr_in to = far_away();
  char text[8];
  int fd = open_socket(SOCK_DGRAM);
  settings[_i](fd);
  ck_assert_int_eq((int)sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof to), 1);
  ck_assert_int_eq((int)recv(datagram_proxy, text, sizeof text, 0), 1);
}
END_TEST

START_TEST(a_connected_datagram_arrives) {
  const struct sockaddr_in to = far_away();
  char text[8];
  int fd = open_socket(SOCK_DGRAM);
  settings[_i](fd);
  ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
  ck_assert_int_eq((int)send(fd, "x", 1, 0), 1);
  ck_assert_int_eq((int)recv(datagram_proxy, text, sizeof text, 0), 1);
}
END_TEST

/* IP_PKTINFO of one message keeps it to an interface as a setting keeps the socket. */
START_TEST(a_message_that_names_its_interface_arrives) {
  struct sockaddr_in to = far_away();
  const struct in_pktinfo info = {.ipi_ifindex = (int)network_interface(PROXY_HOST)};
  _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof info)] = {0};
  struct iovec piece = {.iov_base = "x", .iov_len = 1};
  bool is_connected = _i != 0;
  const struct msghdr message = {.msg_name = is_connected ? NULL : &to,
                                 .msg_namelen = is_connected ? 0 : sizeof to,
                                 .msg_iov = &piece,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(header), &info, sizeof info);
  char text[8];
  int fd = open_socket(SOCK_DGRAM);
  ck_assert(!is_connected || connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
  ck_assert_int_eq((int)sendmsg(fd, &message, 0), 1);
  ck_assert_int_eq((int)recv(datagram_proxy, text, sizeof text, 0), 1);
  /* The program's own bytes are as they were. */
  ck_assert_mem_eq(CMSG_DATA(header), &info, sizeof info);
}
END_TEST

/* Linux lets everybody bind to a device, and only some unbind. */
START_TEST(without_the_right_to_it_the_call_fails_at_once) {
  const struct sockaddr_in to = far_away();
  int fd = open_socket(SOCK_STREAM);
  int sender = open_socket(SOCK_DGRAM);
  keep_to_cable(fd);
  keep_to_cable(sender);
  network_drop_rights();
  ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), -1);
  ck_assert_int_eq(errno, ENETUNREACH);
  ck_assert_int_eq((int)sendto(sender, "x", 1, 0, (const struct sockaddr *)&to, sizeof to), -1);
  ck_assert_int_eq(errno, ENETUNREACH);
  ck_assert_uint_eq(conntrail_emu_datagram_flows(emu), 0);
}
END_TEST

int main(void) {
  network_reason why;
  if (!network_is_possible(&why)) {
    printf("skipped: %s\n", why.text);
    return SKIPPED;
  }
  Suite *suite = suite_create("emu_device");
  TCase *tcase = tcase_create("emu_device");
  tcase_add_checked_fixture(tcase, begin, end);
  tcase_add_loop_test(tcase, a_stream_arrives, 0, SETTINGS);
  tcase_add_loop_test(tcase, a_datagram_arrives, 0, SETTINGS);
  tcase_add_loop_test(tcase, a_connected_datagram_arrives, 0, SETTINGS);
  tcase_add_loop_test(tcase, a_message_that_names_its_interface_arrives, 0, 2);
  tcase_add_test(tcase, without_the_right_to_it_the_call_fails_at_once);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
