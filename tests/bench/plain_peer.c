/* SPDX-License-Identifier: MIT */
/* An unmodified program: it knows nothing of conntrail. plain_peer listen PORT; plain_peer connect
 * HOST PORT COUNT, which prints how many seconds that took. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static struct sockaddr_in address_of(const char *host, const char *port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
  (void)inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

static int serve(const char *port) {
  struct sockaddr_in address = address_of("127.0.0.1", port);
  int on = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, BACKLOG) != 0) {
    return EXIT_FAILURE;
  }
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
      return EXIT_FAILURE;
    }
    close(fd);
  }
}

/* Waits for the other side's close, so that both sides' work is counted. */
static int connect_once(const struct sockaddr_in *address) {
  char byte;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int result = connect(fd, (const struct sockaddr *)address, sizeof *address);
  if (result == 0) {
    result = read(fd, &byte, 1) == 0 ? 0 : -1;
  }
  close(fd);
  return result;
}

int main(int count, char **arguments) {
  struct timespec begin;
  struct timespec end;
  if (count == 3 && strcmp(arguments[1], "listen") == 0) {
    return serve(arguments[2]);
  }
  if (count != 5 || strcmp(arguments[1], "connect") != 0) {
    return 2;
  }
  struct sockaddr_in address = address_of(arguments[2], arguments[3]);
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  for (long i = strtol(arguments[4], NULL, 10); i > 0; i--) {
    if (connect_once(&address) != 0) {
      perror("plain_peer: connect");
      return EXIT_FAILURE;
    }
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.6f\n",
         (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
  return EXIT_SUCCESS;
}
