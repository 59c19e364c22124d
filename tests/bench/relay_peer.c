/* SPDX-License-Identifier: MIT */
/*
 * The two ends around a proxy that is measured; it knows nothing of conntrail.
 *
 *   relay_peer serve                     prints its port; answers "BYTES\n" and more with so many
 *                                        bytes and the end; 0: without an end
 *   relay_peer socks                     the same behind a SOCKS5 greeting
 *   relay_peer load HOST PORT CONCURRENCY BYTES SECONDS
 *                                        asks with 4 KiB each, and prints answers (or MiB) a second
 *
 * Each byte that comes is compared with what the server sends. One thread each, on epoll.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 4096, CHUNK = 1 << 18, PATTERN = 251, MOST = 4096, EVENTS = 256 };
static const double WARM_UP = 0.3;

typedef struct peer {
  int socket;
  int greetings;   /* of SOCKS5, still to come */
  size_t asked;    /* bytes of the request that have come */
  char number[16]; /* its beginning */
  uint64_t wanted, passed;
  bool is_endless;
} peer;

static unsigned char pattern[CHUNK + PATTERN];
static unsigned char received[CHUNK];
static peer *peers[MOST];
static int poller;

static void die(const char *what) {
  (void)fprintf(stderr, "relay_peer: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static peer *watch(int socket) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
  event.data.fd = socket;
  if (socket < 0 || socket >= MOST || epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) != 0) {
    die("a connection");
  }
  peers[socket] = calloc(1, sizeof *peers[socket]);
  peers[socket]->socket = socket;
  return peers[socket];
}

static void forget(peer *ended) {
  close(ended->socket);
  peers[ended->socket] = NULL;
  free(ended);
}

/* ---- The server ----------------------------------------------------------------------------- */

static void answer(peer *to) {
  while (to->is_endless || to->passed < to->wanted) {
    const uint64_t left = to->is_endless ? CHUNK : to->wanted - to->passed;
    const ssize_t sent = send(to->socket, pattern + to->passed % PATTERN,
                              left < CHUNK ? (size_t)left : CHUNK, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) {
        forget(to);
      }
      return;
    }
    to->passed += (uint64_t)sent;
  }
  forget(to);
}

/* Two greetings, of which each comes in one piece: what is measured keeps to that. */
static void greet(peer *with) {
  static const unsigned char chosen[] = {5, 0}, connected[] = {5, 0, 0, 1, 127, 0, 0, 1, 0, 0};
  char text[512];
  while (with->greetings > 0 && recv(with->socket, text, with->greetings == 2 ? 3 : 10, 0) > 0) {
    const bool is_first = with->greetings-- == 2;
    (void)!send(with->socket, is_first ? chosen : connected,
                is_first ? sizeof chosen : sizeof connected, MSG_NOSIGNAL);
  }
}

static void serve_one(peer *one) {
  ssize_t size;
  greet(one);
  while (one->greetings == 0 && one->asked < REQUEST) {
    size = recv(one->socket, received, REQUEST - one->asked, 0);
    if (size <= 0) {
      if (size == 0 || errno != EAGAIN) {
        forget(one);
      }
      return;
    }
    for (ssize_t i = 0; i < size && one->asked + (size_t)i < sizeof one->number - 1; i++) {
      one->number[one->asked + (size_t)i] = (char)received[i];
    }
    one->asked += (size_t)size;
    one->wanted = strtoull(one->number, NULL, 10);
    one->is_endless = one->wanted == 0;
  }
  if (one->greetings == 0) {
    answer(one);
  }
}

static int open_listener(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 1024) != 0 ||
      getsockname(listener, (struct sockaddr *)&at, &size) != 0) {
    die("listen");
  }
  (void)printf("%u\n", (unsigned)ntohs(at.sin_port));
  (void)fflush(stdout);
  return listener;
}

static void serve(int greetings) {
  struct epoll_event events[EVENTS] = {{.events = EPOLLIN}};
  const int listener = open_listener();
  events[0].data.fd = listener;
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &events[0]);
  for (;;) { /* until its parent ends it */
    const int count = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      const int socket = events[i].data.fd;
      if (socket == listener) {
        int accepted;
        while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          watch(accepted)->greetings = greetings;
        }
      } else if (peers[socket]) {
        serve_one(peers[socket]);
      }
    }
  }
}

/* ---- The load ------------------------------------------------------------------------------- */

typedef struct load {
  struct sockaddr_in to;
  uint64_t wanted, answers, bytes;
} load;

static void begin(const load *of) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (made < 0 || (connect(made, (const struct sockaddr *)&of->to, sizeof of->to) != 0 &&
                   errno != EINPROGRESS)) {
    die("connect");
  }
  watch(made)->wanted = of->wanted;
}

static bool ask(peer *one) {
  char request[REQUEST];
  memset(request, '.', sizeof request);
  (void)snprintf(request, sizeof request, "%llu ", (unsigned long long)one->wanted);
  one->asked = send(one->socket, request, sizeof request, MSG_NOSIGNAL) == REQUEST ? REQUEST : 0;
  return one->asked == REQUEST;
}

static void load_one(load *of, peer *one) {
  ssize_t size;
  if (one->asked == 0 && !ask(one)) {
    if (errno == EAGAIN || errno == ENOTCONN) {
      return;
    }
    die("ask");
  }
  while ((size = recv(one->socket, received, sizeof received, 0)) > 0) {
    if (memcmp(received, pattern + one->passed % PATTERN, (size_t)size) != 0) {
      errno = EILSEQ;
      die("other bytes came than were sent");
    }
    one->passed += (uint64_t)size;
    of->bytes += (uint64_t)size;
  }
  if (size < 0 && errno == EAGAIN) {
    return;
  }
  if (size < 0 || one->passed != one->wanted) {
    die("an answer ended early");
  }
  forget(one);
  of->answers++;
  begin(of);
}

static void run_load(load *of, int concurrency, double seconds) {
  struct epoll_event events[EVENTS];
  double start = now(), end = start + WARM_UP;
  bool is_warm = false;
  for (int i = 0; i < concurrency; i++) {
    begin(of);
  }
  while (!is_warm || now() < end) {
    const int count = epoll_wait(poller, events, EVENTS, 100);
    for (int i = 0; i < count; i++) {
      if (peers[events[i].data.fd]) {
        load_one(of, peers[events[i].data.fd]);
      }
    }
    if (!is_warm && now() >= end) {
      is_warm = true;
      of->answers = of->bytes = 0;
      start = now();
      end = start + seconds;
    }
  }
  seconds = now() - start;
  (void)printf("%.1f\n", of->wanted == 0 ? (double)of->bytes / (1 << 20) / seconds
                                         : (double)of->answers / seconds);
}

int main(int count, char **words) {
  for (size_t i = 0; i < sizeof pattern; i++) {
    pattern[i] = (unsigned char)(i % PATTERN);
  }
  poller = epoll_create1(0);
  if (count == 2 && strcmp(words[1], "serve") == 0) {
    serve(0);
  } else if (count == 2 && strcmp(words[1], "socks") == 0) {
    serve(2);
  } else if (count == 7 && strcmp(words[1], "load") == 0) {
    load of = {.to = {.sin_family = AF_INET}, .wanted = strtoull(words[5], NULL, 10)};
    of.to.sin_port = htons((uint16_t)strtoul(words[3], NULL, 10));
    if (inet_pton(AF_INET, words[2], &of.to.sin_addr) == 1) {
      run_load(&of, (int)strtol(words[4], NULL, 10), strtod(words[6], NULL));
      return EXIT_SUCCESS;
    }
  }
  (void)fprintf(stderr,
                "usage: relay_peer serve | socks | load HOST PORT CONCURRENCY BYTES SECONDS\n");
  return EXIT_FAILURE;
}
