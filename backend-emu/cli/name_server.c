/* SPDX-License-Identifier: MIT */
#include "name_server.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "name_stream.h"

enum { MOST_AT_ONCE = 64 };

typedef struct server {
  const conntrail__scenario *scenario;
  int unknown;
} server;

/* Names of addresses (in-addr.arpa, ip6.arpa) are no mistake. */
static bool is_reverse(const char *name) {
  const size_t length = strlen(name);
  return length > 5 && strcmp(name + length - 5, ".arpa") == 0;
}

static size_t answer(void *arg, const unsigned char *message, size_t size, unsigned char *out) {
  const server *s = arg;
  conntrail__dns_question asked;
  conntrail__host host;
  conntrail__dns_code code = conntrail__dns_read(message, size, &asked);
  if (code == CONNTRAIL__DNS_IGNORE) {
    return 0;
  }
  if (code == CONNTRAIL__DNS_FINE &&
      !conntrail__scenario_find_host(s->scenario, asked.name, &host)) {
    code = CONNTRAIL__DNS_NO_NAME;
    if (!is_reverse(asked.name)) { /* left out if the other process does not read */
      (void)send(s->unknown, asked.name, strlen(asked.name), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  }
  return conntrail__dns_write(message, &asked, code, code == CONNTRAIL__DNS_FINE ? &host : NULL,
                              out);
}

static void on_datagram(evutil_socket_t fd, short what, void *arg) {
  unsigned char message[CONNTRAIL__DNS_MESSAGE];
  unsigned char out[CONNTRAIL__DNS_MESSAGE];
  struct sockaddr_storage from;
  (void)what;
  for (int i = 0; i < MOST_AT_ONCE; i++) {
    socklen_t room = sizeof from;
    const ssize_t size =
        recvfrom(fd, message, sizeof message, MSG_TRUNC, (struct sockaddr *)&from, &room);
    if (size < 0) {
      return;
    }
    const size_t answered =
        size > (ssize_t)sizeof message ? 0 : answer(arg, message, (size_t)size, out);
    if (answered > 0) {
      (void)sendto(fd, out, answered, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&from,
                   room);
    }
  }
}

static void stand_apart(void) {
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)setpgid(0, 0); /* Ctrl-C is for PROGRAM */
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    (void)dup2(nothing, fd);
  }
}

static bool serve(struct event_base *base, server *s, int udp, int tcp) {
  if (udp < 0) {
    return true;
  }
  struct event *readable = event_new(base, udp, EV_READ | EV_PERSIST, on_datagram, s);
  return readable != NULL && event_add(readable, NULL) == 0 &&
         conntrail__name_streams_accept(base, tcp, answer, s);
}

_Noreturn void conntrail__name_server_run(const conntrail__scenario *scenario,
                                          const conntrail__name_sockets *sockets, int unknown) {
  server s = {scenario, unknown};
  stand_apart();
  struct event_base *base = event_base_new();
  bool is_ready = base != NULL;
  for (int i = 0; i < CONNTRAIL__NAME_PLACES; i++) {
    is_ready = is_ready && serve(base, &s, sockets->udp[i], sockets->tcp[i]);
  }
  if (is_ready) {
    (void)event_base_dispatch(base);
  }
  _exit(1);
}
