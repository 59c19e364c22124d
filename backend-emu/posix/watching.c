/* SPDX-License-Identifier: MIT */
/* For RTLD_DEFAULT and dladdr. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
PROBE(fcntl64, (int, int, ...), (-1, F_DUPFD, 0))
PROBE(sendmmsg, (int, struct mmsghdr *, unsigned, int), (-1, NULL, 0, 0))
PROBE(recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *), (-1, NULL, 0, 0, NULL))
PROBE_SENDING(sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t),
              (-1, NULL, 0, 0, NULL, 0))
/* musl reads the message before it looks at the descriptor. */
PROBE_SENDING(sendmsg, (int, const struct msghdr *, int), (-1, &(struct msghdr){0}, 0))
PROBE_SENDING(recv, (int, void *, size_t, int), (-1, NULL, 0, 0))
PROBE_SENDING(recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *),
              (-1, NULL, 0, 0, NULL, NULL))
PROBE_SENDING(recvmsg, (int, struct msghdr *, int), (-1, &(struct msghdr){0}, 0))
PROBE_SENDING(__recv_chk, (int, void *, size_t, size_t, int), (-1, NULL, 0, 0, 0))
PROBE_SENDING(__recvfrom_chk, (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *),
              (-1, NULL, 0, 0, 0, NULL, NULL))
#undef PROBE_SENDING
#undef PROBE

/* No descriptor is that high. */
static void probe_closefrom(void *symbol) {
  void (*call)(int);
  memcpy(&call, &symbol, sizeof call);
  call(INT_MAX);
}

/* On a stream without a descriptor. */
static void probe_fclose(void *symbol) {
  static char byte;
  int (*call)(FILE *);
  FILE *stream = fmemopen(&byte, 1, "r");
  memcpy(&call, &symbol, sizeof call);
  if (stream == NULL) {
    conntrail__self.was_reached = true; /* no memory: the creation will say so */
    return;
  }
  (void)call(stream);
}

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
#define PROBED(name)                                                                               \
  { #name, probe_##name }
/* clang-format on */
static const struct {
  const char *name;
  probe try_it;
} probes[] = {
    PROBED(socket),      PROBED(bind),           PROBED(listen),     PROBED(connect),
    PROBED(accept),      PROBED(accept4),        PROBED(close),      PROBED(close_range),
    PROBED(closefrom),   PROBED(fclose),         PROBED(dup),        PROBED(dup2),
    PROBED(dup3),        PROBED(fcntl),          PROBED(fcntl64),    PROBED(sendto),
    PROBED(sendmsg),     PROBED(sendmmsg),       PROBED(recv),       PROBED(__recv_chk),
    PROBED(recvfrom),    PROBED(__recvfrom_chk), PROBED(recvmsg),    PROBED(recvmmsg),
    PROBED(getpeername), PROBED(getsockopt),     PROBED(setsockopt),
};
#undef PROBED

static Dl_info module_of(const void *address) {
  Dl_info info = {.dli_fname = "?"};
  return dladdr(address, &info) != 0 && info.dli_fname != NULL ? info : (Dl_info){.dli_fname = "?"};
}

static bool comes_through(probe try_it, void *symbol) {
  conntrail__self.was_reached = false;
  try_it(symbol);
  return conntrail__self.was_reached;
}

/* No sanitizer stands in front of setsockopt(), and none intercepts sysconf(). */
static bool libc_comes_first(void) {
  return module_of(dlsym(RTLD_DEFAULT, "setsockopt")).dli_fbase ==
         module_of(dlsym(RTLD_DEFAULT, "sysconf")).dli_fbase;
}

#define NOT_OURS "%.16s() in this process is that of %.64s and does not lead to conntrail: "

static bool refuse(const char *name, const void *symbol, conntrail__refusal *why) {
  if (symbol == NULL) {
    snprintf(
        why->text, sizeof why->text,
        "in this process libc is linked statically, and nothing can stand in front of it: link "
        "the program without -static; conntrail's own libraries may be static");
  } else if (libc_comes_first()) {
    snprintf(why->text, sizeof why->text,
             NOT_OURS "link the program itself with libconntrail-emu, ahead of libc; shared: with "
                      "-Wl,--no-as-needed; static: without --exclude-libs. A program that loads it "
                      "while it runs, as Python, node and java do, cannot be watched from within: "
                      "run it under conntrail-emu",
             name, module_of(symbol).dli_fname);
  } else {
    snprintf(why->text, sizeof why->text,
             NOT_OURS "do not link or preload it in front of libconntrail-emu, or let it call the "
                      "next %s(), which dlsym(RTLD_NEXT) finds",
             name, module_of(symbol).dli_fname, name);
  }
  return false;
}

#undef NOT_OURS

/* musl has no close_range(), for example: what calls it by name is linked with ours, or not at all.
 */
static bool libc_lacks_it(const void *symbol) {
  return symbol == NULL && dlsym(RTLD_DEFAULT, "setsockopt") != NULL;
}

/* While probing, this thread's calls end where they would begin to be watched. */
static bool probe_all(conntrail__refusal *why) {
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
    void *symbol = dlsym(RTLD_DEFAULT, probes[i].name);
    if (libc_lacks_it(symbol)) {
      continue;
    }
    if (symbol == NULL || !comes_through(probes[i].try_it, symbol)) {
      return refuse(probes[i].name, symbol, why);
    }
  }
  return true;
}

bool conntrail__native_is_watching(conntrail__refusal *why) {
  static atomic_bool was_found; /* what is loaded later cannot come in front */
  int error = errno;
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
