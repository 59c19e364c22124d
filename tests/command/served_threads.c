/* SPDX-License-Identifier: MIT */
/*
 * Many threads of one process under a service; linked with conntrail, so that a sanitizer sees the
 * library's own part of it.
 *
 *   served_threads serve            four threads accept at one listener, and say what they read
 *   served_threads ask HOST PORT    eight threads ask 50 times each; prints how many were answered
 */

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrail/conntrail.h"

enum { SERVING = 4, ASKING = 8, TIMES = 50, SIZE = 8 };

static struct sockaddr_in destination;

/* What one thread did. */
typedef struct work {
  int listener;
  uint32_t number;
  unsigned answered;
} work;

static void *serve(void *given) {
  const work *mine = given;
  for (;;) { /* until whoever started it ends it */
    char bytes[SIZE];
    const int fd = accept(mine->listener, NULL, NULL);
    if (fd < 0) {
      return NULL;
    }
    if (recv(fd, bytes, sizeof bytes, MSG_WAITALL) == SIZE) {
      (void)send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
    }
    close(fd);
  }
}

/* The peer must be the one that was asked for, whoever it really is. */
static int ask_once(uint32_t number, uint32_t time) {
  const uint32_t said[2] = {number, time};
  uint32_t heard[2] = {0, 0};
  struct sockaddr_in peer = {0};
  socklen_t size = sizeof peer;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int is_good =
      fd >= 0 && connect(fd, (struct sockaddr *)&destination, sizeof destination) == 0 &&
      getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
      peer.sin_addr.s_addr == destination.sin_addr.s_addr &&
      peer.sin_port == destination.sin_port && send(fd, said, sizeof said, MSG_NOSIGNAL) == SIZE &&
      recv(fd, heard, sizeof heard, MSG_WAITALL) == SIZE && memcmp(said, heard, sizeof said) == 0;
  if (fd >= 0) {
    close(fd);
  }
  return is_good;
}

static void *ask(void *given) {
  work *mine = given;
  for (uint32_t i = 0; i < TIMES; i++) {
    mine->answered += ask_once(mine->number, i) ? 1 : 0;
  }
  return NULL;
}

static void run(void *(*what)(void *), work *each, uint32_t count) {
  pthread_t threads[ASKING];
  for (uint32_t i = 0; i < count; i++) {
    each[i].number = i;
    if (pthread_create(&threads[i], NULL, what, &each[i]) != 0) {
      exit(EXIT_FAILURE);
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
  }
}

static int serve_all(void) {
  work each[SERVING] = {{0, 0, 0}};
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&any, sizeof any) != 0 || listen(listener, 64) != 0) {
    perror("served_threads");
    return EXIT_FAILURE;
  }
  for (int i = 0; i < SERVING; i++) {
    each[i].listener = listener;
  }
  run(serve, each, SERVING);
  return EXIT_SUCCESS;
}

static int ask_all(const char *host, const char *port) {
  work each[ASKING] = {{0, 0, 0}};
  unsigned answered = 0;
  destination.sin_family = AF_INET;
  destination.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
  if (inet_pton(AF_INET, host, &destination.sin_addr) != 1) {
    return EXIT_FAILURE;
  }
  run(ask, each, ASKING);
  for (int i = 0; i < ASKING; i++) {
    answered += each[i].answered;
  }
  printf("%u of %d\n", answered, ASKING * TIMES);
  return answered == ASKING * TIMES ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **words) {
  if (conntrail_version() != CONNTRAIL_VERSION) { /* so that the library is linked */
    return EXIT_FAILURE;
  }
  if (count == 2 && strcmp(words[1], "serve") == 0) {
    return serve_all();
  }
  if (count == 4 && strcmp(words[1], "ask") == 0) {
    return ask_all(words[2], words[3]);
  }
  fprintf(stderr, "usage: served_threads serve | ask HOST PORT\n");
  return EXIT_FAILURE;
}
