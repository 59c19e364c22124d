/* SPDX-License-Identifier: MIT */
#include "endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "rules.h"

enum { SKIPPED = 77, PATIENCE_SECONDS = 20 };

struct sockaddr_storage address_of(const char *text) {
  char host[64];
  struct sockaddr_storage address = {0};
  struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
  const char *colon = strrchr(text, ':');
  bool is_v6 = text[0] == '[';
  ck_assert_ptr_nonnull(colon);
  uint16_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
  int size = (int)(colon - text) - (is_v6 ? 2 : 0);
  snprintf(host, sizeof host, "%.*s", size, text + (is_v6 ? 1 : 0));
  char *scope = strchr(host, '%');
  if (scope != NULL) {
    v6->sin6_scope_id = (uint32_t)strtoul(scope + 1, NULL, 10);
    *scope = 0;
  }
  if (is_v6) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    ck_assert_int_eq(inet_pton(AF_INET6, host, &v6->sin6_addr), 1);
  } else {
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    ck_assert_int_eq(inet_pton(AF_INET, host, &v4->sin_addr), 1);
  }
  return address;
}

address_text text_of(const struct sockaddr_storage *address) {
  address_text written = {"no address"};
  char host[INET6_ADDRSTRLEN];
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
  char scope[16] = "";
  if (address->ss_family == AF_INET) {
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    snprintf(written.text, sizeof written.text, "%s:%u", host, ntohs(v4->sin_port));
  } else if (address->ss_family == AF_INET6) {
    if (v6->sin6_scope_id != 0) {
      snprintf(scope, sizeof scope, "%%%u", v6->sin6_scope_id);
    }
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    snprintf(written.text, sizeof written.text, "[%s%s]:%u", host, scope, ntohs(v6->sin6_port));
  }
  return written;
}

socklen_t size_of(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* The hard limit stays, and is what the limit was. */
void allow_descriptors(bool are_allowed) {
  struct rlimit limit;
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = are_allowed ? limit.rlim_max : 0;
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* A test that would hang fails instead. */
static void bound_waiting(int fd) {
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
}

static int open_socket(int family, int protocol) {
  int fd = socket(family, protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM, protocol);
  ck_assert_int_ge(fd, 0);
  bound_waiting(fd);
  return fd;
}

int open_listener(listener_kind kind, int protocol, unsigned flags) {
  int only_v6 = kind == IPV6;
  int mark = EXEMPT_MARK;
  int fd = open_socket(kind == IPV4 ? AF_INET : AF_INET6, protocol);
  struct sockaddr_storage name = {.ss_family = kind == IPV4 ? AF_INET : AF_INET6};
  ck_assert_uint_eq(conntrail__backend_prepare_listener(fd, flags), 0);
  if (kind != IPV4) {
    ck_assert_int_eq(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6), 0);
  }
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark), 0);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, size_of(&name)), 0);
  if (protocol != IPPROTO_UDP) {
    ck_assert_int_eq(listen(fd, 8), 0);
  }
  return fd;
}

uint16_t port_of(int fd) {
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
  return ntohs(name.ss_family == AF_INET ? ((struct sockaddr_in *)&name)->sin_port
                                         : ((struct sockaddr_in6 *)&name)->sin6_port);
}

address_text on_link(const char *host, network_host end, unsigned port) {
  address_text written;
  snprintf(written.text, sizeof written.text, "[%s%%%u]:%u", host, network_interface(end), port);
  return written;
}

address_text at_port_of(const char *host, int listener) {
  address_text written;
  snprintf(written.text, sizeof written.text, "%s:%u", host, port_of(listener));
  return written;
}

int open_client(network_host host, const char *to, int protocol) {
  network_enter(host);
  int fd = open_socket(to[0] == '[' ? AF_INET6 : AF_INET, protocol);
  network_enter(PROXY_HOST);
  return fd;
}

int connect_from(network_host host, int protocol, const char *to) {
  struct sockaddr_storage address = address_of(to);
  int fd = open_client(host, to, protocol);
  ck_assert_msg(connect(fd, (struct sockaddr *)&address, size_of(&address)) == 0, "%s: %s", to,
                strerror(errno));
  return fd;
}

int accept_one(int listener) {
  int fd = accept(listener, NULL, NULL);
  ck_assert_int_ge(fd, 0);
  bound_waiting(fd);
  return fd;
}

address_text receive_text(int fd, const char *text) {
  char bytes[64] = "";
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  ssize_t received = recvfrom(fd, bytes, sizeof bytes - 1, 0, (struct sockaddr *)&from, &size);
  ck_assert_msg(received >= 0, "waiting for \"%s\": %s", text, strerror(errno));
  ck_assert_str_eq(bytes, text);
  return text_of(&from);
}

int kernel_main(const char *name, const TTest *const *tests, int count, bool (*is_possible)(void)) {
  network_reason why;
  if (!network_is_possible(&why)) {
    printf("SKIPPED %s: %s\n", name, why.text);
    return SKIPPED;
  }
  if (is_possible != NULL && !is_possible()) {
    printf("SKIPPED %s: this kernel has none\n", name);
    return SKIPPED;
  }
  Suite *suite = suite_create(name);
  TCase *tcase = tcase_create(name);
  tcase_add_checked_fixture(tcase, network_create, NULL);
  for (int i = 0; i < count; i++) {
    tcase_add_test(tcase, tests[i]);
  }
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  bool is_good = srunner_ntests_failed(runner) == 0 && srunner_ntests_run(runner) == count;
  srunner_free(runner);
  return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
