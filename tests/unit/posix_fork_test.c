/* SPDX-License-Identifier: MIT */
/* E6: an emulation does not cross fork. The child gets an error by name, and may have one of its
 * own. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "posix_support.h"

/* What a child wrote to stderr, and its exit code. */
typedef struct child {
  pid_t pid;
  int words;
} child;

static child begin_child(void) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  child c = {fork(), ends[0]};
  ck_assert_int_ge(c.pid, 0);
  if (c.pid == 0) {
    if (dup2(ends[1], STDERR_FILENO) < 0) {
      _exit(99);
    }
  }
  close(ends[1]);
  return c;
}

static const char *end_child(child c, int expected) {
  static char text[2000];
  size_t size = 0;
  ssize_t part;
  int status;
  while ((part = read(c.words, text + size, sizeof text - 1 - size)) > 0) {
    size += (size_t)part;
  }
  text[size] = '\0';
  close(c.words);
  ck_assert_int_eq(waitpid(c.pid, &status, 0), c.pid);
  ck_assert(WIFEXITED(status));
  ck_assert_int_eq(WEXITSTATUS(status), expected);
  return text;
}

#define CURE                                                                                       \
  ": this process was forked, and the emulation of its parent does not cross fork: several "       \
  "processes are the service's work; create an emulation of the child's own "                      \
  "(conntrail_emu_create), and its sockets after it\n"

/* In the child: leaves with the number of the first expectation that fails. */
#define EXPECT(number, condition)                                                                  \
  if (!(condition)) {                                                                              \
    _exit(number);                                                                                 \
  }

START_TEST(the_child_is_told_at_its_first_connect) {
  world w = world_create();
  child c = begin_child();
  if (c.pid == 0) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(1, fd >= 0)
    EXPECT(2, connect_to(fd, FAR_V4, 80) == ENOTSUP)
    EXPECT(3, connect_to(fd, "127.0.0.1", 80) == ENOTSUP)
    EXPECT(4, listen(fd, 1) == -1 && errno == ENOTSUP)
    EXPECT(5, close(fd) == 0)
    _exit(0);
  }
  ck_assert_str_eq(end_child(c, 0), "conntrail: connect" CURE);
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  ck_assert_uint_eq(count_of(w, REDIRECTED), 1);
  world_destroy(&w);
}
END_TEST

START_TEST(the_child_may_not_accept_but_may_read_and_write) {
  world w = world_create();
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  child c = begin_child();
  if (c.pid == 0) {
    EXPECT(1, send(accepted, "hello", 5, 0) == 5)
    EXPECT(2, accept(w.proxy4, NULL, NULL) == -1 && errno == ENOTSUP)
    EXPECT(3, accept4(w.proxy6, NULL, NULL, 0) == -1 && errno == ENOTSUP)
    EXPECT(4, close(accepted) == 0 && close(client) == 0)
    _exit(0);
  }
  ck_assert_str_eq(end_child(c, 0), "conntrail: accept" CURE);
  char word[6] = "";
  ck_assert_int_eq(recv(client, word, 5, MSG_WAITALL), 5);
  ck_assert_str_eq(word, "hello");
  ck_assert_uint_eq(count_of(w, CLOSED), 0);
  char records[1024];
  size_t size;
  ck_assert_int_eq(conntrail_query_records(accepted, records, sizeof records, &size), CONNTRAIL_OK);
  world_destroy(&w);
}
END_TEST

START_TEST(the_child_gets_no_records_and_no_addresses) {
  world w = world_create();
  int client = stream_socket(AF_INET);
  ck_assert_int_eq(connect_to(client, FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  child c = begin_child();
  if (c.pid == 0) {
    char records[1024];
    size_t size = sizeof records;
    socklen_t room = sizeof records;
    EXPECT(1, conntrail_query_records(accepted, records, size, &size) == CONNTRAIL_NOT_SUPPORTED)
    EXPECT(2, conntrail_native_error() == 10045)
    EXPECT(3, getsockopt(accepted, IPPROTO_IP, 80, records, &room) == -1 && errno == ENOTSUP)
    EXPECT(4, strcmp(peer_text(client), "EOPNOTSUPP") == 0) /* ENOTSUP, by its other name */
    _exit(0);
  }
  ck_assert_str_eq(end_child(c, 0), "conntrail: a control code" CURE);
  world_destroy(&w);
}
END_TEST

START_TEST(the_child_may_have_an_emulation_of_its_own) {
  world parents = world_create();
  conntrail_emu *entered = conntrail_emu_create(NULL);
  conntrail_emu_enter(entered);
  child c = begin_child();
  if (c.pid == 0) {
    world w = world_create();
    EXPECT(1, connect_to(stream_socket(AF_INET), FAR_V4, 80) == 0)
    EXPECT(2, accept(w.proxy4, NULL, NULL) >= 0)
    EXPECT(3, count_of(w, REDIRECTED) == 1)
    EXPECT(4, count_of(parents, REDIRECTED) == 0)
    conntrail_emu_destroy(parents.emu);
    conntrail_emu_destroy(entered);
    world_destroy(&w);
    _exit(0);
  }
  ck_assert_str_eq(end_child(c, 0), "");
  conntrail_emu_destroy(entered);
  world_destroy(&parents);
}
END_TEST

START_TEST(the_child_of_a_process_without_emulation_is_as_free) {
  child c = begin_child();
  if (c.pid == 0) {
    world w = world_create();
    EXPECT(1, connect_to(stream_socket(AF_INET), FAR_V4, 80) == 0)
    world_destroy(&w);
    _exit(0);
  }
  ck_assert_str_eq(end_child(c, 0), "");
}
END_TEST

static atomic_bool is_over;

static void *keep_the_lock_busy(void *argument) {
  world *w = argument;
  while (!is_over) {
    (void)count_of(*w, MISUSE);
  }
  return NULL;
}

START_TEST(a_fork_finds_the_lock_free_whichever_thread_has_it) {
  enum { ROUNDS = 50 };
  world w = world_create();
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, keep_the_lock_busy, &w), 0);
  for (int i = 0; i < ROUNDS; i++) {
    int status;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
      _exit(count_of(w, MISUSE) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
  }
  is_over = true;
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  world_destroy(&w);
}
END_TEST

/* Until it ends or executes another program, such a child shares the memory of its parent. */
START_TEST(a_child_of_vfork_closes_its_own_descriptors_only) {
  world w = world_create();
  ck_assert_int_eq(connect_to(stream_socket(AF_INET), FAR_V4, 80), 0);
  int accepted = accept_one(w.proxy4);
  int status;
  /* NOLINTNEXTLINE(bugprone-unsafe-functions): vfork is what is tested */
  pid_t pid = vfork();
  if (pid == 0) {
    close(accepted);
    dup2(STDIN_FILENO, w.proxy4);
    _exit(0);
  }
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_uint_eq(count_of(w, CLOSED), 0);
  char records[1024];
  size_t size;
  ck_assert_int_eq(conntrail_query_records(accepted, records, sizeof records, &size), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_emu_inspect(w.emu, w.proxy4, NULL, NULL, NULL), CONNTRAIL_OK);
  world_destroy(&w);
}
END_TEST

RUN_TESTS("posix fork", the_child_is_told_at_its_first_connect,
          the_child_may_not_accept_but_may_read_and_write,
          the_child_gets_no_records_and_no_addresses, the_child_may_have_an_emulation_of_its_own,
          the_child_of_a_process_without_emulation_is_as_free,
          a_fork_finds_the_lock_free_whichever_thread_has_it,
          a_child_of_vfork_closes_its_own_descriptors_only)
