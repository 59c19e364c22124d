/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "emulation.h"
#include "profile.h"
#include "refusal.h"
#include "trail.h"

/* The profile in use: a table, and behind it the compiled-in one that answers what it lacks. */

static conntrail_emu_profile profile_of(const conntrail_emu_table *builtin) {
  conntrail_emu_profile profile = CONNTRAIL_EMU_DOCUMENTED;
  while (conntrail__builtin_table(profile) != builtin) {
    profile = (conntrail_emu_profile)(profile + 1);
  }
  return profile;
}

static void note_assumed(conntrail_emu *emu, const conntrail__socket *socket,
                         conntrail_emu_situation situation, const conntrail_emu_table *answering,
                         const conntrail_emu_answer *answer) {
  conntrail__event *event = conntrail__trail_add(emu, CONNTRAIL_EMU_ASSUMED, socket);
  event->state = (uint8_t)situation;
  event->from = (uint32_t)profile_of(answering);
  event->native = answer->native;
}

/* A compiled-in table whose base is itself has every row. */
static const conntrail_emu_table *find_answering(const conntrail_emu *emu,
                                                 conntrail_emu_situation situation) {
  const conntrail_emu_table *table = emu->table;
  while (table->rows[situation].count == 0) {
    table = conntrail__builtin_table(table->base);
  }
  return table;
}

conntrail_emu_answer conntrail__profile_answer(conntrail_emu *emu, const conntrail__socket *socket,
                                               conntrail_emu_situation situation) {
  const conntrail_emu_table *answering = find_answering(emu, situation);
  const conntrail_emu_row *row = &answering->rows[situation];
  const conntrail_emu_answer *answer = &row->answers[emu->turns[situation]++ % row->count];
  if (answering != emu->table) {
    note_assumed(emu, socket, situation, answering, answer);
  }
  return *answer;
}

bool conntrail__profile_has(const conntrail_emu *emu, conntrail_emu_behaviour behaviour) {
  const conntrail_emu_table *table = emu->table;
  while (table->behaviour[behaviour] == 0) {
    table = conntrail__builtin_table(table->base);
  }
  return table->behaviour[behaviour] == 2;
}

void conntrail__profile_forget(conntrail_emu *emu) {
  memset(emu->turns, 0, sizeof emu->turns);
  free(emu->own_table);
  emu->own_table = NULL;
}

/* ---- A table of the caller's ---------------------------------------------------------------- */

static size_t count_answers(const conntrail_emu_table *table) {
  size_t count = 0;
  for (size_t i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
    count += table->rows[i].count;
  }
  return count;
}

/* In one piece of memory: the table, its answers, its name. */
static conntrail_emu_table *copy_table(const conntrail_emu_table *table) {
  size_t answers_size = count_answers(table) * sizeof(conntrail_emu_answer);
  size_t name_size = strlen(table->name) + 1;
  conntrail_emu_table *copy = malloc(sizeof *copy + answers_size + name_size);
  if (copy == NULL) {
    return NULL;
  }
  conntrail_emu_answer *answers = (conntrail_emu_answer *)(copy + 1);
  *copy = *table;
  for (size_t i = 0; i < CONNTRAIL_EMU_SITUATIONS; i++) {
    size_t count = table->rows[i].count;
    if (count > 0) {
      memcpy(answers, table->rows[i].answers, count * sizeof *answers);
    }
    copy->rows[i].answers = answers;
    answers += count;
  }
  copy->name = memcpy(answers, table->name, name_size);
  return copy;
}

conntrail_status conntrail__engine_use_table(conntrail_emu *emu, const conntrail_emu_table *table,
                                             conntrail__refusal *why) {
  if (!conntrail__table_check(table, why)) {
    return CONNTRAIL_INVALID;
  }
  conntrail_emu_table *copy = copy_table(table);
  if (copy == NULL) {
    return conntrail__refuse(why, CONNTRAIL_NO_MEMORY, "no memory for a profile");
  }
  conntrail__profile_forget(emu);
  emu->own_table = copy;
  emu->table = copy;
  emu->options.profile = table->base;
  return CONNTRAIL_OK;
}
