/* SPDX-License-Identifier: MIT */

/* Datagrams that a product on the machine redirects to this program. */

#include <string.h>

#include "probe.h"

static void act_as_client(const probe_scene *scene, bool is_client) {
  if (scene->options->hooks.act_as_client != NULL) {
    scene->options->hooks.act_as_client(is_client);
  }
}

/* [D] The options have the same numbers at both levels. */
static bool enable(SOCKET proxy, int level, int option) {
  const DWORD enabled = 1;
  return setsockopt(proxy, level, option, (const char *)&enabled, (int)sizeof enabled) == 0;
}

static bool enable_asked(SOCKET proxy, int level, int options) {
  return ((options & PROBE_RECORDS) == 0 || enable(proxy, level, IP_WFP_REDIRECT_RECORDS)) &&
         ((options & PROBE_CONTEXT) == 0 || enable(proxy, level, IP_WFP_REDIRECT_CONTEXT));
}

static bool send_one(const probe_scene *scene, bool is_connected) {
  const struct sockaddr_storage *to = &scene->options->udp.destination;
  const char text[] = "conntrail";
  int size = conntrail__probe_address_size(to);
  return is_connected ? send(scene->client, text, (int)sizeof text, 0) == (int)sizeof text
                      : sendto(scene->client, text, (int)sizeof text, 0,
                               (const struct sockaddr *)to, size) == (int)sizeof text;
}

static bool send_first(probe_scene *scene, bool is_connected) {
  const struct sockaddr_storage *to = &scene->options->udp.destination;
  act_as_client(scene, true);
  scene->client = socket(to->ss_family, SOCK_DGRAM, IPPROTO_UDP);
  bool is_sent = (!is_connected || connect(scene->client, (const struct sockaddr *)to,
                                           conntrail__probe_address_size(to)) == 0) &&
                 send_one(scene, is_connected);
  act_as_client(scene, false);
  return is_sent;
}

static bool is_delivered(void) {
  return conntrail__probe_readable(conntrail__probe_datagram_proxy(), PROBE_PATIENCE_MILLISECONDS);
}

/* Takes the datagram, and returns from where it seems to come. */
static bool take(struct sockaddr_storage *from) {
  char text[64];
  int size = (int)sizeof *from;
  return recvfrom(conntrail__probe_datagram_proxy(), text, (int)sizeof text, 0,
                  (struct sockaddr *)from, &size) > 0;
}

static bool send_second(const probe_scene *scene) {
  struct sockaddr_storage from;
  act_as_client(scene, true);
  bool is_sent = take(&from) && send_one(scene, false);
  act_as_client(scene, false);
  return is_sent && is_delivered();
}

static bool answer(const probe_scene *scene) {
  struct sockaddr_storage from;
  const char text[] = "answer";
  (void)scene;
  return take(&from) &&
         sendto(conntrail__probe_datagram_proxy(), text, (int)sizeof text, 0,
                (const struct sockaddr *)&from, conntrail__probe_address_size(&from)) > 0;
}

static bool connect_proxy(const probe_scene *scene) {
  struct sockaddr_storage from;
  (void)scene;
  return take(&from) && connect(conntrail__probe_datagram_proxy(), (const struct sockaddr *)&from,
                                conntrail__probe_address_size(&from)) == 0;
}

static bool arrange(probe_scene *scene, probe_place place) {
  switch (place) {
  case PROBE_FLOW_SECOND:
    return send_second(scene);
  case PROBE_FLOW_CLIENT:
    scene->asked = scene->client;
    return answer(scene);
  case PROBE_FLOW_PROXY_CONNECTED:
    return connect_proxy(scene);
  default:
    return true;
  }
}

bool conntrail__probe_scene_flow(probe_scene *scene, const probe_row *row) {
  bool is_dual = row->place == PROBE_FLOW_DUAL;
  if (!conntrail__probe_datagram_proxy_open(scene->options, is_dual)) {
    return conntrail__probe_refuse(scene, "the address of --udp-proxy cannot be bound");
  }
  SOCKET proxy = conntrail__probe_datagram_proxy();
  scene->asked = proxy;
  scene->local = scene->options->udp.proxy;
  if (!enable_asked(proxy, IPPROTO_IP, row->option) ||
      (is_dual && !enable_asked(proxy, IPPROTO_IPV6, row->option))) {
    return conntrail__probe_refuse(scene, "the options cannot be enabled");
  }
  if (!send_first(scene, row->place == PROBE_FLOW_CONNECTED) || !is_delivered()) {
    return conntrail__probe_refuse(scene, "no datagram was redirected to the probe");
  }
  return arrange(scene, row->place) ||
         conntrail__probe_refuse(scene, "the situation cannot be made");
}
