/* SPDX-License-Identifier: MIT */
#include "backend-emu/cli/dns_message.h"

#include <string.h>

#include "unit_main.h"

/* Questions as RFC 1035 has them, byte for byte, and the answers that are due. */

enum { IPV4 = 1, TEXT = 16, IPV6 = 28, WHOLE = 29, NAME_AT = 12 };

/* Number 0x1234, recursion wanted, one question: the addresses of example.com. */
static const unsigned char question[WHOLE] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                             "\x07"
                                             "example"
                                             "\x03"
                                             "com"
                                             "\x00\x00\x01\x00"
                                             "\x01";

static conntrail__host host;

static void begin(void) {
  static const uint8_t four[] = {93, 184, 216, 34};
  static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
  host = (conntrail__host){.name = "example.com", .count = 2};
  host.addresses[0].family = CONNTRAIL__IPV4;
  memcpy(host.addresses[0].bytes, four, sizeof four);
  host.addresses[1].family = CONNTRAIL__IPV6;
  memcpy(host.addresses[1].bytes, six, sizeof six);
}

static void end(void) {
}

START_TEST(a_question_is_answered) {
  static const unsigned char record[] = "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x78\x00\x04\x5d\xb8"
                                        "\xd8\x22";
  unsigned char out[CONNTRAIL__DNS_MESSAGE];
  conntrail__dns_question asked;
  ck_assert_int_eq(conntrail__dns_read(question, WHOLE, &asked), CONNTRAIL__DNS_FINE);
  ck_assert_str_eq(asked.name, "example.com");
  ck_assert_uint_eq(asked.type, IPV4);
  ck_assert_uint_eq(conntrail__dns_write(question, &asked, CONNTRAIL__DNS_FINE, &host, out),
                    WHOLE + 16);
  ck_assert_mem_eq(out, "\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00", NAME_AT);
  ck_assert_mem_eq(out + NAME_AT, question + NAME_AT, WHOLE - NAME_AT);
  ck_assert_mem_eq(out + WHOLE, record, 16);
}
END_TEST

START_TEST(each_type_has_its_own) {
  static const struct {
    unsigned char type;
    size_t records;
    size_t size;
  } all[] = {{IPV4, 1, 16}, {IPV6, 1, 28}, {TEXT, 0, 0}, {255, 2, 44}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    unsigned char message[WHOLE];
    unsigned char out[CONNTRAIL__DNS_MESSAGE];
    conntrail__dns_question asked;
    memcpy(message, question, WHOLE);
    message[WHOLE - 3] = all[i].type;
    ck_assert_int_eq(conntrail__dns_read(message, WHOLE, &asked), CONNTRAIL__DNS_FINE);
    ck_assert_uint_eq(conntrail__dns_write(message, &asked, CONNTRAIL__DNS_FINE, &host, out),
                      WHOLE + all[i].size);
    ck_assert_uint_eq(out[7], all[i].records);
  }
}
END_TEST

/* In a buffer of their size each, so that a sanitizer sees what is read behind it. */
static conntrail__dns_code read_exactly(const unsigned char *bytes, size_t size) {
  unsigned char out[CONNTRAIL__DNS_MESSAGE];
  unsigned char *message = malloc(size == 0 ? 1 : size);
  conntrail__dns_question asked;
  ck_assert_ptr_nonnull(message);
  memcpy(message, bytes, size);
  const conntrail__dns_code code = conntrail__dns_read(message, size, &asked);
  if (code != CONNTRAIL__DNS_IGNORE) {
    ck_assert_uint_le(conntrail__dns_write(message, &asked, code,
                                           code == CONNTRAIL__DNS_FINE ? &host : NULL, out),
                      CONNTRAIL__DNS_MESSAGE);
    ck_assert_int_eq(out[3] & 0x0f, code);
  }
  free(message);
  return code;
}

START_TEST(half_a_question_is_refused) {
  for (size_t size = 0; size < WHOLE; size++) {
    ck_assert_int_eq(read_exactly(question, size),
                     size < NAME_AT ? CONNTRAIL__DNS_IGNORE : CONNTRAIL__DNS_FORMAT);
  }
}
END_TEST

START_TEST(every_other_byte_is_survived) {
  for (size_t at = 0; at < WHOLE; at++) {
    for (unsigned value = 0; value <= UINT8_MAX; value++) {
      unsigned char message[WHOLE];
      memcpy(message, question, WHOLE);
      message[at] = (unsigned char)value;
      (void)read_exactly(message, WHOLE);
    }
  }
}
END_TEST

START_TEST(the_longest_answer_fits) {
  unsigned char message[CONNTRAIL__DNS_MESSAGE] =
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01";
  unsigned char out[CONNTRAIL__DNS_MESSAGE];
  conntrail__dns_question asked;
  size_t at = NAME_AT;
  for (int label = 0; label < 4; label++) {
    const unsigned char size = label < 3 ? 63 : 61;
    message[at++] = size;
    memset(message + at, 'a', size);
    at += size;
  }
  memcpy(message + at, "\x00\x00\x1c\x00\x01\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00", 16);
  host.count = CONNTRAIL__MOST_ADDRESSES;
  for (size_t i = 0; i < host.count; i++) {
    host.addresses[i].family = CONNTRAIL__IPV6;
  }
  ck_assert_int_eq(conntrail__dns_read(message, at + 16, &asked), CONNTRAIL__DNS_FINE);
  ck_assert_uint_eq(strlen(asked.name), 253);
  ck_assert(asked.has_options);
  ck_assert_uint_eq(conntrail__dns_write(message, &asked, CONNTRAIL__DNS_FINE, &host, out),
                    at + 5 + 8 * 28 + 11);
  ck_assert_uint_eq(out[7], CONNTRAIL__MOST_ADDRESSES);
  ck_assert_uint_eq(out[11], 1);
}
END_TEST

UNIT_MAIN("cli_dns_message", begin, end, a_question_is_answered, each_type_has_its_own,
          half_a_question_is_refused, every_other_byte_is_survived, the_longest_answer_fits)
