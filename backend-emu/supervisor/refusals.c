/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "escape.h"
#include "handlers.h"
#include "notice.h"
#include "process.h"
#include "refusals.h"
#include "state.h"
#include "watch.h"

/* What is refused because it cannot be supervised, in a sentence with its cure; each once a run. */

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
    [CONNTRAIL__NAME_SERVICE] = "it asks a name service of this host (nscd, systemd-resolved) by a "
                                "Unix-domain socket, which "
                                "would ask the real network; it is refused",
    [CONNTRAIL__NAME_PORT] =
        "it asks port 53 of this host, where no program of the run listens: that would ask the "
        "real "
        "network; it is refused. Give the scenario a route or a redirect for it",
    [CONNTRAIL__NO_DESCRIPTOR] = ("conntrail-emu has no free descriptor, so that its call fails "
                                  "with ENETDOWN; raise ulimit -n"),
};

void conntrail__tell_refused(const conntrail__notice *notice, conntrail__refused what) {
  conntrail__supervisor *supervisor = notice->supervisor;
  unsigned bit = 1U << what;
  if ((supervisor->refusals & bit) == 0) {
    supervisor->refusals |= bit;
    char program[2 * CONNTRAIL__NAME];
    conntrail__escape(notice->watch->program, program, sizeof program);
    fprintf(stderr, "conntrail-emu: %s (process %u): %s\n", program, notice->thread,
            sentences[what]);
    if (supervisor->refused != NULL) {
      supervisor->refused(supervisor->arg, conntrail__identify(notice).process, sentences[what]);
    }
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
