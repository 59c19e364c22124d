/* SPDX-License-Identifier: MIT */
/* emu_files.h: a file becomes the profile, or says why not, and where; a scenario is loaded. */
#include <stdio.h>
#include <string.h>

#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "conntrail/emu_files.h"
#include "unit_main.h"

static const char name[] = "emu_files_test.json";
static conntrail_emu *emu;

static void begin(void) {
  emu = conntrail_emu_create(NULL);
  ck_assert_msg(emu != NULL, "%s", conntrail_emu_refusal());
}

static void end(void) {
  conntrail_emu_destroy(emu);
  (void)remove(name);
}

static void write_file(const char *text) {
  FILE *file = fopen(name, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
  ck_assert_int_eq(fclose(file), 0);
}

static void expect_refused(const char *path, conntrail_status status, const char *part) {
  ck_assert_int_eq(conntrail_emu_load_profile(emu, path), status);
  ck_assert_msg(strstr(conntrail_emu_refusal(), part) != NULL, "%s", conntrail_emu_refusal());
}

START_TEST(a_sound_file_is_used) {
  write_file("{\"format\": \"conntrail profile 1\", \"name\": \"mine\", \"base\": \"contrary\",\n"
             " \"answers\": {\"query records\": {\"not a socket\":\n"
             "  [{\"native\": 10050, \"bytes\": 0}, {\"native\": \"0x2736\", \"bytes\": 0}]}}}");
  ck_assert_msg(conntrail_emu_load_profile(emu, name) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
  size_t size = 0;
  ck_assert_int_eq(conntrail_query_records(CONNTRAIL_INVALID_SOCKET, NULL, 0, &size),
                   CONNTRAIL_NET_DOWN);
  ck_assert_int_eq(conntrail_query_records(CONNTRAIL_INVALID_SOCKET, NULL, 0, &size),
                   CONNTRAIL_NOT_SOCKET);
  ck_assert_uint_eq(conntrail_emu_count(emu, CONNTRAIL_EMU_ASSUMED), 0);
  /* What it lacks its base answers, and the trail says so. */
  ck_assert_int_eq(conntrail_query_context(CONNTRAIL_INVALID_SOCKET, NULL, 0, &size),
                   CONNTRAIL_NOT_SOCKET);
  ck_assert(conntrail_emu_count(emu, CONNTRAIL_EMU_ASSUMED) > 0);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_place) {
  write_file("{\"format\": \"conntrail profile 1\",\n \"name\": 7}");
  expect_refused(name, CONNTRAIL_INVALID, "emu_files_test.json:2:10: a whole number, where a text");
  write_file(
      "{\"format\": \"conntrail profile 1\", \"name\": \"mine\", \"base\": \"contrary\",\n"
      " \"answers\": {\"query records\": {\n\"too small\": [{\"native\": 0, \"bytes\": 1}]}}}");
  expect_refused(name, CONNTRAIL_INVALID, "emu_files_test.json:3:15: success where");
  write_file("{");
  expect_refused(name, CONNTRAIL_INVALID, "not JSON");
  expect_refused("no such file.json", CONNTRAIL_INVALID, "give the path of a profile's file");
}
END_TEST

START_TEST(arguments_are_checked) {
  expect_refused(NULL, CONNTRAIL_FAULT, "path is NULL");
  ck_assert_int_eq(conntrail_emu_load_profile(NULL, name), CONNTRAIL_FAULT);
  ck_assert_str_eq(conntrail_emu_refusal(), "conntrail_emu_load_profile: emu is NULL");
}
END_TEST

/* On every system; posix_scenario_test.c has the rest. */
START_TEST(a_scenario_is_loaded) {
  write_file("{\"services\": [{\"name\": \"acme\", \"block\": [\"tcp any\"]}],\n"
             " \"routes\": {\"[2001:db8::1]:80\": \"127.0.0.1:1\"}}");
  ck_assert_msg(conntrail_emu_load_scenario(emu, name, NULL, 0) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
  ck_assert_ptr_null(conntrail_emu_add_service(emu, "acme", NULL));
  ck_assert_ptr_nonnull(conntrail_emu_add_service(emu, "bravo", NULL));
}
END_TEST

UNIT_MAIN("emu_files", begin, end, a_scenario_is_loaded, a_sound_file_is_used,
          what_is_wrong_is_said_with_its_place, arguments_are_checked)
