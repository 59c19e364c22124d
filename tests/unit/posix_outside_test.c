/* SPDX-License-Identifier: MIT */
/* X7: a connection that was made past libc is noted when it ends, whichever call ends it. */
#include <sys/syscall.h>

#include "posix_support.h"

int close_range(unsigned first, unsigned last, int flags);
void closefrom(int first);

/* Above what a test program has open. */
enum { HIGH = 400 };

static world w;

static unsigned misuse_count(void) {
  return (unsigned)conntrail_emu_misuse_count(w.emu, CONNTRAIL_EMU_MISUSE_OUTSIDE);
}

/* A tracked socket at a high descriptor, connected by a raw system call. */
static int connected_unseen(void) {
  int listener = listening_socket(AF_INET);
  struct sockaddr_storage at = local_address(listener);
  int low = stream_socket(AF_INET);
  int client = fcntl(low, F_DUPFD, HIGH);
  ck_assert_int_eq(close(low), 0);
  ck_assert_int_eq((int)syscall(SYS_connect, client, &at, address_size(&at)), 0);
  ck_assert_uint_eq(misuse_count(), 0);
  return client;
}

static void by_close(int fd) {
  ck_assert_int_eq(close(fd), 0);
}

static void by_dup2(int fd) {
  ck_assert_int_eq(dup2(w.proxy4, fd), fd);
}

static void by_dup3(int fd) {
  ck_assert_int_eq(dup3(w.proxy4, fd, O_CLOEXEC), fd);
}

static void by_close_range(int fd) {
  ck_assert_int_eq(close_range((unsigned)fd, (unsigned)fd + 5, 0), 0);
}

static void by_closefrom(int fd) {
  closefrom(fd);
}

static void by_fclose(int fd) {
  FILE *stream = fdopen(fd, "r+");
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(fclose(stream), 0);
}

static void (*const ends[])(int fd) = {by_close,       by_dup2,      by_dup3,
                                       by_close_range, by_closefrom, by_fclose};

START_TEST(a_connection_past_libc_is_told_when_it_ends) {
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    w = world_create();
    ends[i](connected_unseen());
    ck_assert_msg(misuse_count() == 1, "end %zu: noted %u times", i, misuse_count());
    world_destroy(&w);
  }
}
END_TEST

START_TEST(it_is_told_once) {
  w = world_create();
  int one = connected_unseen();
  int other = dup(one);
  close(other);
  ck_assert_uint_eq(misuse_count(), 1);
  close(one);
  ck_assert_uint_eq(misuse_count(), 1);
  world_destroy(&w);
}
END_TEST

START_TEST(what_does_not_end_is_not_told) {
  w = world_create();
  int one = connected_unseen();
  ck_assert_int_eq(dup2(one, one), one);
  ck_assert_int_eq(dup2(-1, one), -1);
  ck_assert_int_eq(dup3(w.proxy4, one, -1), -1);
  ck_assert_uint_eq(misuse_count(), 0);
  close(one);
  world_destroy(&w);
}
END_TEST

START_TEST(what_connects_as_it_should_is_not_told) {
  w = world_create();
  int listener = listening_socket(AF_INET);
  struct sockaddr_storage at = local_address(listener);
  close(stream_socket(AF_INET));
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    int low = stream_socket(AF_INET);
    int client = fcntl(low, F_DUPFD, HIGH);
    close(low);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&at, address_size(&at)), 0);
    ends[i](client);
  }
  ck_assert_uint_eq(misuse_count(), 0);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix outside", a_connection_past_libc_is_told_when_it_ends, it_is_told_once,
          what_does_not_end_is_not_told, what_connects_as_it_should_is_not_told)
