/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_NOT_JSON_H
#define CONNTRAIL_FILES_NOT_JSON_H

#include "document.h"

/* Says why a text is not JSON, and what to do. what: "scenario" or "profile"; error: the parser's.
 */
void conntrail__explain_not_json(const conntrail__document *document, const char *what,
                                 const json_error_t *error, conntrail__complaint *why);

#endif
