/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_PROFILE_NUMBER_H
#define CONNTRAIL_FILES_PROFILE_NUMBER_H

/* The numbers of a profile's file. Each answers false where the value is none such. */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "conntrail/emu_profile.h"

bool conntrail__profile_hexadecimal(const char *text, uint32_t *number);
bool conntrail__profile_whole(const json_t *value, uint32_t *number);
/* A whole number, or a hexadecimal one as a text. */
bool conntrail__profile_native(const json_t *value, uint32_t *number);
/* A whole number, "size" or "untouched". Writes the count of an answer. */
bool conntrail__profile_bytes(const json_t *value, conntrail_emu_answer *answer);

#endif
