/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_SCENE_H
#define REFERENCE_SCENE_H

/*
 * What the tests of the reference proxy share: the proxy in its own threads, a client and a server
 * in the test's, and a service that redirects the one to the other. Whatever cannot be fails the
 * test; ctest ends one that waits in vain.
 */

#include "conntrail/emu.h"
#include "proxy.h"

enum { SCENE_SHUT_SENDING = 1 };

typedef struct scene {
  conntrail_emu *emu;
  conntrail_emu_service *acme;
  conntrail_socket server; /* listens; its destination leads here */
  proxy_config config;
  proxy_log log; /* it is discarded */
  proxy *proxy;
} scene;

/* The proxy is not started: a test may change its configuration first. The second for
 * 93.184.216.34:80. */
scene *scene_make(const char *loopback, const char *destination);
scene *scene_make_4(void);
void scene_start(scene *here, const char *rule);
void scene_start_4(scene *here);
/* There was no misuse. */
counters scene_stop(scene *here);

struct sockaddr_storage scene_address(const char *text);
/* Listens at a port that the system chooses, with room for so many that wait to be accepted. */
conntrail_socket scene_open_server(const char *family, int waiting,
                                   struct sockaddr_storage *address);
conntrail_socket scene_connect(const char *where);
/* The next connection that reaches the server. */
conntrail_socket scene_next(const scene *here);
void scene_close(conntrail_socket closed);

/* The byte at a place of what is sent. */
unsigned char scene_byte(size_t place);
void scene_send(conntrail_socket to, size_t size);
void scene_expect(conntrail_socket from, size_t size);
void scene_expect_end(conntrail_socket from);
void scene_wait_until_ended(const scene *here, uint64_t wanted);

#endif
