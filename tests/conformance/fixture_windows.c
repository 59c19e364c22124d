/* SPDX-License-Identifier: MIT */

/*
 * A real Windows with a redirecting driver: docs/how-to/windows-profile.md. The driver is given
 * what to do by a command that the environment names in CONNTRAIL_REDIRECT. It is run as
 *
 *     COMMAND 127.0.0.1 PORT     redirect FIXTURE_USUAL_RULE to this proxy, with its context
 *     COMMAND off                let connections pass again
 *
 * and answers 0 once that holds. It has not been run on a Windows by this project.
 */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "fixture_win.h"

enum { COMMAND_BYTES = 1024 };

static conntrail_emu_profile profile;
static bool is_redirecting;

unsigned fixture_offers(void) {
  return fixture_win_offers() | NEEDS_RECORDS | NEEDS_CONTEXT;
}

/* Answers what the command did, or -1 where there is none. */
static int tell_driver(const char *arguments) {
  char line[COMMAND_BYTES];
  const char *command = getenv("CONNTRAIL_REDIRECT");
  if (command == NULL) {
    (void)fprintf(
        stderr,
        "set CONNTRAIL_REDIRECT to a command that redirects: docs/how-to/windows-profile.md\n");
    return -1;
  }
  int length = snprintf(line, sizeof line, "%s %s", command, arguments);
  return length < COMMAND_BYTES ? system(line) : -1;
}

void fixture_begin(conntrail_emu_profile asked) {
  profile = asked;
  (void)net_begin();
}

void fixture_end(void) {
  fixture_close();
  net_end();
}

conntrail_emu_profile fixture_profile(void) {
  return profile;
}

void fixture_open(const conntrail_emu_options *options) {
  (void)options;
}

void fixture_close(void) {
  if (is_redirecting) {
    (void)tell_driver("off");
  }
  is_redirecting = false;
}

conntrail_emu *fixture_emulation(void) {
  return NULL;
}

conntrail_emu_service *fixture_redirect(const char *name, const char *rule,
                                        const struct sockaddr_storage *proxy) {
  char arguments[NET_ADDRESS_TEXT];
  (void)name;
  expect_text(rule, FIXTURE_USUAL_RULE);
  (void)snprintf(arguments, sizeof arguments, "127.0.0.1 %u", net_port(proxy));
  is_redirecting = true;
  expect_that(EXPECT_PLACE(CONNTRAIL_REDIRECT), tell_driver(arguments) == 0,
              "a command that failed, or none: docs/how-to/windows-profile.md",
              "one that redirects");
  return NULL;
}

/* A driver redirects every process that connects. */
void fixture_client_begin(void) {
}

void fixture_client_end(void) {
}

/* The need is not offered here, so no case comes here. */
int fixture_create_unwatched(char *refusal, size_t capacity) {
  if (capacity > 0) {
    refusal[0] = '\0';
  }
  return -1;
}
