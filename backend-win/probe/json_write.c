/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "json_write.h"

static void write_text(FILE *out, const char *text) {
  (void)fputc('"', out);
  for (const char *at = text; *at != '\0'; at++) {
    unsigned char byte = (unsigned char)*at;
    if (byte < 0x20) {
      (void)fprintf(out, "\\u%04x", byte);
    } else {
      (void)fprintf(out, byte == '"' || byte == '\\' ? "\\%c" : "%c", byte);
    }
  }
  (void)fputc('"', out);
}

static void begin_line(probe_writer *writer) {
  if (writer->depth >= writer->flat_from) {
    (void)fputs(writer->is_first ? "" : " ", writer->out);
  } else if (writer->depth > 0) {
    (void)fprintf(writer->out, "\n%*s", (int)(2 * writer->depth), "");
  }
}

static void begin_value(probe_writer *writer, const char *key) {
  (void)fputs(writer->is_first ? "" : ",", writer->out);
  begin_line(writer);
  writer->is_first = false;
  if (key != NULL) {
    write_text(writer->out, key);
    (void)fputs(": ", writer->out);
  }
}

void conntrail__json_open(probe_writer *writer, const char *key, char bracket) {
  begin_value(writer, key);
  (void)fputc(bracket, writer->out);
  writer->depth++;
  writer->is_first = true;
}

void conntrail__json_close(probe_writer *writer, char bracket) {
  bool is_empty = writer->is_first;
  writer->depth--;
  if (!is_empty && writer->depth + 1 < writer->flat_from) {
    (void)fprintf(writer->out, "\n%*s", (int)(2 * writer->depth), "");
  }
  (void)fputc(bracket, writer->out);
  writer->is_first = false;
}

void conntrail__json_text(probe_writer *writer, const char *key, const char *text) {
  begin_value(writer, key);
  write_text(writer->out, text);
}

void conntrail__json_number(probe_writer *writer, const char *key, int64_t number) {
  begin_value(writer, key);
  (void)fprintf(writer->out, "%" PRId64, number);
}

void conntrail__json_hexadecimal(probe_writer *writer, const char *key, uint32_t number) {
  begin_value(writer, key);
  (void)fprintf(writer->out, "\"0x%08" PRIX32 "\"", number);
}

void conntrail__json_flag(probe_writer *writer, const char *key, bool flag) {
  begin_value(writer, key);
  (void)fputs(flag ? "true" : "false", writer->out);
}
