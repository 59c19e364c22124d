/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "refusal.h"

conntrail_status conntrail__refuse(conntrail__refusal *why, conntrail_status status,
                                   const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why->text, sizeof why->text, format, arguments);
  va_end(arguments);
  return status;
}
