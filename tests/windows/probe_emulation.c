/* SPDX-License-Identifier: MIT */

/*
 * conntrail-probe over the emulation: the same sources, with a redirect service in the place of a
 * product. The first argument names a profile or a file that has one; the rest are the probe's own.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../backend-win/probe/probe.h"
#include "conntrail/emu.h"
#include "conntrail/emu_files.h"

enum { CLIENT_PROCESS = 4711, SILENCE_MILLISECONDS = 50, MOST_WORDS = 32 };

static conntrail_emu *emu;
static conntrail_emu_service *service;

static bool redirect(const struct sockaddr_storage *proxy, bool is_datagram) {
  const char *rule = is_datagram ? "udp 93.184.216.34 port 53" : "tcp 93.184.216.34 port 80";
  return conntrail_emu_redirect(service, rule, (const struct sockaddr *)proxy) == CONNTRAIL_OK;
}

static void act_as_client(bool is_client) {
  (void)conntrail_emu_act_as(is_client ? CLIENT_PROCESS : 0, NULL);
}

static void act_without_privilege(bool is_unprivileged) {
  conntrail_emu_set_privileged(emu, !is_unprivileged);
}

static bool choose_profile(const char *profile) {
  static const char *const names[] = {"documented", "measured", "contrary"};
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i], profile) == 0) {
      return conntrail_emu_set_profile(emu, (conntrail_emu_profile)i) == CONNTRAIL_OK;
    }
  }
  return conntrail_emu_load_profile(emu, profile) == CONNTRAIL_OK;
}

static bool open_emulation(const char *profile) {
  emu = conntrail_emu_create(NULL);
  service = emu != NULL ? conntrail_emu_add_service(emu, "acme", NULL) : NULL;
  return service != NULL && choose_profile(profile);
}

int main(int count, char **words) {
  /* The probe listens where the system lets it: the rule is made once that is known. */
  char *given[MOST_WORDS] = {words[0], "--redirected",     "93.184.216.34:80", "--proxy",
                             "0",      "--udp-redirected", "93.184.216.34:53", "--udp-proxy",
                             "0"};
  int used = 9;
  const probe_hooks hooks = {.redirect = redirect,
                             .act_as_client = act_as_client,
                             .act_without_privilege = act_without_privilege,
                             .silence = SILENCE_MILLISECONDS};
  if (count < 2 || count > MOST_WORDS - used || !open_emulation(words[1])) {
    (void)fprintf(stderr, "probe_emulation: %s\n",
                  count < 2 ? "which profile?" : conntrail_emu_refusal());
    return EXIT_FAILURE;
  }
  for (int i = 2; i < count; i++) {
    given[used++] = words[i];
  }
  int code = conntrail__probe_run(used, given, &hooks);
  (void)fprintf(stderr, "probe_emulation: %llu answers were not in the profile\n",
                (unsigned long long)conntrail_emu_count(emu, CONNTRAIL_EMU_ASSUMED));
  conntrail_emu_destroy(emu);
  return code;
}
