/* SPDX-License-Identifier: MIT */
/* A signal interrupts a reply: it is sent nevertheless, once. */
#include <errno.h>
#include <string.h>

#include "src/backend.h"
#include "unit_main.h"

/* Linked in front of sendmsg by --wrap. */
ssize_t __real_sendmsg(int fd, const struct msghdr *sent, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *sent, int flags);

static int interruptions;

ssize_t __wrap_sendmsg(int fd, const struct msghdr *sent, int flags) {
  if (interruptions > 0) {
    interruptions--;
    errno = EINTR;
    return -1;
  }
  return __real_sendmsg(fd, sent, flags);
}

static int open_loopback(struct sockaddr_storage *name) {
  socklen_t size = sizeof *name;
  const struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(bind(fd, (const struct sockaddr *)&loopback, sizeof loopback), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)name, &size), 0);
  return fd;
}

START_TEST(interrupted_reply) {
  struct sockaddr_storage local = {0};
  struct sockaddr_storage peer = {0};
  int listener = open_loopback(&local);
  int client = open_loopback(&peer);
  char text[] = "answer";
  char received[16] = "";
  const conntrail_buffer payload = {text, sizeof text};
  conntrail_socket transparent = CONNTRAIL_INVALID_SOCKET;
  const conntrail__reply sent = {&peer, &local, &local, &payload, 1, &transparent};
  interruptions = 3;
  ck_assert_uint_eq(conntrail__backend_reply(listener, &sent), 0);
  ck_assert_int_eq(interruptions, 0);
  ck_assert_int_eq(recv(client, received, sizeof received, MSG_DONTWAIT), (int)sizeof text);
  ck_assert_str_eq(received, text);
  ck_assert_int_eq(recv(client, received, sizeof received, MSG_DONTWAIT), -1);
}
END_TEST

UNIT_MAIN("linux interrupted", NULL, NULL, interrupted_reply)
