/* SPDX-License-Identifier: MIT */

#include "src/control_message.h"

#include <stdlib.h>
#include <string.h>

#include "scripted_seam.h"

static const conntrail__control_width widths[] = {CONNTRAIL__CONTROL_32, CONNTRAIL__CONTROL_64};
/* M8: a length as wide as a pointer, a level and a type. */
static const size_t headers[] = {12, 16};

enum { ROOM = 256 };

#define ITEM(of_level, of_type, bytes, bytes_size)                                                 \
  &(const conntrail__control_item) {                                                               \
    .level = (of_level), .type = (of_type), .data = (const unsigned char *)(bytes),                \
    .size = (bytes_size)                                                                           \
  }

static void put_length(unsigned char *bytes, conntrail__control_width width, uint64_t length) {
  uint32_t narrow = (uint32_t)length;
  if (width == CONNTRAIL__CONTROL_32) {
    memcpy(bytes, &narrow, sizeof narrow);
  } else {
    memcpy(bytes, &length, sizeof length);
  }
}

START_TEST(what_was_appended_is_read) {
  unsigned char bytes[ROOM];
  size_t used = 0;
  conntrail__control_width width = widths[_i];
  memset(bytes, 0xA5, sizeof bytes);
  ck_assert(conntrail__control_append(width, bytes, ROOM, &used, ITEM(41, 60, "hello", 5)));
  ck_assert_uint_eq(used, headers[_i] + 5);
  ck_assert(conntrail__control_append(width, bytes, ROOM, &used, ITEM(0, 8, NULL, 0)));
  ck_assert(
      conntrail__control_append(width, bytes, ROOM, &used, ITEM(-1, INT32_MIN, "12345678", 8)));
  ck_assert_uint_eq(used, 3 * headers[_i] + 8 + 8);
  ck_assert_uint_eq(bytes[used], 0xA5);
  conntrail__control_reader reader = conntrail__control_read(width, bytes, used);
  conntrail__control_item item;
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.level, 41);
  ck_assert_int_eq(item.type, 60);
  ck_assert_uint_eq(item.size, 5);
  ck_assert_mem_eq(item.data, "hello", 5);
  ck_assert_ptr_eq(item.whole, bytes);
  ck_assert_uint_eq(item.whole_size, headers[_i] + 5);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.type, 8);
  ck_assert_uint_eq(item.size, 0);
  ck_assert(conntrail__control_next(&reader, &item));
  ck_assert_int_eq(item.level, -1);
  ck_assert_int_eq(item.type, INT32_MIN);
  ck_assert_mem_eq(item.data, "12345678", 8);
  ck_assert(!conntrail__control_next(&reader, &item));
  ck_assert(!reader.is_malformed);
}
END_TEST

START_TEST(room_is_needed_for_all_but_the_last_padding) {
  unsigned char bytes[ROOM];
  size_t used = 0;
  conntrail__control_width width = widths[_i];
  size_t whole = headers[_i] + 5;
  ck_assert_uint_eq(conntrail__control_space(width, 5), headers[_i] + 8);
  ck_assert_uint_eq(conntrail__control_space(width, 0), headers[_i]);
  ck_assert_uint_eq(conntrail__control_space(width, 8), headers[_i] + 8);
  memset(bytes, 0xA5, sizeof bytes);
  ck_assert(!conntrail__control_append(width, bytes, whole - 1, &used, ITEM(0, 1, "hello", 5)));
  ck_assert_uint_eq(used, 0);
  ck_assert_uint_eq(bytes[0], 0xA5);
  ck_assert(conntrail__control_append(width, bytes, whole, &used, ITEM(0, 1, "hello", 5)));
  ck_assert_uint_eq(bytes[whole], 0xA5);
  size_t two = headers[_i] + 8 + headers[_i];
  ck_assert(!conntrail__control_append(width, bytes, two - 1, &used, ITEM(0, 1, NULL, 0)));
  ck_assert_uint_eq(used, whole);
  ck_assert(conntrail__control_append(width, bytes, two, &used, ITEM(0, 1, NULL, 0)));
  ck_assert(!conntrail__control_append(width, bytes, two, &used, ITEM(0, 1, NULL, SIZE_MAX)));
  ck_assert(!conntrail__control_append(width, bytes, SIZE_MAX, &used, ITEM(0, 1, NULL, SIZE_MAX)));
}
END_TEST

/* M6: a length below the header, or past the end, ends the walk; what stood before holds. */
START_TEST(a_length_that_cannot_be_ends_the_walk) {
  conntrail__control_width width = widths[_i];
  size_t header = headers[_i];
  const uint64_t lengths[] = {
      0,        1,         header - 1, header + 9,
      1u << 20, INT32_MAX, UINT32_MAX, width == 8 ? UINT64_MAX : UINT32_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    unsigned char bytes[ROOM];
    size_t used = 0;
    conntrail__control_item item;
    ck_assert(conntrail__control_append(width, bytes, ROOM, &used, ITEM(0, 1, "12345678", 8)));
    size_t second = used;
    ck_assert(conntrail__control_append(width, bytes, ROOM, &used, ITEM(0, 2, "12345678", 8)));
    put_length(bytes + second, width, lengths[i]);
    conntrail__control_reader reader = conntrail__control_read(width, bytes, used);
    ck_assert(conntrail__control_next(&reader, &item));
    ck_assert_int_eq(item.type, 1);
    ck_assert(!conntrail__control_next(&reader, &item));
    ck_assert(reader.is_malformed);
    ck_assert(!conntrail__control_next(&reader, &item));
  }
}
END_TEST

START_TEST(a_rest_is_padding_or_malformed) {
  conntrail__control_width width = widths[_i];
  unsigned char bytes[ROOM];
  memset(bytes, 0, sizeof bytes);
  for (size_t rest = 0; rest < headers[_i]; rest++) {
    size_t used = 0;
    conntrail__control_item item;
    ck_assert(conntrail__control_append(width, bytes, ROOM, &used, ITEM(0, 1, "12345678", 8)));
    conntrail__control_reader reader = conntrail__control_read(width, bytes, used + rest);
    ck_assert(conntrail__control_next(&reader, &item));
    ck_assert(!conntrail__control_next(&reader, &item));
    ck_assert(reader.is_malformed == (rest >= (size_t)width));
  }
}
END_TEST

START_TEST(nothing_is_no_message) {
  conntrail__control_reader reader = conntrail__control_read(widths[_i], NULL, 0);
  conntrail__control_item item;
  ck_assert(!conntrail__control_next(&reader, &item));
  ck_assert(!reader.is_malformed);
}
END_TEST

/* Any address will do: what the caller gives is bytes. */
START_TEST(alignment_is_not_needed) {
  unsigned char bytes[ROOM];
  for (size_t shift = 0; shift < 8; shift++) {
    size_t used = 0;
    conntrail__control_item item;
    ck_assert(
        conntrail__control_append(widths[_i], bytes + shift, ROOM - 8, &used, ITEM(0, 70, "x", 1)));
    conntrail__control_reader reader = conntrail__control_read(widths[_i], bytes + shift, used);
    ck_assert(conntrail__control_next(&reader, &item));
    ck_assert_int_eq(item.type, 70);
    ck_assert_uint_eq(item.data[0], 'x');
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("control messages");
  SCRIPTED_ADD_LOOP(tests, what_was_appended_is_read, widths);
  SCRIPTED_ADD_LOOP(tests, room_is_needed_for_all_but_the_last_padding, widths);
  SCRIPTED_ADD_LOOP(tests, a_length_that_cannot_be_ends_the_walk, widths);
  SCRIPTED_ADD_LOOP(tests, a_rest_is_padding_or_malformed, widths);
  SCRIPTED_ADD_LOOP(tests, nothing_is_no_message, widths);
  SCRIPTED_ADD_LOOP(tests, alignment_is_not_needed, widths);
  return scripted_run("control messages", tests);
}
