/* SPDX-License-Identifier: MIT */
#include "dns.h"

#include <stdio.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>

#include "../udp_relay.h"
#include "conntrail/conntrail.h"
#include "conntrail/emu.h"
#include "forgetful_relay.h"

#define NAME_SERVER "192.0.2.53"
#define RULE "udp 192.0.2.0/24 port 53"
#define NAME "www.example.com"

enum { CLIENT_PROCESS = 40000007, ANSWER = 0x5db8d822 }; /* 93.184.216.34 */

typedef struct scene {
  conntrail_emu *emu;
  struct event_base *base;
  udp_relay *acme;
  udp_relay *globex;
  forgetful_relay *forgetful; /* globex's, instead */
  struct evdns_server_port *server;
  struct evdns_base *resolver;
  char log[512];
  bool is_answered;
  uint32_t answer;
  const char *failure; /* of the resolver */
} scene;

static void keep_line(const char *line, void *argument) {
  scene *in = argument;
  const size_t used = strlen(in->log);
  (void)snprintf(in->log + used, sizeof in->log - used, "%s\n", line);
}

static struct sockaddr_in address_of(uint32_t host, uint16_t port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

/* ---- The server ----------------------------------------------------------------------------- */

static void on_question(struct evdns_server_request *request, void *argument) {
  uint32_t answer = htonl(ANSWER);
  (void)argument;
  for (int i = 0; i < request->nquestions; i++) {
    if (request->questions[i]->type == EVDNS_TYPE_A) {
      (void)evdns_server_request_add_a_reply(request, request->questions[i]->name, 1, &answer, 60);
    }
  }
  (void)evdns_server_request_respond(request, 0);
}

static bool start_server(scene *in) {
  struct sockaddr_in address = address_of(INADDR_LOOPBACK, 0);
  ev_socklen_t size = sizeof address;
  conntrail_socket bound = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  if (bound == CONNTRAIL_INVALID_SOCKET) {
    return false;
  }
  evutil_make_socket_nonblocking((evutil_socket_t)bound);
  if (bind(bound, (struct sockaddr *)&address, sizeof address) == 0 &&
      getsockname(bound, (struct sockaddr *)&address, &size) == 0 &&
      conntrail_emu_route(in->emu, NAME_SERVER ":53", (struct sockaddr *)&address) ==
          CONNTRAIL_OK) {
    in->server =
        evdns_add_server_port_with_base(in->base, (evutil_socket_t)bound, 0, on_question, NULL);
  }
  if (!in->server) {
    evutil_closesocket((evutil_socket_t)bound);
  }
  return in->server != NULL;
}

/* ---- The resolver --------------------------------------------------------------------------- */

static void on_answer(int result, char type, int count, int ttl, void *addresses, void *argument) {
  scene *in = argument;
  (void)type, (void)ttl;
  in->is_answered = result == DNS_ERR_NONE && count == 1;
  in->failure = result == DNS_ERR_NONE ? NULL : evdns_err_to_string(result);
  if (in->is_answered) {
    memcpy(&in->answer, addresses, sizeof in->answer);
  }
  event_base_loopbreak(in->base);
}

/* What went wrong is in the answer. */
static void say_nothing(int is_warning, const char *text) {
  (void)is_warning, (void)text;
}

/* Its sockets are a process of their own: a client's. */
static bool start_resolver(scene *in) {
  struct sockaddr_in server = address_of(0xc0000235, 53);
  evdns_set_log_fn(say_nothing);
  (void)conntrail_emu_act_as(CLIENT_PROCESS, NULL);
  in->resolver = evdns_base_new(in->base, 0);
  const bool is_started =
      in->resolver && evdns_base_set_option(in->resolver, "timeout:", "0.2") == 0 &&
      evdns_base_set_option(in->resolver, "attempts:", "1") == 0 &&
      evdns_base_nameserver_sockaddr_add(in->resolver, (struct sockaddr *)&server, sizeof server,
                                         0) == 0;
  (void)conntrail_emu_act_as(0, NULL);
  return is_started;
}

static bool ask(scene *in) {
  return start_resolver(in) &&
         evdns_base_resolve_ipv4(in->resolver, NAME, DNS_QUERY_NO_SEARCH, on_answer, in) != NULL &&
         event_base_dispatch(in->base) >= 0;
}

/* ---- The scene ------------------------------------------------------------------------------ */

static bool start_relays(scene *in, bool forgets) {
  const struct sockaddr_in any = address_of(INADDR_LOOPBACK, 0);
  const struct sockaddr *loopback = (const struct sockaddr *)&any;
  conntrail_emu_service *acme = conntrail_emu_add_service(in->emu, "acme", NULL);
  conntrail_emu_service *globex = conntrail_emu_add_service(in->emu, "globex", NULL);
  in->acme = udp_relay_new(in->base, loopback, NULL, keep_line, in);
  if (forgets) {
    in->forgetful = forgetful_relay_new(in->base, loopback);
  } else {
    in->globex = udp_relay_new(in->base, loopback, NULL, keep_line, in);
  }
  if (!in->acme || (!in->globex && !in->forgetful)) {
    return false;
  }
  const struct sockaddr *second =
      forgets ? forgetful_relay_address(in->forgetful) : udp_relay_address(in->globex);
  return conntrail_emu_redirect(acme, RULE " weight 20", udp_relay_address(in->acme)) ==
             CONNTRAIL_OK &&
         conntrail_emu_redirect(globex, RULE " weight 10", second) == CONNTRAIL_OK;
}

static bool open_scene(scene *in, bool forgets) {
  memset(in, 0, sizeof *in);
  in->emu = conntrail_emu_create(NULL);
  in->base = event_base_new();
  return in->emu && in->base && start_relays(in, forgets) && start_server(in);
}

static void close_scene(scene *in) {
  if (in->resolver) {
    evdns_base_free(in->resolver, 0);
  }
  if (in->server) {
    evdns_close_server_port(in->server);
  }
  if (in->acme) {
    udp_relay_free(in->acme);
  }
  if (in->globex) {
    udp_relay_free(in->globex);
  }
  if (in->forgetful) {
    forgetful_relay_free(in->forgetful);
  }
  if (in->base) {
    event_base_free(in->base);
  }
  conntrail_emu_destroy(in->emu);
}

static void show_trail(const scene *in) {
  static char trail[16384];
  (void)conntrail_emu_trail_text(in->emu, CONNTRAIL_EMU_TEXT_NORMALISED, trail, sizeof trail);
  for (const char *line = trail; *line;) {
    const size_t length = strcspn(line, "\n");
    (void)printf("  %.*s\n", (int)length, line);
    line += length + (line[length] == '\n');
  }
}

static bool fail(const scene *in, const char *why) {
  (void)fflush(stdout);
  (void)fprintf(stderr, "demo: failed: DNS: %s\n%s", why, in->log);
  show_trail(in);
  return false;
}

static const char *flaw_of_answer(const scene *in) {
  if (!in->is_answered || in->answer != htonl(ANSWER)) {
    return in->failure ? in->failure : "the answer is not the server's";
  }
  if (conntrail_emu_count(in->emu, CONNTRAIL_EMU_REDIRECTED) != 2 ||
      conntrail_emu_count(in->emu, CONNTRAIL_EMU_DELIVERED) != 1) {
    return "it did not pass through both relays";
  }
  return conntrail_emu_count(in->emu, CONNTRAIL_EMU_MISUSE) == 0 ? NULL : "a misuse was noticed";
}

static bool show_answer(const colours *ink) {
  scene in;
  bool is_right = (open_scene(&in, false) && ask(&in)) || fail(&in, conntrail_emu_refusal());
  const char *flaw = is_right ? flaw_of_answer(&in) : NULL;
  is_right = is_right && (!flaw || fail(&in, flaw));
  if (is_right) {
    show_trail(&in);
    (void)printf("\n  %sok%s  %s is 93.184.216.34, says %s\n\n", ink->good, ink->end, NAME,
                 NAME_SERVER);
  }
  close_scene(&in);
  return is_right;
}

static bool show_loop(const colours *ink) {
  scene in;
  bool is_right = (open_scene(&in, true) && ask(&in)) || fail(&in, conntrail_emu_refusal());
  if (is_right && (in.is_answered || conntrail_emu_count(in.emu, CONNTRAIL_EMU_LOOP) == 0)) {
    is_right = fail(&in, "no loop was found");
  }
  if (is_right) {
    (void)printf("  %sglobex's relay forgets the records. The resolver: %s%s\n\n", ink->bad,
                 in.failure, ink->end);
    show_trail(&in);
    (void)printf("\n");
  }
  close_scene(&in);
  return is_right;
}

bool dns_show(const colours *ink) {
  (void)printf("%s3. UDP: a name is looked up at %s, through the relays of both%s\n\n", ink->strong,
               NAME_SERVER, ink->end);
  return show_answer(ink) && show_loop(ink);
}
