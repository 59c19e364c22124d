/* SPDX-License-Identifier: MIT */
/*
 * What a hostile program hands to the supervisor: any call with any arguments, whose addresses,
 * headers, control messages and options stand in memory that changes while it is read. The
 * supervisor's code is the real one, on real sockets; the program's memory is the input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend-emu/supervisor/awaited.h"
#include "backend-emu/supervisor/handlers.h"
#include "backend-emu/supervisor/memory.h"
#include "backend-emu/supervisor/state.h"
#include "conntrail/linux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

enum { MEMORY = 4096, MOST_ERRORS = 4096, HEAD = 4, KINDS = 8 };

/* Its program, as long as an input is tried. */
static struct {
  uint8_t bytes[MEMORY];
  uint8_t noise; /* what is added to a byte whenever it is read: 0: the memory holds still */
  size_t size;
} program;

static conntrail__supervisor *supervisor;
static conntrail__watch watch;

static void require(int holds) {
  if (!holds) {
    abort();
  }
}

/* ---- The program's memory (the linker puts these in the place of memory.c's) ------------------
 */

int __wrap_conntrail__read_memory(const conntrail__notice *notice, void *to, uint64_t from,
                                  size_t size);
int __wrap_conntrail__write_memory(const conntrail__notice *notice, uint64_t to, const void *from,
                                   size_t size);
int __wrap_conntrail__read_parts(const conntrail__notice *notice, conntrail__parts *parts,
                                 size_t count, size_t size);
int __wrap_conntrail__write_parts(const conntrail__notice *notice, conntrail__parts *parts,
                                  size_t count, size_t size);
bool __wrap_conntrail__notice_is_valid(const conntrail__notice *notice);

static bool is_inside(uint64_t at, size_t size) {
  return at <= MEMORY && size <= MEMORY - at;
}

int __wrap_conntrail__read_memory(const conntrail__notice *notice, void *to, uint64_t from,
                                  size_t size) {
  (void)notice;
  if (!is_inside(from, size)) {
    return EFAULT;
  }
  if (size > 0) {
    memcpy(to, program.bytes + from, size);
  }
  for (size_t i = 0; i < size; i++) {
    program.bytes[from + i] = (uint8_t)(program.bytes[from + i] + program.noise);
  }
  return 0;
}

int __wrap_conntrail__write_memory(const conntrail__notice *notice, uint64_t to, const void *from,
                                   size_t size) {
  (void)notice;
  if (!is_inside(to, size)) {
    return EFAULT;
  }
  if (size > 0) {
    memcpy(program.bytes + to, from, size);
  }
  return 0;
}

/* As the kernel does it: in order, until a piece cannot be reached. */
static int move(const struct iovec *pieces, size_t count, unsigned char *data, size_t size,
                bool is_read) {
  size_t done = 0;
  for (size_t i = 0; i < count && done < size; i++) {
    uint64_t at = (uint64_t)(uintptr_t)pieces[i].iov_base;
    size_t part = pieces[i].iov_len < size - done ? pieces[i].iov_len : size - done;
    int error = is_read ? __wrap_conntrail__read_memory(NULL, data + done, at, part)
                        : __wrap_conntrail__write_memory(NULL, at, data + done, part);
    if (error != 0) {
      return error;
    }
    done += part;
  }
  return done == size ? 0 : EFAULT;
}

static int move_all(const conntrail__notice *notice, const conntrail__parts *parts, size_t count,
                    size_t size, bool is_read) {
  int error = 0;
  for (size_t i = 0; i < parts->count && error == 0; i++) {
    error = move(&parts->theirs[i], 1, parts->own[i].iov_base, parts->own[i].iov_len, is_read);
  }
  return error != 0
             ? error
             : move(notice->supervisor->pieces, count, notice->supervisor->data, size, is_read);
}

int __wrap_conntrail__read_parts(const conntrail__notice *notice, conntrail__parts *parts,
                                 size_t count, size_t size) {
  return move_all(notice, parts, count, size, true);
}

int __wrap_conntrail__write_parts(const conntrail__notice *notice, conntrail__parts *parts,
                                  size_t count, size_t size) {
  return move_all(notice, parts, count, size, false);
}

bool __wrap_conntrail__notice_is_valid(const conntrail__notice *notice) {
  (void)notice;
  return true;
}

/* ---- Its calls --------------------------------------------------------------------------------
 */

static conntrail__answer own_filter(const conntrail__notice *notice, int own) {
  (void)own;
  return conntrail__on_own_filter(notice);
}

static conntrail__answer start(const conntrail__notice *notice, int own) {
  (void)own;
  return conntrail__on_start(notice);
}

static const conntrail__handler handlers[] = {conntrail__on_connect,
                                              conntrail__on_bind,
                                              conntrail__on_listen,
                                              conntrail__on_getpeername,
                                              conntrail__on_getsockopt,
                                              conntrail__on_setsockopt,
                                              conntrail__on_send,
                                              conntrail__on_receive,
                                              own_filter,
                                              start};
static const conntrail__sys calls[][3] = {
    {CONNTRAIL__SYS_CONNECT, CONNTRAIL__SYS_CONNECT, CONNTRAIL__SYS_CONNECT},
    {CONNTRAIL__SYS_BIND, CONNTRAIL__SYS_BIND, CONNTRAIL__SYS_BIND},
    {CONNTRAIL__SYS_LISTEN, CONNTRAIL__SYS_LISTEN, CONNTRAIL__SYS_LISTEN},
    {CONNTRAIL__SYS_GETPEERNAME, CONNTRAIL__SYS_GETPEERNAME, CONNTRAIL__SYS_GETPEERNAME},
    {CONNTRAIL__SYS_GETSOCKOPT, CONNTRAIL__SYS_GETSOCKOPT, CONNTRAIL__SYS_GETSOCKOPT},
    {CONNTRAIL__SYS_SETSOCKOPT, CONNTRAIL__SYS_SETSOCKOPT, CONNTRAIL__SYS_SETSOCKOPT},
    {CONNTRAIL__SYS_SENDTO, CONNTRAIL__SYS_SENDMSG, CONNTRAIL__SYS_SENDMMSG},
    {CONNTRAIL__SYS_RECVFROM, CONNTRAIL__SYS_RECVMSG, CONNTRAIL__SYS_RECVMMSG},
    {CONNTRAIL__SYS_SECCOMP, CONNTRAIL__SYS_PRCTL, CONNTRAIL__SYS_SECCOMP},
    {CONNTRAIL__SYS_EXECVE, CONNTRAIL__SYS_EXECVEAT, CONNTRAIL__SYS_EXECVEAT}};

static int open_socket(unsigned kind) {
  static const int families[KINDS] = {AF_INET, AF_INET6, AF_INET, AF_INET6,
                                      AF_UNIX, AF_INET,  AF_INET, AF_INET6};
  static const int types[KINDS] = {SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_DGRAM,
                                   SOCK_STREAM, SOCK_DGRAM,  SOCK_DGRAM, SOCK_DGRAM};
  int protocol = kind == 5 ? IPPROTO_UDPLITE : 0;
  int own = socket(families[kind], types[kind] | SOCK_NONBLOCK, protocol);
  if (own < 0 && kind == 5) {
    own = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  }
  return own;
}

/* Something to receive: from itself. */
static void fill(int own) {
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  memset(&name, 0, sizeof name);
  name.ss_family = AF_INET6;
  if (getsockname(own, (struct sockaddr *)&name, &size) == 0) {
    (void)bind(own, (struct sockaddr *)&name, size);
    size = sizeof name;
    if (getsockname(own, (struct sockaddr *)&name, &size) == 0) {
      (void)sendto(own, "datagram", 8, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&name, size);
    }
  }
}

/* Two bytes, and what is done with them: as it is, negative, our level, large. */
static uint64_t next_number(const uint8_t **at, const uint8_t *end) {
  uint64_t value = 0;
  if (end - *at >= 3) {
    value = (uint64_t)((*at)[0] | (unsigned)(*at)[1] << 8);
    value = ((*at)[2] & 3) == 1   ? ~value
            : ((*at)[2] & 3) == 2 ? (uint64_t)SOL_CONNTRAIL
            : ((*at)[2] & 3) == 3 ? value << 16
                                  : value;
    *at += 3;
  }
  return value;
}

static void check(const conntrail__answer *answer) {
  require(answer->kind == CONNTRAIL__GIVE || answer->kind == CONNTRAIL__GO_ON ||
          answer->kind == CONNTRAIL__WAITS);
  require(answer->error >= 0 && answer->error < MOST_ERRORS);
  require(answer->value >= 0);
}

/* data: what is called, at which socket, how often; six arguments each; the memory. */
static void call_once(const uint8_t *head, const uint8_t **at, const uint8_t *end, int own,
                      unsigned turn) {
  unsigned which = (head[0] + turn * head[3]) % (sizeof handlers / sizeof *handlers);
  conntrail__notice notice = {.supervisor = supervisor,
                              .watch = &watch,
                              .thread = (uint32_t)getpid(),
                              .call = calls[which][head[0] / 8 % 3],
                              .is_32 = (head[1] & 8) != 0};
  for (int i = 0; i < 6; i++) {
    notice.args[i] = next_number(at, end);
    notice.args[i] = notice.is_32 ? (uint32_t)notice.args[i] : notice.args[i];
  }
  int borrowed = dup(own);
  const conntrail__answer answer = handlers[which](&notice, borrowed);
  check(&answer);
  if (answer.kind != CONNTRAIL__WAITS) {
    (void)close(borrowed);
  }
}

static void forget_everything(void) {
  conntrail__known *known;
  conntrail__known *next;
  conntrail__forget_parked(supervisor);
  conntrail__forget_awaited(supervisor);
  conntrail__forget_places(supervisor);
  HASH_ITER(hh, supervisor->known, known, next) {
    conntrail__forget_known(supervisor, known);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < HEAD) {
    return 0;
  }
  const uint8_t *at = data + HEAD;
  const uint8_t *end = data + size;
  unsigned most = 1 + data[2] % 4;
  int own = open_socket(data[1] % KINDS);
  if (own < 0) {
    return 0;
  }
  if ((data[1] & 16) != 0) {
    fill(own);
  }
  const uint8_t *memory = (size_t)(end - at) > most * 18UL ? at + most * 18UL : end;
  program.noise = (data[1] & 32) != 0 ? data[2] : 0;
  program.size = (size_t)(end - memory) < MEMORY ? (size_t)(end - memory) : MEMORY;
  memset(program.bytes, 0, sizeof program.bytes);
  memcpy(program.bytes, memory, program.size);
  for (unsigned i = 0; i < most; i++) {
    call_once(data, &at, memory, own, i);
  }
  forget_everything();
  close(own);
  return 0;
}

/* ---- The world --------------------------------------------------------------------------------
 */

static void on_change(void *arg) {
  (void)arg;
}

/* A network of its own: nothing that an input sends comes to anybody. */
static bool leave_network(void) {
  struct ifreq loopback = {.ifr_flags = IFF_UP};
  memcpy(loopback.ifr_name, "lo", sizeof "lo");
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return false;
  }
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
  close(fd);
  return is_up;
}

static void add_service(conntrail_emu *emu, const char *name, const char *rule, const char *to) {
  conntrail__refusal why;
  conntrail__address target;
  conntrail_emu_service *service = conntrail__service_add(emu, name, NULL, &why);
  require(service != NULL && conntrail__address_parse(to, &target, &why));
  require(conntrail__filter_add(service, CONNTRAIL__REDIRECT, rule, &target, &why) == CONNTRAIL_OK);
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  const int not_here = 77;
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  conntrail__refusal why;
  (void)count;
  (void)arguments;
  if (!leave_network()) {
    (void)fputs("skipped: no network namespace can be made here\n", stderr);
    _exit(not_here);
  }
  conntrail_emu *emu = conntrail__engine_create(&options, 1, &why);
  struct event_base *base = event_base_new();
  require(emu != NULL && base != NULL);
  add_service(emu, "acme", "tcp any", "127.0.0.1:1");
  add_service(emu, "bravo", "udp any", "127.0.0.1:9");
  supervisor = conntrail__supervisor_create(base, emu, on_change, NULL, &why);
  require(supervisor != NULL);
  watch = (conntrail__watch){.supervisor = supervisor, .fd = -1, .program = "hostile"};
  watch.refusals = ~0U; /* each kind was reported */
  return 0;
}
