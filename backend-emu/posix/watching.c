/* SPDX-License-Identifier: MIT */
/* For RTLD_DEFAULT and dladdr. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "session.h"

/*
 * Whether the calls that this process's code reaches by name come through here (E7). The address
 * alone does not say it: a sanitizer stands in front and calls on. So each call is tried, with a
 * descriptor that cannot be, by the name that everybody else uses.
 */

/* Calls the function behind symbol so that it fails without an effect. */
typedef void (*probe)(void *symbol);

#define PROBE(name, type, arguments)                                                               \
  static void probe_##name(void *symbol) {                                                         \
    int(*call) type;                                                                               \
    memcpy(&call, &symbol, sizeof call);                                                           \
    (void)call arguments;                                                                          \
  }
#define PROBE_SENDING(name, type, arguments)                                                       \
  static void probe_##name(void *symbol) {                                                         \
    ssize_t(*call) type;                                                                           \
    memcpy(&call, &symbol, sizeof call);                                                           \
    (void)call arguments;                                                                          \
  }
PROBE(socket, (int, int, int), (-1, 0, 0))
PROBE(bind, (int, const struct sockaddr *, socklen_t), (-1, NULL, 0))
PROBE(listen, (int, int), (-1, 0))
PROBE(connect, (int, const struct sockaddr *, socklen_t), (-1, NULL, 0))
PROBE(accept, (int, struct sockaddr *, socklen_t *), (-1, NULL, NULL))
PROBE(accept4, (int, struct sockaddr *, socklen_t *, int), (-1, NULL, NULL, 0))
PROBE(getpeername, (int, struct sockaddr *, socklen_t *), (-1, NULL, NULL))
PROBE(getsockopt, (int, int, int, void *, socklen_t *), (-1, 0, 0, NULL, NULL))
PROBE(setsockopt, (int, int, int, const void *, socklen_t), (-1, 0, 0, NULL, 0))
PROBE(close, (int), (-1))
PROBE(close_range, (unsigned, unsigned, int), (1, 0, 0)) /* EINVAL: the last before the first */
PROBE(dup, (int), (-1))
PROBE(dup2, (int, int), (-1, -1))
PROBE(dup3, (int, int, int), (-1, -1, 0))
PROBE(fcntl, (int, int, ...), (-1, F_DUPFD, 0))
PROBE(sendmmsg, (int, struct mmsghdr *, unsigned, int), (-1, NULL, 0, 0))
PROBE(recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *), (-1, NULL, 0, 0, NULL))
PROBE_SENDING(sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t),
              (-1, NULL, 0, 0, NULL, 0))
PROBE_SENDING(sendmsg, (int, const struct msghdr *, int), (-1, NULL, 0))
PROBE_SENDING(recv, (int, void *, size_t, int), (-1, NULL, 0, 0))
PROBE_SENDING(recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *),
              (-1, NULL, 0, 0, NULL, NULL))
PROBE_SENDING(recvmsg, (int, struct msghdr *, int), (-1, NULL, 0))
#undef PROBE_SENDING
#undef PROBE

#define PROBED(name)                                                                               \
  { #name, probe_##name }
static const struct {
  const char *name;
  probe try_it;
} probes[] = {
    PROBED(socket),     PROBED(bind),       PROBED(listen),   PROBED(connect),
    PROBED(accept),     PROBED(accept4),    PROBED(close),    PROBED(close_range),
    PROBED(dup),        PROBED(dup2),       PROBED(dup3),     PROBED(fcntl),
    PROBED(sendto),     PROBED(sendmsg),    PROBED(sendmmsg), PROBED(recv),
    PROBED(recvfrom),   PROBED(recvmsg),    PROBED(recvmmsg), PROBED(getpeername),
    PROBED(getsockopt), PROBED(setsockopt),
};
#undef PROBED

static const char *module_of(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 && info.dli_fname != NULL ? info.dli_fname : "?";
}

static bool comes_through(probe try_it, void *symbol) {
  conntrail__self.was_reached = false;
  try_it(symbol);
  return conntrail__self.was_reached;
}

static bool refuse(const char *name, const void *symbol, conntrail__refusal *why) {
  snprintf(
      why->text, sizeof why->text,
      "%.12s() in this process is that of %.64s and does not lead to conntrail: link the program "
      "itself with libconntrail, ahead of libc; shared: with -Wl,--no-as-needed; static: "
      "without --exclude-libs; then let nobody else's %.12s() come in front",
      name, symbol == NULL ? "nobody" : module_of(symbol), name);
  return false;
}

/* While probing, this thread's calls end where they would begin to be watched. */
static bool probe_all(conntrail__refusal *why) {
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
    void *symbol = dlsym(RTLD_DEFAULT, probes[i].name);
    if (symbol == NULL || !comes_through(probes[i].try_it, symbol)) {
      return refuse(probes[i].name, symbol, why);
    }
  }
  return true;
}

bool conntrail__face_is_watching(conntrail__refusal *why) {
  static atomic_bool was_found; /* what is loaded later cannot come in front */
  int error = errno;
  if (conntrail__is_served) {
    snprintf(why->text, sizeof why->text,
             "this process was started under conntrail-emu, whose service holds its emulation; "
             "unset " CONNTRAIL__SERVICE_VARIABLE " to make one of the process's own");
    return false;
  }
  bool is_watching = atomic_load_explicit(&was_found, memory_order_relaxed);
  if (!is_watching) {
    conntrail__self.is_probing = true;
    atomic_fetch_add_explicit(&conntrail__active, 1, memory_order_relaxed);
    is_watching = probe_all(why);
    atomic_fetch_sub_explicit(&conntrail__active, 1, memory_order_relaxed);
    conntrail__self.is_probing = false;
    atomic_store_explicit(&was_found, is_watching, memory_order_relaxed);
  }
  errno = error;
  return is_watching;
}
