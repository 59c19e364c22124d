/* SPDX-License-Identifier: MIT */
/* What a configuration may hold, and what is said about each mistake. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "config.h"
#include "conntrail/conntrail.h"
#include "run_tests.h"

static const char file[] = "config_test.json";
static proxy_config config;
static char why[512];

static bool read_text(const char *text) {
  FILE *written = fopen(file, "w");
  ck_assert_ptr_nonnull(written);
  (void)fputs(text, written);
  ck_assert_int_eq(fclose(written), 0);
  const bool is_good = config_read(file, &config, why, sizeof why);
  (void)remove(file);
  return is_good;
}

START_TEST(what_is_not_said_is_usual) {
  ck_assert(read_text("{\"listen\": [{\"tcp\": \"127.0.0.1:8080\"}]}"));
  ck_assert_uint_eq(config.listen_count, 1);
  ck_assert_uint_eq(config.workers, 1);
  ck_assert_uint_eq(config.connections, 10000);
  ck_assert_uint_eq(config.udp_records_mib, 16);
  ck_assert_uint_eq(config.idle_seconds, 300);
  ck_assert_uint_eq(config.counters_seconds, 0);
  ck_assert_uint_eq(config.mark, 0);
  ck_assert(!config.listen[0].is_transparent);
  ck_assert(config.splice);
  ck_assert(config.log_time);
  ck_assert_int_eq(config.level, LOG_LEVEL_INFO);
}
END_TEST

START_TEST(everything_can_be_said) {
  char text[ADDRESS_TEXT];
  ck_assert(
      read_text("{\"listen\": [{\"tcp\": \"127.0.0.1:0\", \"otherwise\": \"[2001:db8::1]:443\"},"
                " {\"udp\": \"[::1]:53\", \"transparent\": true}], \"mark\": 17230, \"workers\": "
                "4, \"splice\": false, \"log\": \"debug\","
                " \"log_time\": false,"
                " \"limits\": {\"connections\": 5, \"udp_flows\": 6, \"buffers_mib\": 7,"
                " \"udp_records_mib\": 8},"
                " \"seconds\": {\"connect\": 1, \"idle\": 2, \"udp_idle\": 3, \"drain\": 0, "
                "\"counters\": 9}}"));
  ck_assert_uint_eq(config.listen_count, 2);
  ck_assert_str_eq(address_text(&config.listen[0].address, text), "127.0.0.1:0");
  ck_assert_str_eq(address_text(&config.listen[0].otherwise, text), "[2001:db8::1]:443");
  ck_assert(config.listen[1].is_udp);
  ck_assert(!config.listen[0].is_transparent);
  ck_assert(config.listen[1].is_transparent);
  ck_assert_uint_eq(config_listen_options(&config, &config.listen[0]).flags, 0);
  ck_assert_uint_eq(config_listen_options(&config, &config.listen[1]).flags,
                    CONNTRAIL_LISTEN_TRANSPARENT);
  ck_assert_uint_eq(config_listen_options(&config, &config.listen[0]).mark, 17230);
  ck_assert_str_eq(address_text(&config.listen[1].address, text), "[::1]:53");
  ck_assert_uint_eq(config.workers, 4);
  ck_assert_uint_eq(config.connections, 5);
  ck_assert_uint_eq(config.udp_flows, 6);
  ck_assert_uint_eq(config.buffers_mib, 7);
  ck_assert_uint_eq(config.udp_records_mib, 8);
  ck_assert_uint_eq(config.connect_seconds, 1);
  ck_assert_uint_eq(config.idle_seconds, 2);
  ck_assert_uint_eq(config.udp_idle_seconds, 3);
  ck_assert_uint_eq(config.drain_seconds, 0);
  ck_assert_uint_eq(config.counters_seconds, 9);
  ck_assert(!config.splice);
  ck_assert(!config.log_time);
  ck_assert_int_eq(config.level, LOG_LEVEL_DEBUG);
}
END_TEST

#define GOOD "\"listen\": [{\"tcp\": \"127.0.0.1:80\"}]"
static const char *const mistakes[][2] = {
    {"", "line 1, column 0: not JSON: "},
    {"{" GOOD ",}", "line 1, column "},
    {"[]", "write one object"},
    {"{}", "listen: write an array of 1 to 64 objects"},
    {"{\"listen\": []}", "listen: write an array"},
    {"{\"listen\": [7]}", "listen[0]: write an object"},
    {"{\"listen\": [{}]}", "listen[0]: write either tcp or udp"},
    {"{\"listen\": [{\"tcp\": \"127.0.0.1:80\", \"udp\": \"127.0.0.1:80\"}]}",
     "listen[0]: write either tcp or udp"},
    {"{\"listen\": [{\"tcp\": \"127.0.0.1\"}]}", "listen[0].tcp: write \"ADDRESS:PORT\""},
    {"{\"listen\": [{\"tcp\": \"127.0.0.1:65536\"}]}", "listen[0].tcp: write \"ADDRESS:PORT\""},
    {"{\"listen\": [{\"tcp\": \"127.0.0.1:1x\"}]}", "listen[0].tcp: write \"ADDRESS:PORT\""},
    {"{\"listen\": [{\"tcp\": \"::1:80\"}]}", "listen[0].tcp: write \"ADDRESS:PORT\""},
    {"{\"listen\": [{\"tcp\": \"localhost:80\"}]}", "listen[0].tcp: write \"ADDRESS:PORT\""},
    {"{\"listen\": [{\"tcp\": 80}]}", "listen[0].tcp: write \"ADDRESS:PORT\""},
    {"{\"listen\": [{\"tcp\": \"127.0.0.1:80\", \"transparent\": 1}]}",
     "listen[0].transparent: write true or false"},
    {"{" GOOD ", \"mark\": -1}", "mark: write a whole number from 0 to 4294967295"},
    {"{\"listen\": [{\"tpc\": \"127.0.0.1:80\"}]}", "listen[0].tpc: there is no such member"},
    {"{\"listen\": [{\"udp\": \"127.0.0.1:80\", \"otherwise\": \"127.0.0.1:81\"}]}",
     "listen[0].otherwise: is for tcp"},
    {"{" GOOD ", \"workers\": 0}", "workers: write a whole number from 1 to 64"},
    {"{" GOOD ", \"workers\": 1.5}", "workers: write a whole number from 1 to 64"},
    {"{" GOOD ", \"limits\": 7}", "limits: write an object of numbers"},
    {"{" GOOD ", \"limits\": {\"connections\": \"many\"}}",
     "limits.connections: write a whole number from 1 to 1000000"},
    {"{" GOOD ", \"limits\": {\"udp_records_mib\": 0}}",
     "limits.udp_records_mib: write a whole number from 1 to 1024"},
    {"{" GOOD ", \"limits\": {\"idle\": 7}}", "limits.idle: there is no such member"},
    {"{" GOOD ", \"seconds\": {\"idle\": 86401}}",
     "seconds.idle: write a whole number from 1 to 86400"},
    {"{" GOOD ", \"log\": \"loud\"}", "log: write \"error\", \"warning\", \"info\" or \"debug\""},
    {"{" GOOD ", \"splice\": 1}", "splice: write true or false"},
    {"{" GOOD ", \"log_time\": \"UTC\"}", "log_time: write true or false"},
    {"{" GOOD ", \"port\": 1}", "port: there is no such member; use listen, workers"},
};

START_TEST(each_mistake_is_named_with_its_place) {
  const size_t skipped = strlen(file) + 2;
  ck_assert(!read_text(mistakes[_i][0]));
  ck_assert_int_eq(strncmp(why, file, strlen(file)), 0);
  ck_assert_msg(strncmp(why + skipped, mistakes[_i][1], strlen(mistakes[_i][1])) == 0, "%s", why);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named) {
  ck_assert(!config_read("no/such.json", &config, why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "no/such.json"));
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("configuration");
  tcase_add_test(cases, what_is_not_said_is_usual);
  tcase_add_test(cases, everything_can_be_said);
  tcase_add_loop_test(cases, each_mistake_is_named_with_its_place, 0,
                      (int)(sizeof mistakes / sizeof *mistakes));
  tcase_add_test(cases, a_file_that_is_not_there_is_named);
  return run_tests(cases);
}
