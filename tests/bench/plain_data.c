/* SPDX-License-Identifier: MIT */
/*
 * An unmodified program that moves data: it knows nothing of conntrail.
 *
 *   plain_data sink PORT              accepts, and reads all that comes
 *   plain_data send HOST PORT COUNT   one connection, so many MiB
 *   plain_data echo PORT              sends each datagram back to where it came from
 *   plain_data ask HOST PORT COUNT    so many round trips, one after the other, by sendto and
 * recvfrom
 *
 * send and ask print how many seconds that took.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MEBIBYTE = 1024 * 1024, CHUNK = 64 * 1024, DATAGRAM = 64 };

static char chunk[CHUNK];

static struct sockaddr_in address_of(const char *host, const char *port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
  (void)inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

/* A bound socket, or -1. */
static int bound(int type, const char *port) {
  struct sockaddr_in address = address_of("127.0.0.1", port);
  int fd = socket(AF_INET, type, 0);
  return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static int sink(const char *port) {
  int listener = bound(SOCK_STREAM, port);
  if (listener < 0 || listen(listener, 1) != 0) {
    return EXIT_FAILURE;
  }
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
      return EXIT_FAILURE;
    }
    while (read(fd, chunk, sizeof chunk) > 0) {
    }
    close(fd);
  }
}

static int echo(const char *port) {
  int fd = bound(SOCK_DGRAM, port);
  if (fd < 0) {
    return EXIT_FAILURE;
  }
  for (;;) {
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    ssize_t count = recvfrom(fd, chunk, sizeof chunk, 0, (struct sockaddr *)&from, &size);
    if (count < 0 || sendto(fd, chunk, (size_t)count, 0, (struct sockaddr *)&from, size) != count) {
      return EXIT_FAILURE;
    }
  }
}

/* Until the other end has read all of it. */
static bool send_all(const struct sockaddr_in *address, long mebibytes) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  bool is_sent = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
  for (long left = mebibytes * (MEBIBYTE / CHUNK); is_sent && left > 0; left--) {
    is_sent = send(fd, chunk, sizeof chunk, 0) == (ssize_t)sizeof chunk;
  }
  is_sent = is_sent && shutdown(fd, SHUT_WR) == 0 && read(fd, chunk, 1) == 0;
  close(fd);
  return is_sent;
}

static bool ask_all(const struct sockaddr_in *address, long count) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  bool is_answered = true;
  for (long left = count; is_answered && left > 0; left--) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    is_answered =
        sendto(fd, chunk, DATAGRAM, 0, (const struct sockaddr *)address, sizeof *address) ==
            DATAGRAM &&
        recvfrom(fd, chunk, sizeof chunk, 0, (struct sockaddr *)&from, &size) == DATAGRAM &&
        from.sin_addr.s_addr == address->sin_addr.s_addr;
  }
  close(fd);
  return is_answered;
}

int main(int count, char **arguments) {
  struct timespec begin;
  struct timespec end;
  if (count == 3) {
    return strcmp(arguments[1], "sink") == 0 ? sink(arguments[2]) : echo(arguments[2]);
  }
  if (count != 5) {
    return 2;
  }
  struct sockaddr_in address = address_of(arguments[2], arguments[3]);
  long amount = strtol(arguments[4], NULL, 10);
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  bool is_done =
      strcmp(arguments[1], "send") == 0 ? send_all(&address, amount) : ask_all(&address, amount);
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  if (!is_done) {
    perror("plain_data");
    return EXIT_FAILURE;
  }
  printf("%.6f\n",
         (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
  return EXIT_SUCCESS;
}
