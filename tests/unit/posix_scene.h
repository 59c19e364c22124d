/* SPDX-License-Identifier: MIT */
#ifndef POSIX_SCENE_H
#define POSIX_SCENE_H

/* What the tests of UDP share: a client, a proxy of each family, and messages. */

#include "conntrail/datagram.h"
#include "posix_support.h"

enum { PORT = 53, ROOM = 2048 };

/* "acme" takes 93.184.216.0/24 and 2606:2800::/32 at port 53 to its proxy. */
typedef struct scene {
  conntrail_emu *emu;
  conntrail_emu_service *acme;
  int proxy4;
  int proxy6;
  int client;
} scene;

/* Receives end by themselves after five seconds. */
int datagram_socket(int family);
int bound_socket(int family);
scene scene_create(void);
void scene_destroy(scene *s);

/* To port 53 of a host; to an address. */
void send_text(int fd, const char *text, const char *host);
void answer_text(int fd, const char *text, const struct sockaddr_storage *to);

/* A message as a proxy receives it. */
typedef struct got {
  conntrail_message message;
  conntrail_buffer piece;
  char text[ROOM];
  unsigned char records[1024];
  unsigned char context[512];
} got;

conntrail_status receive(int fd, got *g);
void receive_first(int fd, got *g, const char *text, const char *destination);
void receive_later(int fd, got *g, const char *text);

/* The sender of the next datagram, as recvfrom returns it. */
const char *sender_text(int fd, const char *text);

#endif
