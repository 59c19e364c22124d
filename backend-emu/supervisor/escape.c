/* SPDX-License-Identifier: MIT */
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPED = 4 };

/* The bytes of the character that begins here; 0: it is no UTF-8. [D] RFC 3629. */
static size_t length_of(const unsigned char *text, uint32_t *character) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = text[0] < 0x80             ? 1
                  : (text[0] & 0xe0) == 0xc0 ? 2
                  : (text[0] & 0xf0) == 0xe0 ? 3
                  : (text[0] & 0xf8) == 0xf0 ? 4
                                             : 0;
  *character = length <= 1 ? text[0] : text[0] & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) { /* the end as well */
      return 0;
    }
    *character = *character << 6 | (text[i] & 0x3fu);
  }
  bool is_surrogate = *character >= 0xd800 && *character < 0xe000;
  return *character < least[length] || *character > 0x10ffff || is_surrogate ? 0 : length;
}

static bool is_control(uint32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

void conntrail__escape(const char *text, char *out, size_t size) {
  const unsigned char *at = (const unsigned char *)text;
  size_t used = 0;
  while (*at != '\0') {
    uint32_t character;
    size_t length = length_of(at, &character);
    bool is_shown = length > 0 && !is_control(character);
    size_t room = is_shown ? length : ESCAPED;
    if (used + room >= size) {
      break;
    }
    if (is_shown) {
      memcpy(out + used, at, length);
    } else {
      snprintf(out + used, size - used, "\\x%02x", *at);
    }
    used += room;
    at += is_shown ? length : 1;
  }
  out[used] = '\0';
}
