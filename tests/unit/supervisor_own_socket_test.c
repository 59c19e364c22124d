/* SPDX-License-Identifier: MIT */
#include "backend-emu/supervisor/own_socket.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend-emu/supervisor/path_lock.h"
#include "unit_main.h"

/* Many supervisors that begin at one path at the same time: one of them has it. */

enum { STARTED = 8, ROUNDS = 100, MOST_LOOKS = 100000 };

static char folder[64];
static char path[80];

static void make_folder(void) {
  snprintf(folder, sizeof folder, "/tmp/conntrail-test-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/socket", folder);
}

/* It is empty again: no socket, and no lock. */
static void remove_folder(void) {
  ck_assert_int_eq(rmdir(folder), 0);
}

/* As a supervisor that was killed does. */
static void leave_socket(void) {
  struct sockaddr_un where;
  ck_assert(conntrail__socket_path(&where, path));
  int left = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  ck_assert_int_eq(bind(left, (struct sockaddr *)&where, sizeof where), 0);
  close(left);
}

static int connect_to(int type) {
  struct sockaddr_un where;
  ck_assert(conntrail__socket_path(&where, path));
  int client = socket(AF_UNIX, type, 0);
  ck_assert_int_eq(connect(client, (struct sockaddr *)&where, sizeof where), 0);
  return client;
}

/* Begins when the pipe ends, writes 'y' or 'n', and serves until the other pipe ends. */
static void begin(int type, int starting, int said, int ending) {
  char byte;
  conntrail__own_socket own = {.fd = -1};
  conntrail__refusal why = {""};
  (void)!read(starting, &byte, 1);
  bool is_open = conntrail__own_socket_open(&own, path, type, 2 * STARTED, &why);
  bool is_named = is_open || strstr(why.text, "Address already in use") != NULL;
  (void)!write(said, is_open ? "y" : is_named ? "n" : "?", 1);
  (void)!read(ending, &byte, 1);
  conntrail__own_socket_close(&own);
  _exit(0);
}

static unsigned count_open(int said) {
  unsigned open = 0;
  for (int i = 0; i < STARTED; i++) {
    char byte = '?';
    ck_assert_int_eq(read(said, &byte, 1), 1);
    ck_assert(byte == 'y' || byte == 'n');
    open += byte == 'y';
  }
  return open;
}

static void start_at_once(int type) {
  int starting[2];
  int said[2];
  int ending[2];
  ck_assert_int_eq(pipe(starting) | pipe(said) | pipe(ending), 0);
  pid_t started[STARTED];
  for (int i = 0; i < STARTED; i++) {
    started[i] = fork();
    if (started[i] == 0) {
      close(starting[1]);
      close(ending[1]);
      begin(type, starting[0], said[1], ending[0]);
    }
  }
  close(starting[1]);
  ck_assert_uint_eq(count_open(said[0]), 1);
  close(connect_to(type));
  close(ending[1]);
  for (int i = 0; i < STARTED; i++) {
    int status = -1;
    ck_assert_int_eq(waitpid(started[i], &status, 0), started[i]);
    ck_assert_int_eq(status, 0);
  }
  close(starting[0]);
  close(said[0]);
  close(said[1]);
  close(ending[0]);
}

START_TEST(one_of_many_has_the_path) {
  for (int i = 0; i < ROUNDS; i++) {
    start_at_once(i % 2 == 0 ? SOCK_SEQPACKET : SOCK_STREAM);
  }
}
END_TEST

START_TEST(one_of_many_replaces_what_was_left) {
  for (int i = 0; i < ROUNDS; i++) {
    leave_socket();
    start_at_once(i % 2 == 0 ? SOCK_SEQPACKET : SOCK_STREAM);
  }
}
END_TEST

START_TEST(a_socket_that_listens_stays) {
  conntrail__own_socket own = {.fd = -1};
  conntrail__refusal why = {""};
  ck_assert(conntrail__own_socket_open(&own, path, SOCK_SEQPACKET, 0, &why));
  int client = connect_to(SOCK_SEQPACKET); /* the backlog is full now */
  ck_assert(!conntrail__remove_left_socket(path));
  close(client);
  conntrail__own_socket_close(&own);
}
END_TEST

START_TEST(what_was_left_is_removed_once) {
  leave_socket();
  ck_assert(conntrail__remove_left_socket(path));
  ck_assert(!conntrail__remove_left_socket(path));
}
END_TEST

START_TEST(a_file_that_is_no_socket_stays) {
  conntrail__own_socket own = {.fd = -1};
  conntrail__refusal why = {""};
  close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ck_assert(!conntrail__own_socket_open(&own, path, SOCK_STREAM, 1, &why));
  ck_assert_ptr_nonnull(strstr(why.text, "Address already in use"));
  conntrail__own_socket_close(&own);
  ck_assert(!conntrail__remove_left_socket(path));
  ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* The lock's file is removed afterwards: a file of a user, and a FIFO, must not be. */
START_TEST(a_lock_is_no_file_of_a_user) {
  conntrail__own_socket own = {.fd = -1};
  conntrail__refusal why = {""};
  char name[96];
  snprintf(name, sizeof name, "%s.conntrail-lock", path);
  for (int turn = 0; turn < 2; turn++) {
    if (turn == 0) {
      int file = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
      ck_assert_int_eq(write(file, "x", 1), 1);
      close(file);
    } else {
      ck_assert_int_eq(mkfifo(name, 0600), 0);
    }
    ck_assert(!conntrail__own_socket_open(&own, path, SOCK_STREAM, 1, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "ends in .conntrail-lock: remove that file"));
    conntrail__own_socket_close(&own);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_ne(access(path, F_OK), 0);
  }
}
END_TEST

/* /proc/locks marks those that wait by an arrow. */
static bool waits_for_a_lock(pid_t process) {
  char line[256];
  char who[32];
  bool waits = false;
  snprintf(who, sizeof who, " %d ", (int)process);
  FILE *locks = fopen("/proc/locks", "re");
  while (locks != NULL && !waits && fgets(line, sizeof line, locks) != NULL) {
    waits = strstr(line, "-> FLOCK") != NULL && strstr(line, who) != NULL;
  }
  if (locks != NULL) {
    (void)fclose(locks);
  }
  return waits;
}

/* The process that had the lock removes its file, and another one may lock a new file there. */
START_TEST(a_lock_is_of_the_file_that_is_there) {
  struct stat locked;
  struct stat there;
  char name[96];
  snprintf(name, sizeof name, "%s.conntrail-lock", path);
  int before = conntrail__path_lock(path);
  ck_assert_int_ge(before, 0);
  const pid_t waiting = getpid();
  pid_t other = fork();
  if (other == 0) {
    for (int i = 0; i < MOST_LOOKS && !waits_for_a_lock(waiting); i++) {
    }
    conntrail__path_unlock(path, before);
    _exit(0);
  }
  close(before); /* the child has it */
  int lock = conntrail__path_lock(path);
  ck_assert_int_ge(lock, 0);
  ck_assert_int_eq(fstat(lock, &locked), 0);
  ck_assert_int_eq(stat(name, &there), 0);
  ck_assert_uint_eq(locked.st_ino, there.st_ino);
  conntrail__path_unlock(path, lock);
  ck_assert_int_eq(waitpid(other, NULL, 0), other);
}
END_TEST

UNIT_MAIN("supervisor own_socket", make_folder, remove_folder, one_of_many_has_the_path,
          one_of_many_replaces_what_was_left, a_socket_that_listens_stays,
          what_was_left_is_removed_once, a_file_that_is_no_socket_stays,
          a_lock_is_no_file_of_a_user, a_lock_is_of_the_file_that_is_there)
