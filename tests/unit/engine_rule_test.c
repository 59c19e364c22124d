/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "backend-emu/engine/emulation.h"
#include "backend-emu/engine/filter.h"
#include "backend-emu/engine/route.h"
#include "engine_world.h"
#include "unit_main.h"

static conntrail_emu_service *acme;

static void begin(void) {
  world_begin();
  acme = conntrail__service_add(world, "acme", NULL, &why);
}

static conntrail_status redirect(const char *rule, const char *target) {
  conntrail__address address = at(target);
  memset(&why, 0, sizeof why);
  return conntrail__filter_add(acme, CONNTRAIL__REDIRECT, rule, &address, &why);
}

/* Whether the one filter of the world takes a connection of process 1. */
static bool takes(const char *remote) {
  conntrail__address address = at(remote);
  return conntrail__filter_fits(world->filters.items, fresh(1), &address);
}

START_TEST(prefixes_fit_to_the_bit) {
  ck_assert_int_eq(redirect("tcp 93.184.216.128/25", "127.0.0.1:1"), CONNTRAIL_OK);
  ck_assert(takes("93.184.216.128:80"));
  ck_assert(takes("93.184.216.255:80"));
  ck_assert(!takes("93.184.216.127:80"));
  ck_assert(!takes("93.184.217.128:80"));
  ck_assert(!takes("[2606::1]:80"));
}
END_TEST

START_TEST(ipv6_prefixes_fit_to_the_bit) {
  ck_assert_int_eq(redirect("2606:2800::/29", "[::1]:1"), CONNTRAIL_OK);
  ck_assert(takes("[2606:2807:ffff::1]:80"));
  ck_assert(!takes("[2606:2808::1]:80"));
}
END_TEST

START_TEST(a_mapped_destination_is_the_ipv4_address_that_it_means) {
  ck_assert_int_eq(redirect("93.184.216.34", "127.0.0.1:1"), CONNTRAIL_OK);
  ck_assert(takes("[::ffff:93.184.216.34]:80"));
}
END_TEST

START_TEST(port_ranges_include_both_ends) {
  ck_assert_int_eq(redirect("any port 80-90", "127.0.0.1:1"), CONNTRAIL_OK);
  ck_assert(!takes("1.2.3.4:79"));
  ck_assert(takes("1.2.3.4:80"));
  ck_assert(takes("1.2.3.4:90"));
  ck_assert(!takes("1.2.3.4:91"));
}
END_TEST

START_TEST(any_stays_within_the_family_of_the_proxy) {
  ck_assert_int_eq(redirect("any", "127.0.0.1:1"), CONNTRAIL_OK);
  ck_assert(takes("1.2.3.4:80"));
  ck_assert(!takes("[2606::1]:80"));
}
END_TEST

START_TEST(a_refused_rule_uses_up_no_user) {
  ck_assert_int_eq(redirect("any user bob port 0", "127.0.0.1:1"), CONNTRAIL_INVALID);
  ck_assert_int_eq(redirect("1.2.3.4 user bob", "[::1]:1"), CONNTRAIL_INVALID);
  ck_assert_uint_eq(world->users.count, 0);
  ck_assert_int_eq(redirect("1.2.3.4 user bob", "127.0.0.1:1"), CONNTRAIL_OK);
  ck_assert_uint_eq(world->users.count, 1);
}
END_TEST

START_TEST(process_and_user_narrow_a_filter) {
  conntrail__identity bob = {.actor = 1, .process = 1, .user = "bob"};
  conntrail__address remote = at("1.2.3.4:80");
  ck_assert_int_eq(redirect("any process 1 user bob", "127.0.0.1:1"), CONNTRAIL_OK);
  ck_assert(!takes("1.2.3.4:80"));
  conntrail__socket *socket = conntrail__socket_create(world, CONNTRAIL__STREAM, &bob, 0);
  ck_assert(conntrail__filter_fits(world->filters.items, socket, &remote));
  bob.process = 2;
  socket = conntrail__socket_create(world, CONNTRAIL__STREAM, &bob, 0);
  ck_assert(!conntrail__filter_fits(world->filters.items, socket, &remote));
}
END_TEST

/* Each refusal names the place and the word, and adds nothing. */
START_TEST(bad_rules_are_refused_by_name) {
  static const struct {
    const char *rule;
    const char *says;
  } rows[] = {
      {"tcp 93.184.216.999", "at byte 5: \"93.184.216.999\""},
      {"tcp 93.184.216.0/33", "a number from 0 to 32"},
      {"2606::/129", "a number from 0 to 128"},
      {"any port 0", "at byte 10: \"0\""},
      {"any port 90-80", "the lower first"},
      {"any port", "at byte 5: \"port\""},
      {"any port 65536", "1 to 65535"},
      {"any process 0", "a number above 0"},
      {"any weight heavy", "\"heavy\" is not a weight"},
      {"any by-other maybe", "by-other redirect"},
      {"any again redirect", "never redirects twice"},
      {"any any", "\"any\" is a second address"},
      {"tcp tcp any", "\"tcp\" appears twice"},
      {"any port 1 port 2", "at byte 12"},
      {"udp tcp any", "\"tcp\" appears twice"},
      {"tcp any prt 80", "at byte 9: unknown word \"prt\"; did you mean \"port\"?"},
      {"tpc any", "did you mean \"tcp\"?"},
      {"tcp 1.2.3.4 wieght 7", "did you mean \"weight\"?"},
      {"tcp any byother permit", "did you mean \"by-other\"?"},
      {"tcp any 8080", "\"8080\" is an unknown word; expected tcp, udp"},
      {"tcp any somethingverylong", "\"somethingverylong\" is an unknown word"},
      {"tcp port 80", "names no remote address"},
      {"", "names no remote address"},
      {"example.com", "is not understood"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ck_assert_int_eq(redirect(rows[i].rule, "127.0.0.1:1"), CONNTRAIL_INVALID);
    ck_assert_msg(strstr(why.text, rows[i].says) != NULL, "\"%s\" is refused with: %s",
                  rows[i].rule, why.text);
  }
  ck_assert_uint_eq(world->filters.count, 0);
}
END_TEST

START_TEST(a_proxy_of_another_family_is_refused) {
  ck_assert_int_eq(redirect("93.184.216.0/24", "[::1]:1"), CONNTRAIL_INVALID);
  ck_assert_ptr_nonnull(strstr(why.text, "IPv4, but its target [::1]:1 is IPv6"));
  ck_assert_int_eq(redirect("2606::/16", "127.0.0.1:1"), CONNTRAIL_INVALID);
}
END_TEST

START_TEST(addresses_are_read_and_written_back) {
  static const char *const texts[] = {"93.184.216.34:80", "[2606:2800:220:1::1]:443",
                                      "[fe80::1%3]:9", "0.0.0.0:65535"};
  static const char *const bad[] = {
      "93.184.216.34", "93.184.216.34:", "93.184.216.34:0",  "2606::1:80",       "[2606::1]",
      "[1.2.3.4]:80",  "host:80",        "93.184.216.34:1a", "[fe80::1%eth0]:1", "",
      ":80",           "1.2.3.4:65536"};
  char text[CONNTRAIL__ADDRESS_TEXT];
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    conntrail__address address = at(texts[i]);
    conntrail__address_format(&address, text);
    ck_assert_str_eq(text, texts[i]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    conntrail__address address;
    memset(&why, 0, sizeof why);
    ck_assert_msg(!conntrail__address_parse(bad[i], &address, &why), "\"%s\" was taken", bad[i]);
    ck_assert_str_ne(why.text, "");
  }
}
END_TEST

START_TEST(routes_replace_each_other_and_refuse_what_cannot_be) {
  conntrail__address first = at("127.0.0.1:1");
  conntrail__address second = at("127.0.0.1:2");
  conntrail__address six = at("[::1]:3");
  conntrail__address web = at("93.184.216.34:80");
  ck_assert_int_eq(conntrail__route_add(world, "93.184.216.34:80", &first, &why), CONNTRAIL_OK);
  ck_assert_int_eq(conntrail__route_add(world, "93.184.216.34:80", &second, &why), CONNTRAIL_OK);
  ck_assert_uint_eq(conntrail__route_find(world, &web)->port, 2);
  ck_assert_int_eq(conntrail__route_add(world, "93.184.216.34:80", &six, &why), CONNTRAIL_INVALID);
  ck_assert_uint_eq(conntrail__route_find(world, &web)->port, 2);
  ck_assert_int_eq(conntrail__route_add(world, "[2606::1]:80", &first, &why), CONNTRAIL_OK);
}
END_TEST

START_TEST(services_have_names_and_guids_of_their_own) {
  conntrail_emu_guid guid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
  ck_assert_ptr_null(conntrail__service_add(world, "acme", NULL, &why));
  ck_assert_ptr_nonnull(strstr(why.text, "\"acme\" already"));
  ck_assert_ptr_null(conntrail__service_add(world, "", NULL, &why));
  ck_assert_ptr_null(conntrail__service_add(world, "a name of thirty-two bytes exact", NULL, &why));
  ck_assert_ptr_nonnull(conntrail__service_add(world, "b", &guid, &why));
  ck_assert_ptr_null(conntrail__service_add(world, "c", &guid, &why));
  ck_assert_ptr_nonnull(strstr(why.text, "that of \"b\""));
  ck_assert_uint_eq(world->service_count, 2);
}
END_TEST

START_TEST(the_65th_service_is_refused) {
  char name[24];
  for (int i = 1; i < 64; i++) {
    snprintf(name, sizeof name, "service %d", i);
    ck_assert_ptr_nonnull(conntrail__service_add(world, name, NULL, &why));
  }
  ck_assert_ptr_null(conntrail__service_add(world, "one more", NULL, &why));
  ck_assert_ptr_nonnull(strstr(why.text, "holds 64"));
}
END_TEST

UNIT_MAIN("engine_rule", begin, world_end, prefixes_fit_to_the_bit, ipv6_prefixes_fit_to_the_bit,
          a_mapped_destination_is_the_ipv4_address_that_it_means, port_ranges_include_both_ends,
          any_stays_within_the_family_of_the_proxy, process_and_user_narrow_a_filter,
          a_refused_rule_uses_up_no_user, bad_rules_are_refused_by_name,
          a_proxy_of_another_family_is_refused, addresses_are_read_and_written_back,
          routes_replace_each_other_and_refuse_what_cannot_be,
          services_have_names_and_guids_of_their_own, the_65th_service_is_refused)
