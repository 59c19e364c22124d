/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <stdio.h>

#include <event2/util.h>

enum { NAME_WIDTH = 16, ADDRESS_BYTES = 64 };

static void format_address(const struct sockaddr_storage *address, char *text) {
  char host[ADDRESS_BYTES / 2 + 16] = "?";
  if (address->ss_family == AF_INET6) {
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;
    evutil_inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof host);
    (void)snprintf(text, ADDRESS_BYTES, "[%s]:%u", host, (unsigned)ntohs(ipv6->sin6_port));
  } else {
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
    evutil_inet_ntop(AF_INET, &ipv4->sin_addr, host, sizeof host);
    (void)snprintf(text, ADDRESS_BYTES, "%s:%u", host, (unsigned)ntohs(ipv4->sin_port));
  }
}

static const char *words_for(conntrail_emu_state state) {
  switch (state) {
  case CONNTRAIL_EMU_NOT_REDIRECTED:
    return "not redirected";
  case CONNTRAIL_EMU_REDIRECTED_BY_SELF:
    return "redirected by self";
  case CONNTRAIL_EMU_REDIRECTED_BY_OTHER:
    return "redirected by other";
  case CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF:
    return "previously redirected by self";
  }
  return "?";
}

/* R3: where two services would redirect, the later one sees that it is local already. */
static bool is_taken(const hop *shown) {
  for (size_t i = 0; i < VENDORS; i++) {
    if (shown->decisions[i].decided && shown->decisions[i].kind != CONNTRAIL_EMU_PERMITTED) {
      return true;
    }
  }
  return false;
}

static void draw_decision(const colours *ink, const char *name, const decision *made, bool taken) {
  char target[ADDRESS_BYTES];
  format_address(&made->target, target);
  (void)printf("    |  %s%-8s%s %-30s ", ink->strong, name, ink->end, words_for(made->state));
  if (made->kind == CONNTRAIL_EMU_REDIRECTED) {
    (void)printf("%sredirects to %s%s\n", ink->moved, target, ink->end);
  } else if (made->kind == CONNTRAIL_EMU_LOOP) {
    (void)printf("%swould redirect it AGAIN%s\n", ink->bad, ink->end);
  } else if (taken && made->state == CONNTRAIL_EMU_NOT_REDIRECTED) {
    (void)printf("%scomes too late%s\n", ink->faint, ink->end);
  } else {
    (void)printf("%slets it pass%s\n", ink->good, ink->end);
  }
}

static void draw_name(const colours *ink, const hop *shown) {
  char name[ADDRESS_BYTES] = "client";
  if (shown->owner) {
    (void)snprintf(name, sizeof name, "%s's proxy", shown->owner->name);
  }
  (void)printf("  %s%-*s%s", ink->strong, NAME_WIDTH, name, ink->end);
}

static void draw_proxy(const colours *ink, const hop *shown, const char *destination) {
  (void)printf("socket %u accepted; its context names %s\n", (unsigned)shown->accepted,
               destination);
  (void)printf("%*s", NAME_WIDTH + 2, "");
  if (shown->records_size > 0) {
    (void)printf("%ssocket %u gets its records: %u redirect%s, %u bytes%s\n", ink->moved,
                 (unsigned)shown->outbound, (unsigned)shown->redirects,
                 shown->redirects == 1 ? "" : "s", (unsigned)shown->records_size, ink->end);
  } else {
    (void)printf("%ssocket %u gets no records%s\n", ink->bad, (unsigned)shown->outbound, ink->end);
  }
  (void)printf("%*s", NAME_WIDTH + 2, "");
}

static void draw_hop(const colours *ink, const world *of, const hop *shown) {
  char destination[ADDRESS_BYTES];
  format_address(&shown->destination, destination);
  draw_name(ink, shown);
  if (shown->owner) {
    draw_proxy(ink, shown, destination);
  }
  (void)printf("socket %u connects to %s\n", (unsigned)shown->outbound, destination);
  for (size_t i = 0; i < VENDORS; i++) {
    if (shown->decisions[i].decided) {
      draw_decision(ink, of->vendors[i].name, &shown->decisions[i], is_taken(shown));
    }
  }
}

static void draw_server(const colours *ink, const hop *last) {
  char address[ADDRESS_BYTES];
  format_address(&last->server, address);
  (void)printf("  %s%-*s%s%sis reached, at %s%s\n", ink->strong, NAME_WIDTH, "server", ink->end,
               ink->good, address, ink->end);
}

void picture_of_route(const colours *ink, const world *of, const route_taken *shown) {
  for (size_t i = 0; i < shown->count; i++) {
    draw_hop(ink, of, &shown->hops[i]);
    if (&shown->hops[i] == shown->forgetful) {
      (void)printf("    %sX%s\n", ink->bad, ink->end);
    } else {
      (void)printf("    v\n");
    }
    if (shown->hops[i].delivered) {
      draw_server(ink, &shown->hops[i]);
    }
  }
}

void picture_of_loop(const colours *ink, const route_taken *shown) {
  const hop *here = shown->forgetful;
  (void)printf("  %sLOOP%s  found at its first turn, and refused (WSAECONNREFUSED)\n\n", ink->bad,
               ink->end);
  (void)printf("    service  %s took this connection before, and would take it again\n",
               shown->looped_at->name);
  (void)printf("    sockets  %s's proxy accepted socket %u and opened socket %u to the same\n"
               "             destination, without the records\n",
               here->owner->name, (unsigned)here->accepted, (unsigned)here->outbound);
  (void)printf(
      "    missing  %sconntrail_transfer_records(socket %u, socket %u)%s, before connect\n",
      ink->strong, (unsigned)here->accepted, (unsigned)here->outbound, ink->end);
}
