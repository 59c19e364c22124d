/* SPDX-License-Identifier: MIT */
/*
 * E1: a watched call behaves as libc's own. The oracle is the kernel: each call is made twice, on
 * two descriptors of the same kind, once by its name and once by its number.
 */
#include <stdarg.h>
#include <sys/syscall.h>

#include "posix_support.h"

int close_range(unsigned first, unsigned last, int flags);

static const socklen_t v4_size = sizeof(struct sockaddr_in);

typedef struct subject {
  int fd;
  int other; /* a second descriptor, for dup2 */
  struct sockaddr_in address;
  struct sockaddr_storage out;
  socklen_t out_size;
} subject;

typedef long (*action)(subject *s);

typedef struct watched {
  const char *name;
  action by_name;
  action by_number;
} watched;

#define BOTH(name, linked, number)                                                                 \
  static long name##_by_name(subject *s) {                                                         \
    (void)s;                                                                                       \
    return linked;                                                                                 \
  }                                                                                                \
  static long name##_by_number(subject *s) {                                                       \
    (void)s;                                                                                       \
    return number;                                                                                 \
  }
#define ADDRESS (struct sockaddr *)&s->address
#define OUT (struct sockaddr *)&s->out

BOTH(bind, bind(s->fd, ADDRESS, v4_size), syscall(SYS_bind, s->fd, &s->address, v4_size))
BOTH(bind_short, bind(s->fd, ADDRESS, 3), syscall(SYS_bind, s->fd, &s->address, 3))
BOTH(listen, listen(s->fd, 4), syscall(SYS_listen, s->fd, 4))
BOTH(connect, connect(s->fd, ADDRESS, v4_size), syscall(SYS_connect, s->fd, &s->address, v4_size))
BOTH(connect_short, connect(s->fd, ADDRESS, 3), syscall(SYS_connect, s->fd, &s->address, 3))
BOTH(connect_null, connect(s->fd, NULL, v4_size), syscall(SYS_connect, s->fd, NULL, v4_size))
BOTH(connect_long, connect(s->fd, ADDRESS, 4096), syscall(SYS_connect, s->fd, &s->address, 4096))
BOTH(accept, accept(s->fd, NULL, NULL), syscall(SYS_accept, s->fd, NULL, NULL))
BOTH(accept4_flags, accept4(s->fd, NULL, NULL, 1), syscall(SYS_accept4, s->fd, NULL, NULL, 1))
BOTH(accept4, accept4(s->fd, OUT, &s->out_size, SOCK_CLOEXEC),
     syscall(SYS_accept4, s->fd, &s->out, &s->out_size, SOCK_CLOEXEC))
BOTH(getpeername, getpeername(s->fd, OUT, &s->out_size),
     syscall(SYS_getpeername, s->fd, &s->out, &s->out_size))
BOTH(getpeername_null, getpeername(s->fd, NULL, NULL), syscall(SYS_getpeername, s->fd, NULL, NULL))
BOTH(so_error, getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &s->out, &s->out_size),
     syscall(SYS_getsockopt, s->fd, SOL_SOCKET, SO_ERROR, &s->out, &s->out_size))
BOTH(so_error_null, getsockopt(s->fd, SOL_SOCKET, SO_ERROR, NULL, NULL),
     syscall(SYS_getsockopt, s->fd, SOL_SOCKET, SO_ERROR, NULL, NULL))
BOTH(original, getsockopt(s->fd, IPPROTO_IP, 80, &s->out, &s->out_size),
     syscall(SYS_getsockopt, s->fd, IPPROTO_IP, 80, &s->out, &s->out_size))
BOTH(original6, getsockopt(s->fd, IPPROTO_IPV6, 80, &s->out, &s->out_size),
     syscall(SYS_getsockopt, s->fd, IPPROTO_IPV6, 80, &s->out, &s->out_size))
BOTH(sendto_fast, sendto(s->fd, "", 0, 0x20004000, ADDRESS, v4_size),
     syscall(SYS_sendto, s->fd, "", 0, 0x20004000, &s->address, v4_size))
BOTH(sendmsg_null, sendmsg(s->fd, NULL, MSG_NOSIGNAL),
     syscall(SYS_sendmsg, s->fd, NULL, MSG_NOSIGNAL))
BOTH(sendmmsg_none, sendmmsg(s->fd, NULL, 0, 0), syscall(SYS_sendmmsg, s->fd, NULL, 0, 0))
BOTH(dup, dup(s->fd), syscall(SYS_dup, s->fd))
BOTH(dup2, dup2(s->fd, s->other), syscall(SYS_dup2, s->fd, s->other))
BOTH(dup2_same, dup2(s->fd, s->fd), syscall(SYS_dup2, s->fd, s->fd))
BOTH(dup2_far, dup2(s->fd, -1), syscall(SYS_dup2, s->fd, -1))
BOTH(dup3, dup3(s->fd, s->other, O_CLOEXEC), syscall(SYS_dup3, s->fd, s->other, O_CLOEXEC))
BOTH(dup3_same, dup3(s->fd, s->fd, 0), syscall(SYS_dup3, s->fd, s->fd, 0))
BOTH(dup3_flags, dup3(s->fd, s->other, 1), syscall(SYS_dup3, s->fd, s->other, 1))
BOTH(fcntl_dup, fcntl(s->fd, F_DUPFD, 0), syscall(SYS_fcntl, s->fd, F_DUPFD, 0))
BOTH(fcntl_dup_far, fcntl(s->fd, F_DUPFD_CLOEXEC, -1),
     syscall(SYS_fcntl, s->fd, F_DUPFD_CLOEXEC, -1))
BOTH(fcntl_getfl, fcntl(s->fd, F_GETFL), syscall(SYS_fcntl, s->fd, F_GETFL))
BOTH(fcntl64_setfl, fcntl64(s->fd, F_SETFL, O_NONBLOCK),
     syscall(SYS_fcntl, s->fd, F_SETFL, O_NONBLOCK))
BOTH(fcntl_odd, fcntl(s->fd, 9999), syscall(SYS_fcntl, s->fd, 9999))
BOTH(socket_odd, socket(-1, 0, 0), syscall(SYS_socket, -1, 0, 0))
BOTH(socket_type, socket(AF_INET, 77, 0), syscall(SYS_socket, AF_INET, 77, 0))
BOTH(close_range_odd, close_range(2, 1, 0), syscall(SYS_close_range, 2, 1, 0))
BOTH(close_range_flags, close_range(900, 901, 64), syscall(SYS_close_range, 900, 901, 64))
BOTH(close, close(s->fd), syscall(SYS_close, s->fd))

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
#define PAIR(name)                                                                                 \
  { #name, name##_by_name, name##_by_number }
/* clang-format on */
static const watched calls[] = {
    PAIR(bind),
    PAIR(bind_short),
    PAIR(listen),
    PAIR(connect),
    PAIR(connect_short),
    PAIR(connect_null),
    PAIR(connect_long),
    PAIR(accept),
    PAIR(accept4_flags),
    PAIR(accept4),
    PAIR(getpeername),
    PAIR(getpeername_null),
    PAIR(so_error),
    PAIR(so_error_null),
    PAIR(original),
    PAIR(original6),
    PAIR(sendto_fast),
    PAIR(sendmsg_null),
    PAIR(sendmmsg_none),
    PAIR(dup),
    PAIR(dup2),
    PAIR(dup2_same),
    PAIR(dup2_far),
    PAIR(dup3),
    PAIR(dup3_same),
    PAIR(dup3_flags),
    PAIR(fcntl_dup),
    PAIR(fcntl_dup_far),
    PAIR(fcntl_getfl),
    PAIR(fcntl64_setfl),
    PAIR(fcntl_odd),
    PAIR(socket_odd),
    PAIR(socket_type),
    PAIR(close_range_odd),
    PAIR(close_range_flags),
    PAIR(close),
};
enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

/* What a descriptor may be. All of them by number, so that no emulation knows them. */
static int raw_socket(int family, int type) {
  int fd = (int)syscall(SYS_socket, family, type | SOCK_NONBLOCK, 0);
  ck_assert_int_ge(fd, 0);
  return fd;
}

static int raw_listener(void) {
  struct sockaddr_storage any = address_of("127.0.0.1", 0);
  int fd = raw_socket(AF_INET, SOCK_STREAM);
  ck_assert_int_eq(syscall(SYS_bind, fd, &any, v4_size), 0);
  ck_assert_int_eq(syscall(SYS_listen, fd, 8), 0);
  return fd;
}

static int none(void) {
  return -1;
}

static int closed(void) {
  return 987;
}

static int pipe_end(void) {
  int ends[2];
  ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
  return ends[0];
}

static int file(void) {
  return open("/dev/null", O_RDWR);
}

static int fresh_v4(void) {
  return raw_socket(AF_INET, SOCK_STREAM);
}

static int fresh_v6(void) {
  return raw_socket(AF_INET6, SOCK_STREAM);
}

static int datagram(void) {
  return raw_socket(AF_INET, SOCK_DGRAM);
}

static int unix_domain(void) {
  return raw_socket(AF_UNIX, SOCK_STREAM);
}

static int connected(void) {
  struct sockaddr_storage to = local_address(raw_listener());
  int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(syscall(SYS_connect, fd, &to, v4_size), 0);
  ck_assert_int_eq(syscall(SYS_fcntl, fd, F_SETFL, O_NONBLOCK), 0);
  return fd;
}

static const struct {
  const char *name;
  int (*make)(void);
} kinds[] = {
    {"none", none},           {"closed", closed},     {"pipe", pipe_end},
    {"file", file},           {"fresh v4", fresh_v4}, {"fresh v6", fresh_v6},
    {"datagram", datagram},   {"unix", unix_domain},  {"listening", raw_listener},
    {"connected", connected},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

typedef struct outcome {
  long result;
  int error;
  socklen_t out_size;
} outcome;

/* Closes all that a run opened: descriptors are given from the lowest on. */
static void close_from(int first) {
  ck_assert_int_eq(syscall(SYS_close_range, first, ~0U, 0), 0);
}

static outcome run(action act, int (*make)(void), int closed) {
  subject s = {.fd = make(), .other = file(), .out_size = sizeof s.out};
  struct sockaddr_storage refusing = local_address(closed);
  memcpy(&s.address, &refusing, sizeof s.address);
  errno = 0;
  outcome o;
  o.result = act(&s);
  o.error = errno;
  o.out_size = s.out_size;
  /* A new descriptor has a number of its own each time. */
  if (o.result > 0) {
    o.result = o.result == s.fd ? 1 : o.result == s.other ? 2 : 3;
  }
  close_from(closed + 1);
  return o;
}

/* One call on one kind of descriptor: the same from libc's name and from the kernel. */
static void compare(const watched *call, size_t kind) {
  int closed = raw_socket(AF_INET, SOCK_STREAM); /* bound, and not listening */
  struct sockaddr_storage any = address_of("127.0.0.1", 0);
  ck_assert_int_eq(syscall(SYS_bind, closed, &any, v4_size), 0);
  outcome got = run(call->by_name, kinds[kind].make, closed);
  outcome wanted = run(call->by_number, kinds[kind].make, closed);
  ck_assert_msg(got.result == wanted.result && got.error == wanted.error &&
                    got.out_size == wanted.out_size,
                "%s on %s: %ld, errno %d, size %u; the kernel: %ld, errno %d, size %u", call->name,
                kinds[kind].name, got.result, got.error, got.out_size, wanted.result, wanted.error,
                wanted.out_size);
  close_from(closed);
}

static void compare_all(void) {
  for (size_t call = 0; call < CALL_COUNT; call++) {
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
      compare(&calls[call], kind);
    }
  }
}

START_TEST(without_an_emulation_every_call_is_the_kernels) {
  compare_all();
}
END_TEST

START_TEST(with_an_emulation_descriptors_that_it_does_not_know_are_the_kernels) {
  conntrail_emu *emu = conntrail_emu_create(NULL);
  ck_assert_ptr_nonnull(emu);
  compare_all();
  conntrail_emu_destroy(emu);
}
END_TEST

START_TEST(after_an_emulation_every_call_is_the_kernels_again) {
  conntrail_emu_destroy(conntrail_emu_create(NULL));
  compare_all();
}
END_TEST

START_TEST(fclose_closes_the_descriptor) {
  int fd = file();
  FILE *stream = fdopen(fd, "r");
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(fclose(stream), 0);
  ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
  ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(control_codes_find_a_system_without_redirection) {
  int ends[2];
  size_t size = 7;
  char buffer[16];
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(conntrail_query_records(connected(), buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_SUPPORTED);
  ck_assert_int_eq(conntrail_query_records(fresh_v4(), buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_CONNECTED);
  ck_assert_int_eq(conntrail_query_records(ends[0], buffer, sizeof buffer, &size),
                   CONNTRAIL_NOT_SOCKET);
  ck_assert_int_eq(conntrail_query_records(unix_domain(), buffer, sizeof buffer, &size),
                   CONNTRAIL_INVALID);
  ck_assert_uint_eq(size, 7);
}
END_TEST

RUN_TESTS("posix idle", without_an_emulation_every_call_is_the_kernels,
          with_an_emulation_descriptors_that_it_does_not_know_are_the_kernels,
          after_an_emulation_every_call_is_the_kernels_again, fclose_closes_the_descriptor,
          control_codes_find_a_system_without_redirection)
