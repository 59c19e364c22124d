/* SPDX-License-Identifier: MIT */
#include "scenario_guid.h"

#include <string.h>

/* strtoul would take blanks, signs and "0x" as well. */
static bool read_digits(const char **text, size_t count, uint64_t *number) {
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  *number = 0;
  for (size_t i = 0; i < count; i++) {
    const char *digit = **text == '\0' ? NULL : strchr(digits, **text);
    if (digit == NULL) {
      return false;
    }
    *number = *number << 4 | (uint64_t)((digit - digits) % 16);
    ++*text;
  }
  return true;
}

static bool read_sign(const char **text, char sign) {
  return *(*text)++ == sign;
}

bool conntrail__scenario_read_guid(const char *text, conntrail_emu_guid *guid) {
  const bool is_braced = text[0] == '{';
  uint64_t parts[5];
  text += is_braced ? 1 : 0;
  if (!read_digits(&text, 8, &parts[0]) || !read_sign(&text, '-') ||
      !read_digits(&text, 4, &parts[1]) || !read_sign(&text, '-') ||
      !read_digits(&text, 4, &parts[2]) || !read_sign(&text, '-') ||
      !read_digits(&text, 4, &parts[3]) || !read_sign(&text, '-') ||
      !read_digits(&text, 12, &parts[4]) || strcmp(text, is_braced ? "}" : "") != 0) {
    return false;
  }
  guid->data1 = (uint32_t)parts[0];
  guid->data2 = (uint16_t)parts[1];
  guid->data3 = (uint16_t)parts[2];
  for (unsigned i = 0; i < 8; i++) { /* the text has these bytes in their order */
    guid->data4[i] = (uint8_t)((parts[3] << 48 | parts[4]) >> (56 - 8 * i));
  }
  return true;
}
