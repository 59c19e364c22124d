/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "emulation.h"
#include "list.h"
#include "user.h"

bool conntrail__user_number(conntrail_emu *emu, const char *user, uint16_t *number) {
  *number = 0;
  if (user == NULL || user[0] == '\0') {
    return true;
  }
  char(*users)[CONNTRAIL__USER_TEXT] = emu->users.items;
  for (uint32_t i = 0; i < emu->users.count; i++) {
    if (strcmp(users[i], user) == 0) {
      *number = (uint16_t)(i + 1);
      return true;
    }
  }
  if (emu->users.count == UINT16_MAX) {
    return false;
  }
  char *place = conntrail__list_grow(&emu->users, CONNTRAIL__USER_TEXT);
  if (place == NULL) {
    return false;
  }
  snprintf(place, CONNTRAIL__USER_TEXT, "%s", user);
  *number = (uint16_t)emu->users.count;
  return true;
}
