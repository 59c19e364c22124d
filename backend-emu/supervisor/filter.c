/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../frontend/level_linux.h"
#include "launch.h"

/*
 * The filter. A call that it does not name costs about 16 ns; read, write, send, recv, accept and
 * epoll are not named. What a rule loads it need not restore: each rule ends with a return.
 */

/* Headers may be older than the kernel. */
enum { WAIT_KILLABLE = 1 << 5, MOST_INSTRUCTIONS = 256 };

/* What a tracer puts in the place of a call that it skips. */
#define NO_CALL UINT32_MAX

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ARGUMENT(n, half)                                                                          \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8UL * (n) + 4UL * (half))
#define LOW(n) ARGUMENT(n, 0)
#define HIGH(n) ARGUMENT(n, 1)
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define LEAST(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, yes, no)
#define HAS(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no)
#define MASK(bits) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)
#define ASK RETURN(SECCOMP_RET_USER_NOTIF)
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))

/* MSG_FASTOPEN connects without connect(): past every decision. */
#define REFUSE_FAST_OPEN(n) LOW(n), HAS(MSG_FASTOPEN, 0, 1), REFUSE(EOPNOTSUPP)

static const struct sock_filter ask[] = {ASK};
/* Answers from its ring would be past this filter; programs fall back. */
static const struct sock_filter no_system[] = {REFUSE(ENOSYS)};

/* With an address alone: what a connected socket sends goes where its connect was decided. */
static const struct sock_filter send_to[] = {REFUSE_FAST_OPEN(3), LOW(4), EQUAL(0, 0, 2), HIGH(4),
                                             EQUAL(0, 1, 0),      ASK,    ALLOW};
static const struct sock_filter receive_from[] = {LOW(4), EQUAL(0, 0, 2), HIGH(4), EQUAL(0, 1, 0),
                                                  ASK,    ALLOW};
static const struct sock_filter send_message[] = {REFUSE_FAST_OPEN(2), ASK};
static const struct sock_filter send_messages[] = {REFUSE_FAST_OPEN(3), ASK};

/* Unix-domain, netlink and the kernel's own algorithms pass, and all of the Internet's that is not
 * raw. Others are asked about. */
static const struct sock_filter new_socket[] = {LOW(0),
                                                EQUAL(AF_UNIX, 8, 0),
                                                EQUAL(AF_NETLINK, 7, 0),
                                                EQUAL(AF_ALG, 6, 0),
                                                EQUAL(AF_INET, 1, 0),
                                                EQUAL(AF_INET6, 0, 5),
                                                LOW(1),
                                                MASK(0xf),
                                                EQUAL(SOCK_RAW, 2, 0),
                                                EQUAL(SOCK_PACKET, 1, 0),
                                                ALLOW,
                                                ASK};

static const struct sock_filter get_option[] = {LOW(1),
                                                EQUAL(SOL_CONNTRAIL, 5, 0),
                                                EQUAL(IPPROTO_IP, 1, 0),
                                                EQUAL(IPPROTO_IPV6, 0, 2),
                                                LOW(2),
                                                EQUAL(CONNTRAIL__ORIGINAL_DESTINATION, 1, 0),
                                                ALLOW,
                                                ASK};
/* A filter of the program's own. The other operations only ask what the kernel has. */
static const struct sock_filter set_filter[] = {LOW(0), EQUAL(SECCOMP_SET_MODE_FILTER, 1, 0), ALLOW,
                                                ASK};
static const struct sock_filter control_process[] = {LOW(0), EQUAL(PR_SET_SECCOMP, 1, 0), ALLOW,
                                                     ASK};

static const struct sock_filter set_option[] = {LOW(1), EQUAL(SOL_CONNTRAIL, 1, 0), ALLOW, ASK};

typedef struct rule {
  uint32_t number;
  uint8_t size;
  const struct sock_filter *code;
} rule;

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
#define RULE(number, code)                                                                         \
  { number, sizeof(code) / sizeof *(code), code }
/* clang-format on */

/* Those that are answered. */
static const rule rules_64[] = {
    RULE(SYS_connect, ask),
    RULE(SYS_getpeername, ask),
    RULE(SYS_sendto, send_to),
    RULE(SYS_recvfrom, receive_from),
    RULE(SYS_sendmsg, send_message),
    RULE(SYS_recvmsg, ask),
    RULE(SYS_getsockopt, get_option),
    RULE(SYS_setsockopt, set_option),
    RULE(SYS_socket, new_socket),
    RULE(SYS_bind, ask),
    RULE(SYS_listen, ask),
    RULE(SYS_recvmmsg, ask),
    RULE(SYS_sendmmsg, send_messages),
};
/* Those that are looked at, or refused. */
static const rule others_64[] = {RULE(CONNTRAIL__IO_URING_SETUP, no_system),
                                 RULE(SYS_seccomp, set_filter), RULE(SYS_prctl, control_process)};
/* What is executed. Without a supervisor it would be refused, as each call that is asked about:
 * only for programs that end with theirs. */
static const rule starts_64[] = {RULE(SYS_execve, ask), RULE(SYS_execveat, ask)};

/* socketcall has its arguments in memory, where a filter cannot look. */
static const rule rules_32[] = {
    RULE(CONNTRAIL__I386_SOCKETCALL, ask),
    RULE(CONNTRAIL__I386_CONNECT, ask),
    RULE(CONNTRAIL__I386_GETPEERNAME, ask),
    RULE(CONNTRAIL__I386_SENDTO, send_to),
    RULE(CONNTRAIL__I386_RECVFROM, receive_from),
    RULE(CONNTRAIL__I386_SENDMSG, send_message),
    RULE(CONNTRAIL__I386_RECVMSG, ask),
    RULE(CONNTRAIL__I386_GETSOCKOPT, get_option),
    RULE(CONNTRAIL__I386_SETSOCKOPT, set_option),
    RULE(CONNTRAIL__I386_SOCKET, new_socket),
    RULE(CONNTRAIL__I386_BIND, ask),
    RULE(CONNTRAIL__I386_LISTEN, ask),
    RULE(CONNTRAIL__I386_RECVMMSG, ask),
    RULE(CONNTRAIL__I386_RECVMMSG_TIME64, ask),
    RULE(CONNTRAIL__I386_SENDMMSG, send_messages),
};
static const rule others_32[] = {RULE(CONNTRAIL__IO_URING_SETUP, no_system),
                                 RULE(CONNTRAIL__I386_SECCOMP, set_filter),
                                 RULE(CONNTRAIL__I386_PRCTL, control_process)};
static const rule starts_32[] = {RULE(CONNTRAIL__I386_EXECVE, ask),
                                 RULE(CONNTRAIL__I386_EXECVEAT, ask)};

/* What neither is refused by its number alone, nor has a rule, in as few steps as can be. */
static const struct sock_filter head_64[] = {LOAD(nr),
                                             LEAST(CONNTRAIL__X32, 0, 3),
                                             EQUAL(NO_CALL, 0, 1),
                                             REFUSE(ENOSYS),
                                             ASK,
                                             LEAST(SYS_socket, 1, 0),
                                             ALLOW,
                                             LEAST(SYS_getsockopt + 1, 0, 4),
                                             LEAST(SYS_recvmmsg, 3, 0),
                                             EQUAL(SYS_execve, 2, 0),
                                             EQUAL(SYS_prctl, 1, 0),
                                             ALLOW};
static const struct sock_filter head_32[] = {LOAD(nr)};
static const struct sock_filter allow[] = {ALLOW};

typedef struct assembly {
  struct sock_filter code[MOST_INSTRUCTIONS];
  unsigned short size;
} assembly;

static void put(assembly *a, const struct sock_filter *code, size_t size) {
  for (size_t i = 0; i < size; i++) {
    a->code[a->size++] = code[i];
  }
}

#define PUT(a, code) put(a, code, sizeof(code) / sizeof *(code))

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void put_rules(assembly *a, const rule *rules, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const struct sock_filter test = EQUAL(rules[i].number, 0, rules[i].size);
    put(a, &test, 1);
    put(a, rules[i].code, rules[i].size);
  }
}

/* A jump over the whole of the 32-bit part is longer than a conditional one can be. */
static void assemble(assembly *a, bool asks_of_starts) {
  const struct sock_filter which[] = {LOAD(arch), EQUAL(AUDIT_ARCH_X86_64, 0, 1),
                                      BPF_STMT(BPF_JMP | BPF_JA, 0), EQUAL(AUDIT_ARCH_I386, 1, 0),
                                      REFUSE(ENOSYS)};
  a->size = 0;
  PUT(a, which);
  unsigned short begin = a->size;
  PUT(a, head_32);
  put_rules(a, rules_32, COUNT(rules_32));
  put_rules(a, others_32, COUNT(others_32));
  put_rules(a, starts_32, asks_of_starts ? COUNT(starts_32) : 0);
  PUT(a, allow);
  a->code[2].k = (uint32_t)(a->size - begin) + 2;
  PUT(a, head_64);
  put_rules(a, rules_64, COUNT(rules_64));
  put_rules(a, others_64, COUNT(others_64));
  put_rules(a, starts_64, asks_of_starts ? COUNT(starts_64) : 0);
  PUT(a, allow);
}

static int install(const struct sock_fprog *program) {
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE, program);
}

uint32_t conntrail__answered_call(bool is_32, size_t place) {
  const rule *rules = is_32 ? rules_32 : rules_64;
  const size_t count = is_32 ? COUNT(rules_32) : COUNT(rules_64);
  return place < count ? rules[place].number : 0;
}

int conntrail__install_filter(bool asks_of_starts) {
  assembly a;
  assemble(&a, asks_of_starts);
  const struct sock_fprog program = {a.size, a.code};
  int listener = install(&program);
  /* Only who has to gives up set-user-id programs. */
  if (listener < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    listener = install(&program);
  }
  return listener;
}
