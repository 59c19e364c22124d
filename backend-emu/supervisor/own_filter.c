/* SPDX-License-Identifier: MIT */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "filter.h"
#include "handlers.h"
#include "memory.h"
#include "refusals.h"

/*
 * A program's own seccomp filter. Of several filters the strictest answer counts. To
 * refuse or to kill is stricter than to ask: such a call does not come here. Nothing escapes by
 * that. The program behaves in another way than it would without a filter, which is reported. The
 * filter is followed for each call that is answered, with arguments that are not known. [D]
 * linux/Documentation/userspace-api/seccomp_filter.rst: Return values
 */

enum { FLAGS = 1, FILTER = 2, WORD = 4, NARROW_AT = 4, WIDE_AT = 8 };

/* The accumulator before an instruction, by all ways that lead to it. */
typedef struct accumulator {
  bool is_reached;
  bool is_known;
  uint32_t value;
} accumulator;

typedef struct own_filter {
  struct sock_filter code[BPF_MAXINSNS];
  accumulator before[BPF_MAXINSNS];
  size_t count;
} own_filter;

static void lead_to(own_filter *f, uint64_t to, accumulator now) {
  if (to >= f->count) {
    return;
  }
  accumulator *there = &f->before[to];
  if (!there->is_reached) {
    *there = now;
  } else if (!now.is_known || now.value != there->value) {
    there->is_known = false;
  }
}

static accumulator load(const struct sock_filter *code, uint32_t number, uint32_t architecture) {
  accumulator now = {.is_reached = true};
  const bool is_data = code->code == (BPF_LD | BPF_W | BPF_ABS);
  if (is_data && code->k == offsetof(struct seccomp_data, nr)) {
    now.is_known = true;
    now.value = number;
  } else if (is_data && code->k == offsetof(struct seccomp_data, arch)) {
    now.is_known = true;
    now.value = architecture;
  }
  return now;
}

static accumulator calculate(const struct sock_filter *code, accumulator now) {
  now.is_known = now.is_known && code->code == (BPF_ALU | BPF_AND | BPF_K);
  now.value &= code->k;
  return now;
}

static bool compare(const struct sock_filter *code, uint32_t value) {
  switch (BPF_OP(code->code)) {
  case BPF_JEQ:
    return value == code->k;
  case BPF_JGT:
    return value > code->k;
  case BPF_JGE:
    return value >= code->k;
  default:
    return (value & code->k) != 0;
  }
}

static void jump(own_filter *f, size_t at) {
  const struct sock_filter *code = &f->code[at];
  const accumulator now = f->before[at];
  if (BPF_OP(code->code) == BPF_JA) {
    lead_to(f, (uint64_t)at + 1 + code->k, now);
    return;
  }
  const bool is_known = now.is_known && BPF_SRC(code->code) == BPF_K;
  const bool is_so = is_known && compare(code, now.value);
  if (!is_known || is_so) {
    lead_to(f, at + 1 + code->jt, now);
  }
  if (!is_known || !is_so) {
    lead_to(f, at + 1 + code->jf, now);
  }
}

/* [D] seccomp(2): of equal actions the newest filter's counts, and that is the program's own, whose
 * notifications no supervisor reads. */
static bool is_strict(const struct sock_filter *code) {
  return BPF_RVAL(code->code) != BPF_K ||
         (int32_t)(code->k & SECCOMP_RET_ACTION_FULL) <= (int32_t)SECCOMP_RET_USER_NOTIF;
}

static bool hides(own_filter *f, uint32_t number, uint32_t architecture) {
  for (size_t i = 0; i < f->count; i++) {
    f->before[i] = (accumulator){.is_reached = i == 0};
  }
  for (size_t i = 0; i < f->count; i++) {
    const struct sock_filter *code = &f->code[i];
    const accumulator now = f->before[i];
    const unsigned kind = BPF_CLASS(code->code);
    if (!now.is_reached) {
      continue;
    }
    if (kind == BPF_RET && is_strict(code)) {
      return true;
    }
    if (kind == BPF_JMP) {
      jump(f, i);
    } else if (kind != BPF_RET) {
      lead_to(f, i + 1,
              kind == BPF_LD                        ? load(code, number, architecture)
              : kind == BPF_ALU || kind == BPF_MISC ? calculate(code, now)
                                                    : now);
    }
  }
  return false;
}

/* False: there is none, so that the kernel refuses it. */
static bool read_filter(const conntrail__notice *notice, own_filter *f) {
  uint16_t count = 0;
  uint64_t at = 0;
  const uint64_t head = notice->args[FILTER];
  if (head == 0 || conntrail__read_memory(notice, &count, head, sizeof count) != 0 ||
      conntrail__read_memory(notice, &at, head + (notice->is_32 ? NARROW_AT : WIDE_AT),
                             notice->is_32 ? WORD : sizeof at) != 0 ||
      count == 0 || count > BPF_MAXINSNS) {
    return false;
  }
  f->count = count;
  return conntrail__read_memory(notice, f->code, at, count * sizeof *f->code) == 0;
}

static bool hides_any(own_filter *f, bool is_32) {
  uint32_t number;
  for (size_t i = 0; (number = conntrail__answered_call(is_32, i)) != 0; i++) {
    if (hides(f, number, is_32 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64)) {
      return true;
    }
  }
  return false;
}

/* seccomp(operation, flags, filter), or prctl(PR_SET_SECCOMP, mode, filter). A process
 * with a filter cannot leave it for the strict mode any more. */
conntrail__answer conntrail__on_own_filter(const conntrail__notice *notice) {
  own_filter f;
  const bool is_listener = notice->call == CONNTRAIL__SYS_SECCOMP &&
                           (notice->args[FLAGS] & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
  if (read_filter(notice, &f)) {
    if (is_listener) {
      conntrail__tell_refused(notice, CONNTRAIL__SECOND_LISTENER);
    } else if (hides_any(&f, notice->is_32)) {
      conntrail__tell_refused(notice, CONNTRAIL__OWN_FILTER);
    }
  }
  return conntrail__go_on();
}
