/* SPDX-License-Identifier: MIT */
#include "reference_scene.h"

#include <stdlib.h>
#include <string.h>

#include <event2/util.h>

#include "address.h"
#include "run_tests.h"
#include "system.h"

static void drop_line(log_level level, const char *line, void *unused) {
  (void)level, (void)line, (void)unused;
}

struct sockaddr_storage scene_address(const char *text) {
  struct sockaddr_storage address;
  ck_assert(address_parse(text, &address));
  return address;
}

conntrail_socket scene_open_server(const char *family, int waiting,
                                   struct sockaddr_storage *address) {
  ev_socklen_t size = sizeof *address;
  *address = scene_address(family);
  conntrail_socket made = socket(address->ss_family, SOCK_STREAM, IPPROTO_TCP);
  ck_assert_int_eq(bind(made, (struct sockaddr *)address, address_size(address)), 0);
  ck_assert_int_eq(listen(made, waiting), 0);
  ck_assert_int_eq(getsockname(made, (struct sockaddr *)address, &size), 0);
  return made;
}

scene *scene_make(const char *loopback, const char *destination) {
  struct sockaddr_storage server;
  scene *here = calloc(1, sizeof *here);
  here->log = (proxy_log){LOG_LEVEL_WARNING, drop_line, NULL};
  ck_assert(system_begin());
  config_defaults(&here->config);
  here->config.listen[0].address = scene_address(loopback);
  here->config.listen_count = 1;
  here->emu = conntrail_emu_create(NULL);
  here->acme = conntrail_emu_add_service(here->emu, "acme", NULL);
  here->server = scene_open_server(loopback, 100, &server);
  ck_assert_int_eq(conntrail_emu_route(here->emu, destination, (struct sockaddr *)&server), 0);
  return here;
}

void scene_start(scene *here, const char *rule) {
  here->proxy = proxy_start(&here->config, &here->log);
  ck_assert_ptr_nonnull(here->proxy);
  ck_assert_int_eq(conntrail_emu_redirect(here->acme, rule,
                                          (const struct sockaddr *)proxy_address(here->proxy, 0)),
                   CONNTRAIL_OK);
}

scene *scene_make_4(void) {
  return scene_make("127.0.0.1:0", "93.184.216.34:80");
}

void scene_start_4(scene *here) {
  scene_start(here, "tcp 93.184.216.34 port 80");
}

counters scene_stop(scene *here) {
  counters last;
  proxy_stop(here->proxy, &last);
  ck_assert_uint_eq(conntrail_emu_count(here->emu, CONNTRAIL_EMU_MISUSE), 0);
  evutil_closesocket((evutil_socket_t)here->server);
  conntrail_emu_destroy(here->emu);
  free(here);
  return last;
}

conntrail_socket scene_connect(const char *where) {
  struct sockaddr_storage to = scene_address(where);
  conntrail_socket made = socket(to.ss_family, SOCK_STREAM, IPPROTO_TCP);
  ck_assert_int_eq(connect(made, (struct sockaddr *)&to, address_size(&to)), 0);
  return made;
}

conntrail_socket scene_next(const scene *here) {
  conntrail_socket accepted = accept(here->server, NULL, NULL);
  ck_assert(accepted != CONNTRAIL_INVALID_SOCKET);
  return accepted;
}

void scene_close(conntrail_socket closed) {
  evutil_closesocket((evutil_socket_t)closed);
}

unsigned char scene_byte(size_t place) {
  return (unsigned char)(place * 31 + place / 251);
}

void scene_send(conntrail_socket to, size_t size) {
  unsigned char *bytes = malloc(size);
  for (size_t i = 0; i < size; i++) {
    bytes[i] = scene_byte(i);
  }
  for (size_t sent = 0; sent < size;) {
    const ptrdiff_t more = system_send(to, bytes + sent, size - sent);
    ck_assert_int_gt(more, 0);
    sent += (size_t)more;
  }
  free(bytes);
}

void scene_expect(conntrail_socket from, size_t size) {
  unsigned char bytes[4096];
  bool are_same = true; /* one assertion: Check writes a line for each */
  for (size_t received = 0; received < size;) {
    const size_t left = size - received;
    const ptrdiff_t more = system_receive(from, bytes, left < sizeof bytes ? left : sizeof bytes);
    if (more <= 0) {
      ck_abort_msg("it ended after %lu bytes", (unsigned long)received);
    }
    for (size_t i = 0; i < (size_t)more; i++) {
      are_same = are_same && bytes[i] == scene_byte(received + i);
    }
    received += (size_t)more;
  }
  ck_assert(are_same);
}

void scene_expect_end(conntrail_socket from) {
  char byte;
  ck_assert_int_eq(system_receive(from, &byte, 1), 0);
}

void scene_wait_until_ended(const scene *here, uint64_t wanted) {
  counters sum;
  do { /* ctest ends a test that waits in vain */
    proxy_count(here->proxy, &sum);
  } while (count_of(&sum, COUNTER_ended) < wanted || count_of(&sum, COUNTER_open) > 0);
}
