/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_TEXT_H
#define CONNTRAIL_ENGINE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Written piece by piece, as snprintf writes: length counts on where the room ends. */
typedef struct conntrail__text {
  char *text;
  size_t capacity;
  size_t length;
} conntrail__text;

void conntrail__text_put(conntrail__text *text, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;
void conntrail__text_put_list(conntrail__text *text, const char *format, va_list arguments)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 0)))
#endif
    ;

#endif
