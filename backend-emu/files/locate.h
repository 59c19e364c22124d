/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_LOCATE_H
#define CONNTRAIL_FILES_LOCATE_H

#include <stddef.h>

/*
 * Where a value stands in a JSON text that a parser has found valid. path names it from the root:
 * "/services/0/name"; a key with a slash in it cannot be named. Where the path leads nowhere, the
 * innermost value that there is. Lines and columns count from 1, columns in bytes.
 */
void conntrail__locate_value(const char *text, const char *path, size_t *line, size_t *column);

#endif
