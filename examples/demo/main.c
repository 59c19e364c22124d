/* SPDX-License-Identifier: MIT */
/*
 * A client fetches files from addresses that two redirect services take over, first through
 * proxies that carry the redirect records on, then through one that forgets them. Everything but
 * the kernel's part is real: sockets, libevent, HTTP.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../forgetful_proxy.h"
#include "../system.h"
#include "client.h"
#include "colour.h"
#include "conntrail/conntrail.h"
#include "dns.h"
#include "picture.h"

static bool fail(const world *in, const char *what, const char *why) {
  (void)fflush(stdout);
  (void)fprintf(stderr, "demo: failed: %s: %s\n", what, why);
  for (size_t i = 0; i < VENDORS; i++) {
    if (in->vendors[i].log[0]) {
      (void)fprintf(stderr, "%s's proxy said:\n%s", in->vendors[i].name, in->vendors[i].log);
    }
  }
  if (in->emu) {
    static char trail[65536];
    (void)conntrail_emu_trail_text(in->emu, CONNTRAIL_EMU_TEXT_PLAIN, trail, sizeof trail);
    (void)fprintf(stderr, "the trail:\n%s", trail);
  }
  return false;
}

static uint64_t last_event(const world *of) {
  uint64_t last = 0;
  conntrail_emu_event event = {.struct_size = sizeof event};
  while (conntrail_emu_next_event(of->emu, last, &event)) {
    last = event.number;
  }
  return last;
}

typedef struct request {
  const char *host; /* as it stands in a URL */
  const char *address;
} request;

static const request requests[] = {{DEMO_IPV4, DEMO_IPV4}, {"[" DEMO_IPV6 "]", DEMO_IPV6}};

/* Two redirects, one delivery, no misuse. */
static const char *flaw_of(const world *in, const route_taken *taken, fetched result) {
  if (result == FETCHED_NO_ANSWER) {
    return "no answer";
  }
  if (result == FETCHED_OTHER) {
    return "the answer is not the file that the server has";
  }
  if (taken->count != 1 + VENDORS || !taken->hops[VENDORS].delivered || taken->looped) {
    return "it did not pass through both proxies";
  }
  if (taken->hops[1].redirects != 1 || taken->hops[2].redirects != 2) {
    return "the records did not grow by one redirect at each proxy";
  }
  if (conntrail_emu_count(in->emu, CONNTRAIL_EMU_MISUSE) != 0) {
    return "a misuse was noticed";
  }
  for (size_t i = 0; i < VENDORS; i++) {
    if (in->vendors[i].log[0]) {
      return "a proxy complained";
    }
  }
  return NULL;
}

static void draw(const colours *ink, const world *in, const char *url, const route_taken *taken) {
  (void)printf("  GET %s%s%s\n\n", ink->strong, url, ink->end);
  picture_of_route(ink, in, taken);
  (void)printf("\n");
}

static bool fetch_in_order(const colours *ink, const world *in, const request *from,
                           const file *wanted, bool is_drawn) {
  const uint64_t before = last_event(in);
  const fetched result = client_fetch(in->base, from->address, wanted);
  char url[80];
  (void)snprintf(url, sizeof url, "http://%s%s", from->host, wanted->path);
  route_taken taken;
  const bool is_read = route_taken_read(&taken, in, before);
  const char *flaw =
      is_read ? flaw_of(in, &taken, result) : "the trail has an event that should not be there";
  if (flaw) {
    return fail(in, url, flaw);
  }
  if (is_drawn) {
    draw(ink, in, url, &taken);
  }
  (void)printf("  %sok%s  %-38s %7s, every byte equal\n", ink->good, ink->end, url,
               wanted->size_in_words);
  return true;
}

static bool show_order(const colours *ink, files *served) {
  world in;
  const char *flaw = world_open(&in, served, minimal_proxy_new);
  bool is_right = !flaw || fail(&in, "setting up", flaw);
  (void)printf("%s1. Both proxies carry the redirect records over%s\n\n", ink->strong, ink->end);
  for (size_t i = 0; is_right && i < sizeof requests / sizeof requests[0]; i++) {
    for (size_t j = 0; is_right && j < FILES; j++) {
      is_right = fetch_in_order(ink, &in, &requests[i], &served->list[j], j == 0);
    }
    (void)printf("\n");
  }
  world_close(&in);
  return is_right;
}

static const char *flaw_of_loop(const world *in, const route_taken *taken, fetched result) {
  if (result != FETCHED_NO_ANSWER) {
    return "it was answered, and should not have been";
  }
  if (!taken->looped || conntrail_emu_count(in->emu, CONNTRAIL_EMU_LOOP) != 1) {
    return "not exactly one loop was found";
  }
  if (!taken->forgetful || taken->forgetful->owner != &in->vendors[1]) {
    return "the loop was not attributed to globex's proxy, which forgot the records";
  }
  if (conntrail_emu_count(in->emu, CONNTRAIL_EMU_DELIVERED) != 0) {
    return "something was delivered";
  }
  return NULL;
}

static void show_logs(const colours *ink, const world *in) {
  (void)printf("\n  %sAll that the proxies themselves know:%s\n", ink->faint, ink->end);
  for (size_t i = 0; i < VENDORS; i++) {
    if (in->vendors[i].log[0]) {
      (void)printf("    %s%-8s %s%s", ink->faint, in->vendors[i].name, in->vendors[i].log,
                   ink->end);
    }
  }
}

static bool show_loop(const colours *ink, files *served) {
  world in;
  const char *flaw = world_open(&in, served, forgetful_proxy_new);
  bool is_right = !flaw || fail(&in, "setting up", flaw);
  (void)printf("%s2. The same, and globex's proxy forgets one call%s\n\n", ink->strong, ink->end);
  if (is_right) {
    route_taken taken;
    const fetched result = client_fetch(in.base, requests[0].address, &served->list[0]);
    flaw = route_taken_read(&taken, &in, 0) ? flaw_of_loop(&in, &taken, result)
                                            : "the trail has an event that should not be there";
    is_right = !flaw || fail(&in, "the forgetful proxy", flaw);
    if (is_right) {
      draw(ink, &in, "http://" DEMO_IPV4 "/small", &taken);
      picture_of_loop(ink, &taken);
      show_logs(ink, &in);
      (void)printf("\n");
    }
  }
  world_close(&in);
  return is_right;
}

static void introduce(const colours *ink) {
  (void)printf("\n%sconntrail %s: one connection, two redirect services%s\n\n", ink->strong,
               CONNTRAIL_VERSION_TEXT, ink->end);
  (void)printf("A client asks " DEMO_IPV4 " and " DEMO_IPV6 " for files. Two services,\n"
               "acme and globex, redirect such connections to their proxies, which are both\n"
               "examples/minimal_proxy.c. The server that plays the destination is on loopback.\n"
               "The sockets are real, the kernel's part is emulated: no Windows, driver or root.\n"
               "Below each connect: the redirect state that a service sees, and what it does.\n\n");
}

int main(int count, char **arguments) {
  const bool goes_on = count == 2 && strcmp(arguments[1], "--goes-on") == 0;
  if (count > 1 && !goes_on) {
    (void)fprintf(stderr,
                  "demo: \"%s\": it takes --goes-on, which leaves the last line to the caller, or "
                  "no argument; NO_COLOR=1 turns colours off\n",
                  arguments[1]);
    return EXIT_FAILURE;
  }
  const char *no_colour = getenv("NO_COLOR");
  const colours ink = colours_choose((!no_colour || !*no_colour) && system_has_terminal());
  files served;
  if (!system_begin() || !files_make(&served)) {
    (void)fprintf(stderr, "demo: failed: the network cannot be used, or no memory\n");
    return EXIT_FAILURE;
  }
  introduce(&ink);
  const bool is_right = show_order(&ink, &served) && show_loop(&ink, &served) && dns_show(&ink);
  files_free(&served);
  if (!is_right) {
    return EXIT_FAILURE;
  }
  if (!goes_on) {
    (void)printf("demo: %sok%s\n", ink.good, ink.end);
  }
  return EXIT_SUCCESS;
}
