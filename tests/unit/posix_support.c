/* SPDX-License-Identifier: MIT */
#include "posix_support.h"

struct sockaddr_storage address_of(const char *text, unsigned port) {
  struct sockaddr_storage storage;
  memset(&storage, 0, sizeof storage);
  struct sockaddr_in *in = (struct sockaddr_in *)&storage;
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
  if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
  } else {
    ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons((uint16_t)port);
  }
  return storage;
}

const char *address_text(const struct sockaddr_storage *address) {
  static _Thread_local char texts[4][80];
  static _Thread_local unsigned turn;
  char *text = texts[turn++ % 4];
  char host[INET6_ADDRSTRLEN] = "?";
  const struct sockaddr_in *in = (const struct sockaddr_in *)address;
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
  if (address->ss_family == AF_INET) {
    inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
    snprintf(text, sizeof texts[0], "%s:%u", host, ntohs(in->sin_port));
  } else if (address->ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
    snprintf(text, sizeof texts[0], "[%s]:%u", host, ntohs(in6->sin6_port));
  } else {
    snprintf(text, sizeof texts[0], "family %d", address->ss_family);
  }
  return text;
}

socklen_t address_size(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

struct sockaddr_storage local_address(int fd) {
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  memset(&storage, 0, sizeof storage);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&storage, &size), 0);
  return storage;
}

int stream_socket(int family) {
  int fd = socket(family, SOCK_STREAM, 0);
  ck_assert_int_ge(fd, 0);
  return fd;
}

int listening_socket(int family) {
  struct sockaddr_storage any = address_of(family == AF_INET ? "127.0.0.1" : "::1", 0);
  int fd = stream_socket(family);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, address_size(&any)), 0);
  ck_assert_int_eq(listen(fd, 64), 0);
  return fd;
}

int connect_to(int fd, const char *text, unsigned port) {
  struct sockaddr_storage to = address_of(text, port);
  return connect(fd, (struct sockaddr *)&to, address_size(&to)) == 0 ? 0 : errno;
}

const char *peer_text(int fd) {
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  memset(&storage, 0, sizeof storage);
  if (getpeername(fd, (struct sockaddr *)&storage, &size) != 0) {
    return strerrorname_np(errno);
  }
  ck_assert_uint_eq(size, address_size(&storage));
  return address_text(&storage);
}

void make_nonblocking(int fd) {
  ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

int accept_one(int listener) {
  int fd = accept(listener, NULL, NULL);
  ck_assert_int_ge(fd, 0);
  return fd;
}

world world_create(void) {
  world w;
  w.emu = conntrail_emu_create(NULL);
  ck_assert_msg(w.emu != NULL, "%s", conntrail_emu_refusal());
  w.acme = conntrail_emu_add_service(w.emu, "acme", NULL);
  ck_assert_ptr_nonnull(w.acme);
  w.proxy4 = listening_socket(AF_INET);
  w.proxy6 = listening_socket(AF_INET6);
  struct sockaddr_storage to4 = local_address(w.proxy4);
  struct sockaddr_storage to6 = local_address(w.proxy6);
  ck_assert_int_eq(
      conntrail_emu_redirect(w.acme, "tcp 93.184.216.0/24 port 80", (struct sockaddr *)&to4),
      CONNTRAIL_OK);
  ck_assert_int_eq(
      conntrail_emu_redirect(w.acme, "tcp 2606:2800::/32 port 80", (struct sockaddr *)&to6),
      CONNTRAIL_OK);
  return w;
}

void world_destroy(world *w) {
  close(w->proxy4);
  close(w->proxy6);
  conntrail_emu_destroy(w->emu);
}

int run_tests(const char *name, const TTest *const *tests, size_t count) {
  Suite *suite = suite_create(name);
  TCase *tcase = tcase_create(name);
  tcase_set_timeout(tcase, 0); /* ctest has one */
  for (size_t i = 0; i < count; i++) {
    tcase_add_test(tcase, tests[i]);
  }
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  bool all_passed = srunner_ntests_failed(runner) == 0 && srunner_ntests_run(runner) == (int)count;
  srunner_free(runner);
  return all_passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
