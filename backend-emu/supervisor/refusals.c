/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "borrow.h"
#include "escape.h"
#include "handlers.h"
#include "notice.h"
#include "process.h"
#include "refusals.h"
#include "state.h"
#include "watch.h"

/* What is refused because it cannot be supervised, in a sentence with its cure; each
 * once for a program. */

enum { LONGEST_FILE = 512 };

static const char *const sentences[] = {
    [CONNTRAIL__UNREADABLE] =
        "its memory or descriptors cannot be reached, so that its calls fail with ENETDOWN: it is "
        "of "
        "another user, not readable (mode 711), or not dumpable; run conntrail-emu as its user, or "
        "with CAP_SYS_PTRACE. Before Linux 6.9 it may also be a thread with descriptors of its own",
    [CONNTRAIL__OTHER_NETWORK] = "it is in a network namespace of its own, whose loopback is "
                                 "another one; start conntrail-emu "
                                 "inside of that namespace",
    [CONNTRAIL__RAW_SOCKET] = "it wants a raw socket, a packet socket or one of another family, "
                              "which no redirect service "
                              "sees; it is refused",
    [CONNTRAIL__OTHER_PROTOCOL] = "it uses a protocol that is neither TCP nor UDP with an address "
                                  "that is not of this host; it "
                                  "is refused",
    [CONNTRAIL__NAME_SERVICE] =
        "it asks a name service of this host (nscd, systemd-resolved, avahi) by a "
        "Unix-domain socket, which "
        "would ask the real network; it is refused. Give the scenario \"hosts\"",
    [CONNTRAIL__NAME_PORT] =
        "it asks port 53 of this host, where no program of the run listens: that would ask the "
        "real "
        "network; it is refused. Give the scenario \"hosts\", or a route or a redirect for it",
    [CONNTRAIL__NO_DESCRIPTOR] = ("conntrail-emu has no free descriptor, so that its call fails "
                                  "with ENETDOWN; raise ulimit -n"),
    [CONNTRAIL__SECOND_LISTENER] =
        "it wants to supervise system calls itself (seccomp user notification), which the kernel "
        "allows once: it gets EBUSY",
    [CONNTRAIL__OWN_FILTER] =
        "its own seccomp filter can refuse calls, or end it, before conntrail-emu sees the call",
    [CONNTRAIL__X32_CALL] =
        "it makes calls of the x32 architecture, which are not supervised: they fail with ENOSYS",
    [CONNTRAIL__PRIVILEGED_FILE] =
        "has the set-user-id bit, the set-group-id bit or capabilities; it runs without them",
};

/* A program chooses its name: control characters are escaped. */
static void report(const conntrail__notice *notice, const char *sentence) {
  const conntrail__supervisor *supervisor = notice->supervisor;
  char program[2 * CONNTRAIL__NAME];
  conntrail__escape(notice->watch->program, program, sizeof program);
  fprintf(stderr, "conntrail-emu: %s (process %u): %s\n", program, notice->thread, sentence);
  if (supervisor->refused != NULL) {
    (void)conntrail__slot_of(notice); /* whose thread it is */
    supervisor->refused(supervisor->arg, conntrail__identify(notice).process, sentence);
  }
}

/* False: it was reported before. */
static bool is_new(const conntrail__notice *notice, conntrail__refused what) {
  const unsigned bit = 1U << what;
  const bool was_reported = (notice->watch->refusals & bit) != 0;
  notice->watch->refusals |= bit;
  return !was_reported;
}

void conntrail__tell_refused(const conntrail__notice *notice, conntrail__refused what) {
  if (is_new(notice, what)) {
    report(notice, sentences[what]);
  }
}

void conntrail__tell_refused_file(const conntrail__notice *notice, conntrail__refused what,
                                  const char *file) {
  char shown[LONGEST_FILE];
  char sentence[2 * LONGEST_FILE];
  if (is_new(notice, what)) {
    conntrail__escape(file, shown, sizeof shown);
    snprintf(sentence, sizeof sentence, "%s %s", shown, sentences[what]);
    report(notice, sentence);
  }
}

int conntrail__explain_lack(const conntrail__notice *notice, int error) {
  if (error != EMFILE && error != ENFILE) {
    return error;
  }
  conntrail__tell_refused(notice, CONNTRAIL__NO_DESCRIPTOR);
  return ENETDOWN;
}

/* Only what the filter takes for raw or foreign comes here. */
conntrail__answer conntrail__refuse_socket(const conntrail__notice *notice) {
  int family = (int)notice->args[0];
  int type = (int)notice->args[1] & 0xf;
  bool is_usual =
      family == AF_UNIX || family == AF_NETLINK || family == AF_ALG ||
      ((family == AF_INET || family == AF_INET6) && type != SOCK_RAW && type != SOCK_PACKET);
  if (is_usual || notice->supervisor->is_open) {
    return conntrail__go_on();
  }
  conntrail__tell_refused(notice, CONNTRAIL__RAW_SOCKET);
  return conntrail__fail(
      family == AF_PACKET || family == AF_INET || family == AF_INET6 ? EPERM : EAFNOSUPPORT);
}

/* A kernel that has them takes them for another family of calls, which no rule names. */
conntrail__answer conntrail__refuse_x32(const conntrail__notice *notice) {
  conntrail__tell_refused(notice, CONNTRAIL__X32_CALL);
  return conntrail__fail(ENOSYS);
}
