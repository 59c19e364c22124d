/* SPDX-License-Identifier: MIT */
/* How many system calls an answer takes. Counted in front of libc, by --wrap. */
#include "asking.h"
#include "datagrams.h"
#include "rules.h"

int __real_getsockname(int fd, struct sockaddr *name, socklen_t *size);
int __wrap_getsockname(int fd, struct sockaddr *name, socklen_t *size);
int __real_getpeername(int fd, struct sockaddr *name, socklen_t *size);
int __wrap_getpeername(int fd, struct sockaddr *name, socklen_t *size);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

static int calls;

int __wrap_getsockname(int fd, struct sockaddr *name, socklen_t *size) {
  calls++;
  return __real_getsockname(fd, name, size);
}

int __wrap_getpeername(int fd, struct sockaddr *name, socklen_t *size) {
  calls++;
  return __real_getpeername(fd, name, size);
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size) {
  calls++;
  return __real_getsockopt(fd, level, option, value, size);
}

/* A probe is three calls: bind and close come with it. */
int __wrap_socket(int family, int type, int protocol) {
  calls += 3;
  return __real_socket(family, type, protocol);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags) {
  calls++;
  return __real_sendmsg(fd, message, flags);
}

static int calls_to_ask(int accepted, int listener, const char *expected) {
  struct sockaddr_storage found = {0};
  calls = 0;
  ck_assert_uint_eq(conntrail__backend_translated_destination(accepted, listener, &found), 0);
  int made = calls;
  expect_address(found, expected);
  return made;
}

START_TEST(redirected_connection_takes_three) {
  int listener = open_listener(DUAL_STACK, IPPROTO_TCP, 0);
  const char *wanted[] = {"10.9.9.9:80", "[fd00:9::9]:80"};
  redirect_port_to("tcp", 80, listener);
  for (int i = 0; i < 2; i++) {
    (void)connect_from(CLIENT_HOST, IPPROTO_TCP, wanted[i]);
    int accepted = accept_one(listener);
    ck_assert_int_eq(calls_to_ask(accepted, CONNTRAIL_INVALID_SOCKET, wanted[i]), 3);
    ck_assert_int_eq(calls_to_ask(accepted, listener, wanted[i]), 4);
  }
}
END_TEST

/* A listener that is named spares the probe. */
START_TEST(delivered_connection_takes_few) {
  int listener = open_listener(IPV4, IPPROTO_TCP, LISTEN_TRANSPARENT);
  tproxy_to(listener);
  (void)connect_from(CLIENT_HOST, IPPROTO_TCP, "10.9.9.9:80");
  int accepted = accept_one(listener);
  ck_assert_int_eq(calls_to_ask(accepted, listener, "10.9.9.9:80"), 6);
  ck_assert_int_eq(calls_to_ask(accepted, CONNTRAIL_INVALID_SOCKET, "10.9.9.9:80"), 8);
}
END_TEST

START_TEST(reply_behind_redirect_takes_one) {
  int listener = open_udp(IPV4, 0);
  char text[] = "answer";
  const conntrail_buffer payload = {text, 6};
  struct sockaddr_storage wanted = address_of("10.9.9.9:80");
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  redirect_port_to("udp", 80, listener);
  arrival came = send_one(CLIENT_HOST, listener, "10.9.9.9:80");
  const conntrail__reply sent = {&came.peer, &came.local, &wanted, &payload, 1, &transparent};
  calls = 0;
  ck_assert_uint_eq(conntrail__backend_reply(listener, &sent), 0);
  ck_assert_int_eq(calls, 1);
}
END_TEST

KERNEL_MAIN("linux calls", redirected_connection_takes_three, delivered_connection_takes_few,
            reply_behind_redirect_takes_one)
