/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_ESCAPE_H
#define CONNTRAIL_SUPERVISOR_ESCAPE_H

#include <stddef.h>

/* Names of files and programs come from others. The text as a terminal may have it: control
 * characters, and bytes that are no UTF-8, become \xNN. Cut where there is no room. */
void conntrail__escape(const char *text, char *out, size_t size);

#endif
