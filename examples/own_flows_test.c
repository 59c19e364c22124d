/* SPDX-License-Identifier: MIT */
/* A flow of the proxy's own is recognised by its port and its destination together. */
#include <string.h>

#include <event2/util.h>

#include "conntrail/conntrail.h"
#include "loopback.h"
#include "own_flows.h"
#include "run_tests.h"
#include "system.h"

typedef struct outgoing {
  conntrail_socket socket;
  struct sockaddr_storage address;
} outgoing;

static struct sockaddr_storage at(const char *text) {
  struct sockaddr_storage address;
  int size = sizeof address;
  memset(&address, 0, sizeof address);
  ck_assert_int_eq(evutil_parse_sockaddr_port(text, (struct sockaddr *)&address, &size), 0);
  return address;
}

static outgoing open_outgoing(void) {
  const struct sockaddr *any = loopback_any_port();
  outgoing opened = {.socket = socket(AF_INET, SOCK_DGRAM, 0)};
  ev_socklen_t size = sizeof opened.address;
  ck_assert_int_eq(bind(opened.socket, any, sizeof(struct sockaddr_in)), 0);
  memset(&opened.address, 0, sizeof opened.address);
  ck_assert_int_eq(getsockname(opened.socket, (struct sockaddr *)&opened.address, &size), 0);
  return opened;
}

/* Linux gives one port to sockets with different destinations: that one is a client's. */
START_TEST(the_same_port_to_another_destination_is_not_own) {
  own_flows *all = own_flows_new();
  outgoing out = open_outgoing(), other = open_outgoing();
  const struct sockaddr_storage web = at("93.184.216.34:80"), port = at("93.184.216.34:81"),
                                host = at("93.184.216.35:80"), six = at("[2606:2800::1]:80");
  const int added = own_flows_add(all, out.socket, &web);
  ck_assert_int_ne(added, OWN_FLOWS_NONE);
  ck_assert(own_flows_has(all, &out.address, &web));
  ck_assert(!own_flows_has(all, &out.address, &port));
  ck_assert(!own_flows_has(all, &out.address, &host));
  ck_assert(!own_flows_has(all, &out.address, &six));
  ck_assert(!own_flows_has(all, &other.address, &web));
  own_flows_remove(all, added);
  ck_assert(!own_flows_has(all, &out.address, &web));
  evutil_closesocket((evutil_socket_t)other.socket);
  evutil_closesocket((evutil_socket_t)out.socket);
  own_flows_free(all);
}
END_TEST

START_TEST(an_ipv4_address_of_an_ipv6_socket_is_the_same) {
  own_flows *all = own_flows_new();
  outgoing out = open_outgoing();
  const struct sockaddr_storage web = at("93.184.216.34:80"),
                                mapped = at("[::ffff:93.184.216.34]:80");
  own_flows_add(all, out.socket, &web);
  ck_assert(own_flows_has(all, &out.address, &mapped));
  evutil_closesocket((evutil_socket_t)out.socket);
  own_flows_free(all);
}
END_TEST

/* A client of another host is not this proxy, whatever its port. Wine says of every address that it
 * is this host's. */
START_TEST(another_host_is_not_own) {
  own_flows *all = own_flows_new();
  outgoing out = open_outgoing();
  const struct sockaddr_storage web = at("93.184.216.34:80");
  struct sockaddr_storage elsewhere = at("198.51.100.7:1");
  ((struct sockaddr_in *)&elsewhere)->sin_port = ((struct sockaddr_in *)&out.address)->sin_port;
  own_flows_add(all, out.socket, &web);
  ck_assert_int_eq(own_flows_has(all, &elsewhere, &web), system_has_address(&elsewhere));
  evutil_closesocket((evutil_socket_t)out.socket);
  own_flows_free(all);
}
END_TEST

/* Each is found, and each removal frees its place for the next. */
START_TEST(many_flows_come_and_go) {
  own_flows *all = own_flows_new();
  outgoing out = open_outgoing();
  for (int round = 0; round < 40; round++) {
    int added[50];
    for (int i = 0; i < 50; i++) {
      struct sockaddr_storage to = at("93.184.0.0:80");
      ((struct sockaddr_in *)&to)->sin_port = htons((unsigned short)(i + 1));
      added[i] = own_flows_add(all, out.socket, &to);
      ck_assert_int_ne(added[i], OWN_FLOWS_NONE);
      ck_assert(own_flows_has(all, &out.address, &to));
    }
    for (int i = 0; i < 50; i++) {
      own_flows_remove(all, added[i]);
    }
  }
  evutil_closesocket((evutil_socket_t)out.socket);
  own_flows_free(all);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("own flows");
  tcase_add_test(cases, the_same_port_to_another_destination_is_not_own);
  tcase_add_test(cases, an_ipv4_address_of_an_ipv6_socket_is_the_same);
  tcase_add_test(cases, another_host_is_not_own);
  tcase_add_test(cases, many_flows_come_and_go);
  return run_tests(cases);
}
