/* SPDX-License-Identifier: MIT */
/*
 * filters WAY: puts a seccomp filter of its own on itself, in one of several ways, and prints the
 * errno that came of it: 0 where the kernel took it.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { I386_SECCOMP = 354, I386_PRCTL = 172, I386_CONNECT = 362, X32 = 0x40000000 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(test, value, yes, no) BPF_JUMP(BPF_JMP | BPF_##test | BPF_K, value, yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EACCES)

/* ---- Filters that hide nothing ----------------------------------------------------------------
 */

static const struct sock_filter harmless[] = {LOAD(nr), IF(JEQ, SYS_ptrace, 0, 1), REFUSE, ALLOW};
/* As libseccomp has it: another architecture is killed, and ranges are halved. */
static const struct sock_filter usual[] = {LOAD(arch),
                                           IF(JEQ, AUDIT_ARCH_X86_64, 1, 0),
                                           RETURN(SECCOMP_RET_KILL_PROCESS),
                                           LOAD(nr),
                                           IF(JGE, X32, 0, 1),
                                           REFUSE,
                                           IF(JGT, SYS_fork - 1, 0, 2),
                                           IF(JSET, 0x40, 0, 1),
                                           IF(JEQ, SYS_fork, 0, 1),
                                           IF(JEQ, SYS_swapon, 0, 1),
                                           REFUSE,
                                           ALLOW};
static const struct sock_filter masked[] = {LOAD(nr), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x400),
                                            IF(JEQ, 0x400, 0, 1), REFUSE, ALLOW};

/* ---- Filters that may hide a call ---------------------------------------------------------------
 */

static const struct sock_filter refuses[] = {LOAD(nr), IF(JEQ, SYS_connect, 0, 1), REFUSE, ALLOW};
static const struct sock_filter refuses_32[] = {LOAD(nr), IF(JEQ, I386_CONNECT, 0, 1), REFUSE,
                                                ALLOW};
static const struct sock_filter kills[] = {LOAD(nr), IF(JEQ, SYS_recvmmsg, 0, 1),
                                           RETURN(SECCOMP_RET_KILL_THREAD), ALLOW};
static const struct sock_filter depends[] = {
    LOAD(nr), IF(JEQ, SYS_sendto, 0, 3), LOAD(args[4]), IF(JEQ, 77, 0, 1), REFUSE, ALLOW};
static const struct sock_filter asks[] = {LOAD(nr), IF(JEQ, SYS_bind, 0, 1),
                                          RETURN(SECCOMP_RET_USER_NOTIF), ALLOW};
static const struct sock_filter calculates[] = {LOAD(nr), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0),
                                                IF(JEQ, SYS_connect, 0, 1), REFUSE, ALLOW};

/* ---- Ways to install one ------------------------------------------------------------------------
 */

typedef struct filter {
  const struct sock_filter *code;
  unsigned short size;
} filter;

static struct sock_fprog program_of(const filter *f) {
  return (struct sock_fprog){f->size, (struct sock_filter *)(uintptr_t)f->code};
}

static long by_seccomp(const filter *f) {
  const struct sock_fprog program = program_of(f);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static long by_prctl(const filter *f) {
  const struct sock_fprog program = program_of(f);
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static long as_listener(const filter *f) {
  const struct sock_fprog program = program_of(f);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* As Chromium asks what the kernel has. */
static long as_question(const filter *f) {
  (void)f;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, NULL);
}

/* The kernel refuses a jump behind its end. */
static long too_far(const filter *f) {
  static const struct sock_filter code[] = {BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), ALLOW};
  const filter wrong = {code, 2};
  (void)f;
  return by_seccomp(&wrong);
}

static long as_strict(const filter *f) {
  (void)f;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
}

/* The system call gate of 32 bits: what it names must be in low memory. */
static long gate(long number, long one, long two, long three) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(one), "c"(two), "d"(three)
                   : "memory", "r8", "r9", "r10", "r11");
  errno = result < 0 ? (int)-result : 0;
  return result;
}

static char *low_copy(const filter *f) {
  char *low =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  const uint32_t at = (uint32_t)(uintptr_t)low + 64;
  memcpy(low, &f->size, sizeof f->size);
  memcpy(low + 4, &at, sizeof at);
  memcpy(low + 64, f->code, f->size * sizeof *f->code);
  return low;
}

static long by_i386_seccomp(const filter *f) {
  return gate(I386_SECCOMP, SECCOMP_SET_MODE_FILTER, 0, (long)(intptr_t)low_copy(f));
}

static long by_i386_prctl(const filter *f) {
  return gate(I386_PRCTL, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)(intptr_t)low_copy(f));
}

static long x32_call(const filter *f) {
  (void)f;
  return syscall(X32 + SYS_connect, -1, NULL, 0);
}

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
#define OF(code)                                                                                   \
  { code, sizeof(code) / sizeof *(code) }
/* clang-format on */

static const struct {
  const char *name;
  long (*install)(const filter *f);
  filter filter;
} ways[] = {{"harmless", by_seccomp, OF(harmless)},
            {"usual", by_seccomp, OF(usual)},
            {"masked", by_prctl, OF(masked)},
            {"question", as_question, OF(harmless)},
            {"too-far", too_far, OF(harmless)},
            {"refuses", by_seccomp, OF(refuses)},
            {"refuses-prctl", by_prctl, OF(refuses)},
            {"refuses-i386", by_i386_seccomp, OF(refuses_32)},
            {"refuses-i386-prctl", by_i386_prctl, OF(refuses_32)},
            {"kills", by_seccomp, OF(kills)},
            {"depends", by_seccomp, OF(depends)},
            {"asks", by_seccomp, OF(asks)},
            {"calculates", by_seccomp, OF(calculates)},
            {"strict", as_strict, OF(harmless)},
            {"listener", as_listener, OF(harmless)},
            {"x32", x32_call, OF(harmless)}};

int main(int count, char **arguments) {
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (size_t i = 0; count > 1 && i < sizeof ways / sizeof *ways; i++) {
    if (strcmp(arguments[1], ways[i].name) == 0) {
      errno = 0;
      const long result = ways[i].install(&ways[i].filter);
      printf("%d\n", result < 0 ? errno : 0);
      return 0;
    }
  }
  return 2;
}
