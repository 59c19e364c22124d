/* SPDX-License-Identifier: MIT */
/* K16: what a listener needs to take TPROXY's traffic. */
#include "asking.h"

static int open_kind(int family, int type) {
  int fd = socket(family, type, 0);
  ck_assert_int_ge(fd, 0);
  return fd;
}

static int flag_of(int fd, int level, int option) {
  int flag = -1;
  socklen_t size = sizeof flag;
  ck_assert_int_eq(getsockopt(fd, level, option, &flag, &size), 0);
  return flag;
}

static void check_made_transparent(int type) {
  int v4 = open_kind(AF_INET, type);
  int v6 = open_kind(AF_INET6, type);
  ck_assert_uint_eq(conntrail__backend_prepare_listener(v4, LISTEN_TRANSPARENT), 0);
  ck_assert_uint_eq(conntrail__backend_prepare_listener(v6, LISTEN_TRANSPARENT), 0);
  ck_assert_int_eq(flag_of(v4, SOL_IP, IP_TRANSPARENT), 1);
  ck_assert_int_eq(flag_of(v6, SOL_IP, IP_TRANSPARENT), 1);
  ck_assert_int_eq(flag_of(v6, SOL_IPV6, IPV6_TRANSPARENT), 1);
}

START_TEST(tcp_and_udp_of_both_families) {
  check_made_transparent(SOCK_STREAM);
  check_made_transparent(SOCK_DGRAM);
}
END_TEST

START_TEST(without_the_flag_nothing_changes) {
  int fd = open_kind(AF_INET, SOCK_STREAM);
  ck_assert_uint_eq(conntrail__backend_prepare_listener(fd, 0), 0);
  ck_assert_int_eq(flag_of(fd, SOL_IP, IP_TRANSPARENT), 0);
  network_drop_rights();
  ck_assert_uint_eq(conntrail__backend_prepare_listener(fd, 0), 0);
}
END_TEST

START_TEST(it_needs_a_right) {
  int v4 = open_kind(AF_INET, SOCK_STREAM);
  int v6 = open_kind(AF_INET6, SOCK_DGRAM);
  network_drop_rights();
  ck_assert_uint_eq(conntrail__backend_prepare_listener(v4, LISTEN_TRANSPARENT), ACCESS);
  ck_assert_uint_eq(conntrail__backend_prepare_listener(v6, LISTEN_TRANSPARENT), ACCESS);
  ck_assert_int_eq(flag_of(v4, SOL_IP, IP_TRANSPARENT), 0);
}
END_TEST

/* CAP_NET_RAW is enough. */
START_TEST(another_right_does_as_well) {
  int fd = open_kind(AF_INET, SOCK_STREAM);
  network_drop_admin();
  ck_assert_uint_eq(conntrail__backend_prepare_listener(fd, LISTEN_TRANSPARENT), 0);
}
END_TEST

START_TEST(no_socket) {
  ck_assert_uint_eq(conntrail__backend_prepare_listener(-1, LISTEN_TRANSPARENT), NOT_SOCKET);
}
END_TEST

KERNEL_MAIN("linux listener", tcp_and_udp_of_both_families, without_the_flag_nothing_changes,
            it_needs_a_right, another_right_does_as_well, no_socket)
