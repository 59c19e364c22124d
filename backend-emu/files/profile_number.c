/* SPDX-License-Identifier: MIT */
#include "profile_number.h"

#include <stdlib.h>
#include <string.h>

/* "0x80320008" */
bool conntrail__profile_hexadecimal(const char *text, uint32_t *number) {
  static const char digits[] = "0123456789abcdefABCDEF";
  size_t length = strlen(text);
  if (length < 3 || length > 10 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X') ||
      strspn(text + 2, digits) != length - 2) {
    return false;
  }
  *number = (uint32_t)strtoul(text + 2, NULL, 16);
  return true;
}

bool conntrail__profile_whole(const json_t *value, uint32_t *number) {
  if (!json_is_integer(value) || json_integer_value(value) < 0 ||
      json_integer_value(value) > UINT32_MAX) {
    return false;
  }
  *number = (uint32_t)json_integer_value(value);
  return true;
}

bool conntrail__profile_native(const json_t *value, uint32_t *number) {
  return json_is_string(value) ? conntrail__profile_hexadecimal(json_string_value(value), number)
                               : conntrail__profile_whole(value, number);
}

bool conntrail__profile_bytes(const json_t *value, conntrail_emu_answer *answer) {
  answer->count = CONNTRAIL_EMU_COUNT_BYTES;
  answer->bytes = 0;
  if (!json_is_string(value)) {
    return conntrail__profile_whole(value, &answer->bytes);
  }
  if (strcmp(json_string_value(value), "size") == 0) {
    answer->count = CONNTRAIL_EMU_COUNT_SIZE;
    return true;
  }
  answer->count = CONNTRAIL_EMU_COUNT_UNTOUCHED;
  return strcmp(json_string_value(value), "untouched") == 0;
}
