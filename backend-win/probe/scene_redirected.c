/* SPDX-License-Identifier: MIT */

/* Connections that a product on the machine redirects to this program. */

#include <string.h>

#include "probe.h"

/* For the whole run: the product knows this address. */
static SOCKET proxy = INVALID_SOCKET;
static SOCKET datagram_proxy = INVALID_SOCKET;

SOCKET conntrail__probe_proxy(void) {
  return proxy;
}

SOCKET conntrail__probe_datagram_proxy(void) {
  return datagram_proxy;
}

static bool start(const probe_options *options, const probe_target *target, bool is_datagram) {
  return options->hooks.redirect == NULL || options->hooks.redirect(&target->proxy, is_datagram);
}

static bool open_tcp(probe_options *options) {
  proxy = socket(options->tcp.proxy.ss_family, SOCK_STREAM, IPPROTO_TCP);
  return conntrail__probe_bind(proxy, &options->tcp.proxy) && listen(proxy, SOMAXCONN) == 0 &&
         start(options, &options->tcp, false);
}

static struct sockaddr_storage mapped(const struct sockaddr_storage *address) {
  struct sockaddr_storage made = conntrail__probe_loopback(AF_INET6);
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&made;
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
  memset(&v6->sin6_addr, 0, sizeof v6->sin6_addr);
  memset((unsigned char *)&v6->sin6_addr + 10, 0xFF, 2);
  memcpy((unsigned char *)&v6->sin6_addr + 12, &v4->sin_addr, sizeof v4->sin_addr);
  v6->sin6_port = v4->sin_port;
  return made;
}

bool conntrail__probe_datagram_proxy_open(const probe_options *options, bool is_dual) {
  const DWORD v6_only = 0;
  struct sockaddr_storage address = is_dual ? mapped(&options->udp.proxy) : options->udp.proxy;
  conntrail__probe_drop(&datagram_proxy);
  datagram_proxy = socket(address.ss_family, SOCK_DGRAM, IPPROTO_UDP);
  return (!is_dual || setsockopt(datagram_proxy, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&v6_only,
                                 (int)sizeof v6_only) == 0) &&
         conntrail__probe_bind(datagram_proxy, &address);
}

static bool open_udp(probe_options *options) {
  int size = (int)sizeof options->udp.proxy;
  return conntrail__probe_datagram_proxy_open(options, false) &&
         getsockname(datagram_proxy, (struct sockaddr *)&options->udp.proxy, &size) == 0 &&
         start(options, &options->udp, true);
}

bool conntrail__probe_proxy_open(probe_options *options, const char **obstacle) {
  *obstacle = NULL;
  if (options->tcp.is_given && !open_tcp(options)) {
    *obstacle = "the address of --proxy cannot be listened at; does the product's own proxy run?";
  } else if (options->udp.is_given && !open_udp(options)) {
    *obstacle = "the address of --udp-proxy cannot be bound; does the product's own proxy run?";
  }
  return *obstacle == NULL;
}

void conntrail__probe_proxy_close(void) {
  conntrail__probe_drop(&proxy);
  conntrail__probe_drop(&datagram_proxy);
}

static void act_as_client(const probe_scene *scene, bool is_client) {
  if (scene->options->hooks.act_as_client != NULL) {
    scene->options->hooks.act_as_client(is_client);
  }
}

static bool connect_client(probe_scene *scene) {
  const struct sockaddr_storage *to = &scene->options->tcp.destination;
  act_as_client(scene, true);
  scene->client = socket(to->ss_family, SOCK_STREAM, IPPROTO_TCP);
  bool is_made = conntrail__probe_connect(scene->client, to);
  act_as_client(scene, false);
  return is_made;
}

static bool open_pair(probe_scene *scene) {
  if (!connect_client(scene)) {
    return conntrail__probe_refuse(scene, "no connection to the redirected destination");
  }
  scene->accepted = conntrail__probe_accept(proxy, PROBE_PATIENCE_MILLISECONDS);
  scene->asked = scene->accepted;
  return scene->accepted != INVALID_SOCKET ||
         conntrail__probe_refuse(scene, "connected, but not redirected to the probe");
}

static bool read_data(const probe_scene *scene) {
  char byte = 'x';
  return send(scene->client, &byte, 1, 0) == 1 && recv(scene->accepted, &byte, 1, 0) == 1;
}

/* The end of the client's data was seen: it has closed for the accepted socket as well. */
static bool leave(probe_scene *scene) {
  char byte;
  return shutdown(scene->client, SD_SEND) == 0 && recv(scene->accepted, &byte, 1, 0) == 0 &&
         (conntrail__probe_drop(&scene->client), true);
}

static bool copy(probe_scene *scene) {
  WSAPROTOCOL_INFOW information;
  if (WSADuplicateSocketW(scene->accepted, GetCurrentProcessId(), &information) != 0) {
    return false;
  }
  scene->extra = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
                            &information, 0, WSA_FLAG_OVERLAPPED);
  scene->asked = scene->extra;
  return scene->extra != INVALID_SOCKET;
}

static bool put_beside(probe_scene *scene, int type, bool is_bound) {
  struct sockaddr_storage any = conntrail__probe_loopback(AF_INET);
  scene->extra = socket(AF_INET, type, type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
  scene->asked = scene->extra;
  return scene->extra != INVALID_SOCKET && (!is_bound || conntrail__probe_bind(scene->extra, &any));
}

static bool arrange(probe_scene *scene, probe_place place) {
  switch (place) {
  case PROBE_REDIRECTED_CLIENT:
    scene->asked = scene->client;
    return true;
  case PROBE_REDIRECTED_LISTENER:
    scene->asked = proxy;
    return true;
  case PROBE_REDIRECTED_READ:
    return read_data(scene);
  case PROBE_REDIRECTED_SHUT:
    return shutdown(scene->accepted, SD_BOTH) == 0;
  case PROBE_REDIRECTED_LEFT:
    return leave(scene);
  case PROBE_REDIRECTED_COPY:
    return copy(scene);
  case PROBE_REDIRECTED_FRESH:
    return put_beside(scene, SOCK_STREAM, false);
  case PROBE_REDIRECTED_BOUND:
    return put_beside(scene, SOCK_STREAM, true);
  case PROBE_REDIRECTED_DATAGRAM:
    return put_beside(scene, SOCK_DGRAM, false);
  default:
    return true;
  }
}

bool conntrail__probe_scene_redirected(probe_scene *scene, probe_place place) {
  return open_pair(scene) &&
         (arrange(scene, place) || conntrail__probe_refuse(scene, "the situation cannot be made"));
}
