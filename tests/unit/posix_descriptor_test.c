/* SPDX-License-Identifier: MIT */
/* Q13: every descriptor of a socket answers alike, and a number that is used again inherits
 * nothing, whichever call closed it. */
#include <sys/syscall.h>

#include "posix_support.h"

int close_range(unsigned first, unsigned last, int flags);
void closefrom(int first);

static world w;

static int redirected(void) {
  ck_assert_int_eq(conntrail_emu_act_as(40004711, NULL), CONNTRAIL_OK);
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  return accept_one(w.proxy4);
}

static const char *answer(int fd) {
  char records[1024];
  size_t size;
  return conntrail_status_name(conntrail_query_records(fd, records, sizeof records, &size));
}

static uint32_t number_of(int fd) {
  uint32_t number = 0;
  return conntrail_emu_inspect(w.emu, fd, NULL, &number, NULL) == CONNTRAIL_OK ? number : 0;
}

/* The next descriptor given has this number: a socket of the emulation, and not the old one. */
static void check_reuse(int number) {
  int fresh = stream_socket(AF_INET);
  ck_assert_int_eq(fresh, number);
  ck_assert_str_eq(answer(fresh), "NOT_CONNECTED");
  ck_assert_int_eq(close(fresh), 0);
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(ends[0], number);
  ck_assert_str_eq(answer(ends[0]), "NOT_SOCKET");
}

START_TEST(close_forgets) {
  w = world_create();
  int fd = redirected();
  ck_assert_str_eq(answer(fd), "OK");
  ck_assert_int_eq(close(fd), 0);
  ck_assert_str_eq(answer(fd), "NOT_SOCKET");
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  check_reuse(fd);
  world_destroy(&w);
}
END_TEST

START_TEST(close_range_forgets_unless_it_only_marks) {
  w = world_create();
  int fd = redirected();
  ck_assert_int_eq(close_range((unsigned)fd, (unsigned)fd, 4 /* CLOSE_RANGE_CLOEXEC */), 0);
  ck_assert_str_eq(answer(fd), "OK");
  ck_assert_int_eq(close_range((unsigned)fd, ~0U, 0), 0);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  check_reuse(fd);
  world_destroy(&w);
}
END_TEST

START_TEST(closefrom_forgets) {
  w = world_create();
  int fd = redirected();
  closefrom(fd);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  check_reuse(fd);
  world_destroy(&w);
}
END_TEST

START_TEST(fclose_forgets) {
  w = world_create();
  int fd = redirected();
  FILE *stream = fdopen(fd, "r+");
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(fclose(stream), 0);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  check_reuse(fd);
  world_destroy(&w);
}
END_TEST

START_TEST(fclose_of_a_stream_without_a_descriptor_changes_nothing) {
  w = world_create();
  char memory[8] = "";
  FILE *stream = fmemopen(memory, sizeof memory, "r");
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(fclose(stream), 0);
  world_destroy(&w);
}
END_TEST

/* A copy names the same socket until the last descriptor of it is closed. */
static void check_copy(int fd, int copy) {
  ck_assert_int_ge(copy, 0);
  ck_assert_uint_eq(number_of(copy), number_of(fd));
  ck_assert_str_eq(answer(copy), "OK");
  ck_assert_int_eq(close(fd), 0);
  ck_assert_str_eq(answer(copy), "OK");
  ck_assert_uint_eq(count_of(w, CLOSED), 0);
  ck_assert_int_eq(close(copy), 0);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  ck_assert_str_eq(answer(copy), "NOT_SOCKET");
}

START_TEST(dup_answers_alike) {
  w = world_create();
  int fd = redirected();
  check_copy(fd, dup(fd));
  world_destroy(&w);
}
END_TEST

START_TEST(fcntl_answers_alike) {
  w = world_create();
  int fd = redirected();
  check_copy(fd, fcntl(fd, F_DUPFD, 200));
  world_destroy(&w);
}
END_TEST

START_TEST(fcntl_cloexec_answers_alike) {
  w = world_create();
  int fd = redirected();
  check_copy(fd, fcntl(fd, F_DUPFD_CLOEXEC, 200));
  world_destroy(&w);
}
END_TEST

START_TEST(fcntl64_answers_alike) {
  w = world_create();
  int fd = redirected();
  check_copy(fd, fcntl64(fd, F_DUPFD, 200));
  world_destroy(&w);
}
END_TEST

START_TEST(dup2_answers_alike) {
  w = world_create();
  int fd = redirected();
  check_copy(fd, dup2(fd, 300));
  world_destroy(&w);
}
END_TEST

START_TEST(dup3_answers_alike) {
  w = world_create();
  int fd = redirected();
  check_copy(fd, dup3(fd, 300, O_CLOEXEC));
  world_destroy(&w);
}
END_TEST

START_TEST(dup2_closes_its_target) {
  w = world_create();
  int target = redirected();
  int other = redirected();
  uint32_t number = number_of(other);
  ck_assert_int_eq(dup2(other, target), target);
  ck_assert_uint_eq(count_of(w, CLOSED), 1);
  ck_assert_uint_eq(number_of(target), number);
  ck_assert_int_eq(dup2(STDIN_FILENO, target), target);
  ck_assert_str_eq(answer(target), "NOT_SOCKET");
  ck_assert_str_eq(answer(other), "OK");
  ck_assert_int_eq(dup3(STDIN_FILENO, other, 0), other);
  ck_assert_str_eq(answer(other), "NOT_SOCKET");
  ck_assert_uint_eq(count_of(w, CLOSED), 2);
  world_destroy(&w);
}
END_TEST

START_TEST(a_dup2_that_fails_changes_nothing) {
  w = world_create();
  int fd = redirected();
  ck_assert_int_eq(dup2(-1, fd), -1);
  ck_assert_int_eq(errno, EBADF);
  ck_assert_int_eq(dup2(fd, fd), fd);
  ck_assert_int_eq(dup3(fd, fd, 0), -1);
  ck_assert_int_eq(errno, EINVAL);
  ck_assert_int_eq(dup3(STDIN_FILENO, fd, 12345), -1);
  ck_assert_int_eq(errno, EINVAL);
  ck_assert_str_eq(answer(fd), "OK");
  ck_assert_uint_eq(count_of(w, CLOSED), 0);
  world_destroy(&w);
}
END_TEST

START_TEST(a_number_that_was_closed_behind_our_back_inherits_nothing) {
  w = world_create();
  int fd = redirected();
  ck_assert_int_eq(syscall(SYS_close, fd), 0);
  int again = socket(AF_UNIX, SOCK_STREAM, 0);
  ck_assert_int_eq(again, fd);
  ck_assert_str_eq(answer(again), "INVALID");
  ck_assert_int_eq(syscall(SYS_close, again), 0);
  int fresh = stream_socket(AF_INET);
  ck_assert_int_eq(fresh, fd);
  ck_assert_str_eq(answer(fresh), "NOT_CONNECTED");
  world_destroy(&w);
}
END_TEST

START_TEST(the_record_outlives_client_shutdown_and_data) {
  w = world_create();
  int client = stream_socket(AF_INET);
  char word[2];
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int fd = accept_one(w.proxy4);
  ck_assert_int_eq(send(client, "ab", 2, 0), 2);
  ck_assert_int_eq(recv(fd, word, 2, MSG_WAITALL), 2);
  ck_assert_str_eq(answer(fd), "OK");
  ck_assert_int_eq(shutdown(fd, SHUT_RDWR), 0);
  ck_assert_str_eq(answer(fd), "OK");
  ck_assert_int_eq(close(client), 0);
  ck_assert_str_eq(answer(fd), "OK");
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix descriptor", close_forgets, close_range_forgets_unless_it_only_marks,
          closefrom_forgets, fclose_forgets,
          fclose_of_a_stream_without_a_descriptor_changes_nothing, dup_answers_alike,
          fcntl_answers_alike, fcntl_cloexec_answers_alike, fcntl64_answers_alike,
          dup2_answers_alike, dup3_answers_alike, dup2_closes_its_target,
          a_dup2_that_fails_changes_nothing,
          a_number_that_was_closed_behind_our_back_inherits_nothing,
          the_record_outlives_client_shutdown_and_data)
