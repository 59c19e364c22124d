/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdio.h>

void conntrail__text_put_list(conntrail__text *text, const char *format, va_list arguments) {
  const size_t room = text->length < text->capacity ? text->capacity - text->length : 0;
  const int written =
      vsnprintf(room > 0 ? text->text + text->length : NULL, room, format, arguments);
  text->length += written > 0 ? (size_t)written : 0;
}

void conntrail__text_put(conntrail__text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  conntrail__text_put_list(text, format, arguments);
  va_end(arguments);
}
