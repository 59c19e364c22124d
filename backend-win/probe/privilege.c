/* SPDX-License-Identifier: MIT */

/* Whether this process is elevated, and a thread that is not. */

#include "probe.h"

static bool make_administrators(SID_AND_ATTRIBUTES *group, unsigned char *room, DWORD size) {
  group->Sid = room;
  group->Attributes = 0;
  return CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, room, &size) != FALSE;
}

bool conntrail__probe_drop_privilege(void) {
  unsigned char room[SECURITY_MAX_SID_SIZE];
  SID_AND_ATTRIBUTES administrators;
  HANDLE process = NULL;
  HANDLE restricted = NULL;
  if (!make_administrators(&administrators, room, (DWORD)sizeof room) ||
      !OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_IMPERSONATE,
                        &process)) {
    return false;
  }
  bool is_dropped = CreateRestrictedToken(process, DISABLE_MAX_PRIVILEGE, 1, &administrators, 0,
                                          NULL, 0, NULL, &restricted) &&
                    ImpersonateLoggedOnUser(restricted);
  CloseHandle(process);
  if (restricted != NULL) {
    CloseHandle(restricted);
  }
  return is_dropped;
}

void conntrail__probe_regain_privilege(void) {
  (void)RevertToSelf();
}

bool conntrail__probe_is_elevated(void) {
  HANDLE process = NULL;
  TOKEN_ELEVATION elevation = {0};
  DWORD size = 0;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &process)) {
    return false;
  }
  bool is_known =
      GetTokenInformation(process, TokenElevation, &elevation, (DWORD)sizeof elevation, &size);
  CloseHandle(process);
  return is_known && elevation.TokenIsElevated != 0;
}
