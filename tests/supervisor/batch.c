/* SPDX-License-Identifier: MIT */
/* Datagrams by sendmmsg and recvmmsg: batch, which asks 192.0.2.7:7 for an echo of four; batch echo
 * PORT, which gives it. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MESSAGES = 4, ROOM = 16, LENGTH = 9 };

static struct sockaddr_in address_of(const char *host, unsigned long port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  (void)inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

/* Who listens nowhere by TCP is not waited for. */
static int echo(const char *port) {
  const struct sockaddr_in own = address_of("127.0.0.1", strtoul(port, NULL, 10));
  const struct sockaddr_in any = address_of("127.0.0.1", 0);
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  int door = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(s, (const struct sockaddr *)&own, sizeof own) != 0 ||
      bind(door, (const struct sockaddr *)&any, sizeof any) != 0 || listen(door, 1) != 0) {
    return EXIT_FAILURE;
  }
  for (;;) {
    char data[ROOM];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(s, data, sizeof data, 0, (struct sockaddr *)&from, &size);
    if (length < 0 || sendto(s, data, (size_t)length, 0, (struct sockaddr *)&from, size) < 0) {
      return EXIT_FAILURE;
    }
  }
}

static void prepare(struct mmsghdr *messages, struct iovec *pieces, char data[][ROOM],
                    struct sockaddr_in *names, size_t size) {
  memset(messages, 0, MESSAGES * sizeof *messages);
  for (int i = 0; i < MESSAGES; i++) {
    pieces[i] = (struct iovec){data[i], size};
    messages[i].msg_hdr.msg_name = &names[i];
    messages[i].msg_hdr.msg_namelen = sizeof names[i];
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
}

static int send_all(int s, struct sockaddr_in *there) {
  struct mmsghdr messages[MESSAGES];
  struct iovec pieces[MESSAGES];
  char data[MESSAGES][ROOM];
  prepare(messages, pieces, data, there, LENGTH);
  for (int i = 0; i < MESSAGES; i++) {
    memcpy(data[i], "number ?", LENGTH);
    data[i][LENGTH - 2] = (char)('0' + i);
  }
  return sendmmsg(s, messages, MESSAGES, 0);
}

/* In order, each from where it was sent to. Answers how many came; negative: something is wrong. */
static int receive_all(int s, const struct sockaddr_in *there) {
  int count = 0;
  while (count < MESSAGES) {
    struct mmsghdr messages[MESSAGES];
    struct iovec pieces[MESSAGES];
    char data[MESSAGES][ROOM];
    char wanted[2 * ROOM];
    struct sockaddr_in names[MESSAGES];
    prepare(messages, pieces, data, names, ROOM);
    int some = recvmmsg(s, messages, (unsigned)(MESSAGES - count), MSG_WAITFORONE, NULL);
    for (int i = 0; i < some; i++, count++) {
      (void)snprintf(wanted, sizeof wanted, "number %d", count);
      if (messages[i].msg_len != LENGTH || memcmp(data[i], wanted, LENGTH) != 0 ||
          memcmp(&names[i], there, sizeof *there) != 0) {
        return -1;
      }
    }
    if (some <= 0) {
      return -1;
    }
  }
  return count;
}

int main(int count, char **arguments) {
  struct sockaddr_in there[MESSAGES];
  if (count == 3 && strcmp(arguments[1], "echo") == 0) {
    return echo(arguments[2]);
  }
  for (int i = 0; i < MESSAGES; i++) {
    there[i] = address_of("192.0.2.7", 7);
  }
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  int sent = send_all(s, there);
  int came = receive_all(s, there);
  printf("%d sent, %d came\n", sent, came);
  return sent == MESSAGES && came == MESSAGES ? EXIT_SUCCESS : EXIT_FAILURE;
}
