/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "profile_file.h"

/* A table as a profile's file. What a table lacks is left out. */

/* Numbers as people know them: a Winsock number in decimal, an HRESULT in hexadecimal. */
static void print_answer(FILE *out, const conntrail_emu_answer *answer) {
  fprintf(out,
          answer->native > 0xFFFF ? "{ \"native\": \"0x%08" PRIX32 "\", \"bytes\": "
                                  : "{ \"native\": %" PRIu32 ", \"bytes\": ",
          answer->native);
  switch (answer->count) {
  case CONNTRAIL_EMU_COUNT_SIZE:
    fputs("\"size\" }", out);
    break;
  case CONNTRAIL_EMU_COUNT_UNTOUCHED:
    fputs("\"untouched\" }", out);
    break;
  case CONNTRAIL_EMU_COUNT_BYTES:
  default:
    fprintf(out, "%" PRIu32 " }", answer->bytes);
    break;
  }
}

static void print_row(FILE *out, const char *situation, const conntrail_emu_row *row) {
  fprintf(out, "      \"%s\": [", situation);
  for (size_t i = 0; i < row->count; i++) {
    fputs(i == 0 ? (row->count == 1 ? "" : "\n        ") : ",\n        ", out);
    print_answer(out, &row->answers[i]);
  }
  fputs(row->count == 1 ? "]" : "\n      ]", out);
}

/* The situations of one operation stand together. */
static void print_answers(FILE *out, const conntrail_emu_table *table) {
  const char *operation = "";
  for (unsigned i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
    const conntrail_emu_row *row = &table->rows[i];
    if (row->count == 0) {
      continue;
    }
    if (strcmp(conntrail__profile_operation(i), operation) != 0) {
      fputs(operation[0] == '\0' ? "" : "\n    },\n", out);
      operation = conntrail__profile_operation(i);
      fprintf(out, "    \"%s\": {\n", operation);
    } else {
      fputs(",\n", out);
    }
    print_row(out, conntrail__profile_situation(i), row);
  }
  fputs(operation[0] == '\0' ? "" : "\n    }\n", out);
}

static void print_behaviour(FILE *out, const conntrail_emu_table *table) {
  bool is_first = true;
  for (unsigned i = 0; i < CONNTRAIL_EMU_BEHAVIOURS; i++) {
    if (table->behaviour[i] != 0) {
      fprintf(out, "%s    \"%s\": \"%s\"", is_first ? "" : ",\n", conntrail__profile_behaviour(i),
              conntrail__profile_value(i, table->behaviour[i]));
      is_first = false;
    }
  }
  fputs(is_first ? "" : "\n", out);
}

bool conntrail__profile_print(FILE *out, const conntrail_emu_table *table) {
  fprintf(out,
          "{\n  \"format\": \"" CONNTRAIL__PROFILE_FORMAT
          "\",\n  \"name\": \"%s\",\n  \"base\": \"%s\",\n  \"answers\": {\n",
          table->name, conntrail__profile_base(table->base));
  print_answers(out, table);
  fputs("  },\n  \"behaviour\": {\n", out);
  print_behaviour(out, table);
  fputs("  }\n}\n", out);
  return fflush(out) == 0 && ferror(out) == 0;
}
