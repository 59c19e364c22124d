/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_TRAIL_H
#define CONNTRAIL_CLI_TRAIL_H

#include <stdio.h>

#include "../supervisor/supervisor.h"

/* The trail as JSON Lines (docs/reference/conntrail-emu.md): a head, then one object an event. */

void conntrail__trail_head(FILE *file, const char *profile);
/* Every event above *written that is still kept. Says in the file where some were lost. */
void conntrail__trail_drain(FILE *file, const conntrail_emu *emu,
                            const conntrail__supervisor *supervisor, uint64_t *written);
/* Something that cannot be supervised was refused: a line that is no event. */
/* A name that is none of "hosts" was asked for; sentence: what is said of it. */
void conntrail__trail_unknown_name(FILE *file, const char *name, const char *sentence);
void conntrail__trail_refusal(FILE *file, const conntrail__supervisor *supervisor, uint32_t process,
                              const char *sentence);
/* Every event that is still kept, as a line for people. */
void conntrail__trail_show(FILE *out, const conntrail_emu *emu,
                           const conntrail__supervisor *supervisor);

/* The emulation begins anew: a line that is no event. */
void conntrail__trail_reset(FILE *file);

struct json_t;
/* One event, as such a line has it. */
struct json_t *conntrail__trail_describe(const conntrail_emu *emu,
                                         const conntrail__supervisor *supervisor,
                                         const conntrail__event *event);
/* What is no UTF-8 is escaped. */
struct json_t *conntrail__json_text(const char *text);

/* One event of a file, as a line for people; in colours where out is a terminal. */
void conntrail__trail_say(FILE *out, const struct json_t *event);

typedef enum conntrail__trail_form {
  CONNTRAIL__TRAIL_TEXT,
  CONNTRAIL__TRAIL_JSON,
  CONNTRAIL__TRAIL_HTML /* one page that needs nothing else: trail_page.html */
} conntrail__trail_form;

/* Reads such a file and writes it in a form. False, with why, "FILE:LINE: ...". Nothing is written
 * of a page whose trail is not valid. */
bool conntrail__trail_print(const char *name, FILE *in, FILE *out, conntrail__trail_form form,
                            char *why, size_t why_size);

#endif
