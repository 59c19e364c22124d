/* SPDX-License-Identifier: MIT */
/* conntrail_emu_load_scenario: the file of conntrail-emu in a test of this process. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "conntrail/emu_files.h"
#include "unit_main.h"

enum { CLIENT = 40004711, HELPER = 40004713 };

/* Ports of the scenario's destinations: they are never bound. */
enum { WEB = 80, BLOCKED = 9 };

static const char name[] = "posix_scenario_test.json";
static conntrail_emu *emu;

static void write_file(const char *text) {
  FILE *file = fopen(name, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
  ck_assert_int_eq(fclose(file), 0);
}

static void begin(void) {
  emu = NULL;
}

static void end(void) {
  conntrail_emu_destroy(emu);
  (void)remove(name);
}

/* As a test that uses the file: its options first. */
static void create(const char *path) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  ck_assert_msg(conntrail_emu_read_options(path, &options) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
  emu = conntrail_emu_create(&options);
  ck_assert_msg(emu != NULL, "%s", conntrail_emu_refusal());
}

static int listen_at(struct sockaddr_in *address) {
  int made = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t size = sizeof *address;
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  ck_assert_int_eq(bind(made, (struct sockaddr *)address, size), 0);
  ck_assert_int_eq(listen(made, 8), 0);
  ck_assert_int_eq(getsockname(made, (struct sockaddr *)address, &size), 0);
  return made;
}

static int connect_as(uint32_t process) {
  struct sockaddr_in wanted = {.sin_family = AF_INET, .sin_port = htons(WEB)};
  ck_assert_int_eq(inet_pton(AF_INET, "93.184.216.34", &wanted.sin_addr), 1);
  ck_assert_int_eq(conntrail_emu_act_as(process, NULL), CONNTRAIL_OK);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(connect(client, (struct sockaddr *)&wanted, sizeof wanted), 0);
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
  return client;
}

/* Accepts, and connects onward with the records, if there are some to carry. */
static int pass_on(int listener) {
  struct sockaddr_storage destination;
  int accepted = accept(listener, NULL, NULL);
  int outbound = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(conntrail_original_destination(accepted, &destination), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail_transfer_records(accepted, outbound), CONNTRAIL_OK);
  ck_assert_int_eq(connect(outbound, (struct sockaddr *)&destination, sizeof(struct sockaddr_in)),
                   0);
  ck_assert_int_eq(close(accepted), 0);
  return outbound;
}

static uint64_t count(conntrail_emu_event_kind kind) {
  return conntrail_emu_count(emu, kind);
}

START_TEST(an_example_of_the_command_serves_a_test) {
  struct sockaddr_in acme;
  struct sockaddr_in bravo;
  struct sockaddr_in origin;
  create(TWO_VENDORS);
  const int listeners[] = {listen_at(&acme), listen_at(&bravo), listen_at(&origin)};
  const conntrail_emu_place places[] = {{"acme-proxy", (struct sockaddr *)&acme, 0},
                                        {"bravo-proxy", (struct sockaddr *)&bravo, 0},
                                        {"origin", (struct sockaddr *)&origin, 0}};
  ck_assert_msg(conntrail_emu_load_scenario(emu, TWO_VENDORS, places, 3) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
  const int sockets[] = {connect_as(CLIENT), pass_on(listeners[0]), pass_on(listeners[1]),
                         accept(listeners[2], NULL, NULL)};
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REDIRECTED), 2);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_DELIVERED), 1);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_MISUSE), 0);
  for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
    ck_assert_int_eq(close(sockets[i]), 0);
  }
  for (size_t i = 0; i < sizeof listeners / sizeof listeners[0]; i++) {
    ck_assert_int_eq(close(listeners[i]), 0);
  }
}
END_TEST

START_TEST(each_part_of_a_service_arrives) {
  struct sockaddr_in proxy;
  struct sockaddr_in server;
  size_t size = 0;
  write_file(
      "{\"limits\": {\"trail_events\": 100}, \"seed\": 7,\n"
      " \"programs\": [{\"name\": \"proxy\", \"command\": [\"x\"]},\n"
      "              {\"name\": \"helper\", \"command\": [\"x\"]}],\n"
      " \"services\": [{\"name\": \"acme\", \"record_padding\": 3000, \"context\": \"none\",\n"
      "   \"guid\": \"{01234567-89ab-cdef-0123-456789abcdef}\", \"exempt_users\": [\"root\"],\n"
      "   \"exempt_programs\": [\"helper\", \"curl\"], \"block\": [\"tcp 198.51.100.1\"],\n"
      "   \"redirect\": [{\"rule\": \"tcp 93.184.216.34 port 80\", \"to\": \"proxy\"}]}],\n"
      " \"faults\": [{\"operation\": \"query context\", \"service\": \"acme\", \"native\": 10050, "
      "\"nth\": 2}],\n"
      " \"routes\": {\"93.184.216.34:80\": \"127.0.0.1:1\"}}");
  create(name);
  const int listener = listen_at(&proxy);
  const int serving = listen_at(&server);
  const conntrail_emu_place places[] = {{"proxy", (struct sockaddr *)&proxy, 0},
                                        {"helper", NULL, HELPER}};
  ck_assert_msg(conntrail_emu_load_scenario(emu, name, places, 2) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
  /* A test may go on from there: this route replaces that of the file. */
  ck_assert_int_eq(conntrail_emu_route(emu, "93.184.216.34:80", (struct sockaddr *)&server),
                   CONNTRAIL_OK);

  const int client = connect_as(CLIENT);
  const int accepted = accept(listener, NULL, NULL);
  ck_assert_int_eq(conntrail_query_records(accepted, NULL, 0, &size), CONNTRAIL_BUFFER_TOO_SMALL);
  ck_assert_uint_gt(size, 3000);
  ck_assert_int_eq(conntrail_query_context(accepted, NULL, 0, &size), CONNTRAIL_NO_CONTEXT);
  ck_assert_int_eq(conntrail_query_context(accepted, NULL, 0, &size), CONNTRAIL_NET_DOWN);

  const int helper = connect_as(HELPER);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_EXEMPTED), 1);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_DELIVERED), 1);

  struct sockaddr_in blocked = {.sin_family = AF_INET, .sin_port = htons(BLOCKED)};
  ck_assert_int_eq(inet_pton(AF_INET, "198.51.100.1", &blocked.sin_addr), 1);
  const int refused = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(connect(refused, (struct sockaddr *)&blocked, sizeof blocked), -1);
  ck_assert_int_eq(errno, EACCES);
  const int sockets[] = {client, accepted, helper, refused, listener, serving};
  for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
    ck_assert_int_eq(close(sockets[i]), 0);
  }
}
END_TEST

/* "command" is conntrail-emu's, with a variable that no place could give. */
START_TEST(a_variable_is_the_port_of_a_place) {
  struct sockaddr_in proxy;
  struct sockaddr_in server;
  write_file("{\"programs\": [{\"name\": \"proxy\", \"ports\": [\"ADMIN\"], \"command\": [\"x\", "
             "\"${ADMIN}\"]},\n"
             "              {\"name\": \"server\", \"command\": [\"x\", \"${PORT}\"]}],\n"
             " \"services\": [{\"name\": \"acme\", \"exempt_programs\": [\"proxy\"],\n"
             "   \"redirect\": [{\"rule\": \"tcp 93.184.216.34 port 80\", "
             "\"to\": \"127.0.0.1:${proxy.PORT}\"}]}],\n"
             " \"routes\": {\"93.184.216.34:80\": \"127.0.0.1:${server.PORT}\"}}");
  create(name);
  const int listener = listen_at(&proxy);
  const int serving = listen_at(&server);
  const conntrail_emu_place places[] = {{"proxy", (struct sockaddr *)&proxy, HELPER},
                                        {"server", (struct sockaddr *)&server, 0}};
  ck_assert_msg(conntrail_emu_load_scenario(emu, name, places, 2) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
  const int sockets[] = {
      connect_as(CLIENT),          connect_as(HELPER), accept(listener, NULL, NULL),
      accept(serving, NULL, NULL), listener,           serving};
  ck_assert_uint_eq(count(CONNTRAIL_EMU_REDIRECTED), 1);
  ck_assert_uint_eq(count(CONNTRAIL_EMU_DELIVERED), 1);
  for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
    ck_assert_int_eq(close(sockets[i]), 0);
  }
}
END_TEST

START_TEST(options_are_those_of_the_file) {
  conntrail_emu_options options = CONNTRAIL_EMU_OPTIONS_INIT;
  write_file("{\"profile\": \"contrary\", \"seed\": 7, \"real_network\": true,\n"
             " \"limits\": {\"trail_events\": 100, \"untransferred\": 9, \"seconds\": 5}}");
  options.idle_limit = 3;
  ck_assert_int_eq(conntrail_emu_read_options(name, &options), CONNTRAIL_OK);
  ck_assert_int_eq(options.profile, CONNTRAIL_EMU_CONTRARY);
  ck_assert_uint_eq(options.seed, 7);
  ck_assert(options.real_network);
  ck_assert_uint_eq(options.trail_capacity, 100);
  ck_assert_uint_eq(options.loop_limit, 9);
  ck_assert_uint_eq(options.idle_limit, 3);
}
END_TEST

static void expect_refused(const char *text, const char *said) {
  char whole[400];
  snprintf(whole, sizeof whole, "%s:%s", name, said);
  write_file(text);
  ck_assert_int_eq(conntrail_emu_load_scenario(emu, name, NULL, 0), CONNTRAIL_INVALID);
  ck_assert_str_eq(conntrail_emu_refusal(), whole);
}

/* The words are those of conntrail-emu check. */
START_TEST(what_is_wrong_is_said_with_its_place) {
  emu = conntrail_emu_create(NULL);
  ck_assert_ptr_nonnull(emu);
  expect_refused("{ \"services\": {} }",
                 "1:15: \"services\": an object, where a list was expected: put [ and ] around it");
  expect_refused(
      "{ \"services\": [{\"name\": \"a\", \"redirect\": [\n"
      "{\"rule\": \"tcp 1.2.3.4 prt 80\", \"to\": \"127.0.0.1:1\"}]}]}",
      "2:10: rule \"tcp 1.2.3.4 prt 80\", at byte 13: unknown word \"prt\"; did you mean "
      "\"port\"?");
  expect_refused("{ \"programs\": [{\"name\": \"p\", \"command\": [\"x\"]}],\n"
                 "\"routes\": {\"192.0.2.1:80\": \"p\"}}",
                 "2:28: that program listens nowhere");
  expect_refused("{ \"services\": [{\"name\": \"s\"},\n {\"name\": \"s\"}] }",
                 "2:11: there is a redirect service \"s\" already: choose another name");
  expect_refused("{ \"programs\": [{\"name\": \"p\", \"command\": [\"x\"], \"ports\": [\"B\"]}],\n"
                 "\"routes\": {\"192.0.2.1:80\": \"127.0.0.1:${p.PORT}\"}}",
                 "2:28: \"192.0.2.1:80\": no place says where the program \"p\" listens");
  expect_refused("{ \"programs\": [{\"name\": \"p\", \"command\": [\"x\"], \"ports\": [\"B\"]}],\n"
                 "\"routes\": {\"192.0.2.1:80\": \"127.0.0.1:${p.B}\"}}",
                 "2:28: \"192.0.2.1:80\": conntrail-emu alone chooses ports that \"ports\" names");
  expect_refused("{ \"programs\": [{\"name\": \"p\", \"command\": [\"x\", \"${PROT}\"]}] }",
                 "1:47: \"command\", entry 2: unknown variable \"PROT\"; did you mean \"PORT\"? "
                 "(Write $${ for the characters ${.)");
  expect_refused("", "1:1: the file is empty; a scenario is a JSON object: {}");
}
END_TEST

START_TEST(arguments_are_checked) {
  const conntrail_emu_place nameless = {NULL, NULL, 0};
  conntrail_emu_options options = {0};
  emu = conntrail_emu_create(NULL);
  ck_assert_int_eq(conntrail_emu_load_scenario(NULL, name, NULL, 0), CONNTRAIL_FAULT);
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_load_scenario: emu is NULL");
  ck_assert_int_eq(conntrail_emu_load_scenario(emu, NULL, NULL, 0), CONNTRAIL_FAULT);
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_load_scenario: path is NULL");
  ck_assert_int_eq(conntrail_emu_load_scenario(emu, name, NULL, 1), CONNTRAIL_FAULT);
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_load_scenario: places is NULL");
  ck_assert_int_eq(conntrail_emu_load_scenario(emu, name, &nameless, 1), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_emu_load_scenario(emu, "nothing here", NULL, 0), CONNTRAIL_INVALID);
  ck_assert_ptr_nonnull(strstr(conntrail_emu_refusal(), "give the path of a scenario's file"));
  ck_assert_int_eq(conntrail_emu_read_options(NULL, &options), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_emu_read_options(name, NULL), CONNTRAIL_FAULT);
  ck_assert_int_eq(conntrail_emu_read_options(name, &options), CONNTRAIL_INVALID);
}
END_TEST

UNIT_MAIN("posix_scenario", begin, end, an_example_of_the_command_serves_a_test,
          each_part_of_a_service_arrives, a_variable_is_the_port_of_a_place,
          options_are_those_of_the_file, what_is_wrong_is_said_with_its_place,
          arguments_are_checked)
