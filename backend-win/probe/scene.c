/* SPDX-License-Identifier: MIT */

/* Situations that need no product on the machine: everything stays on loopback. */

#include <string.h>

#include "probe.h"

static bool open_socket(SOCKET *made, int family, int type) {
  *made = socket(family, type, type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
  return *made != INVALID_SOCKET;
}

static bool open_listener(probe_scene *scene, int family) {
  scene->local = conntrail__probe_loopback(family);
  return (open_socket(&scene->listener, family, SOCK_STREAM) &&
          conntrail__probe_bind(scene->listener, &scene->local) &&
          listen(scene->listener, SOMAXCONN) == 0) ||
         conntrail__probe_refuse(scene,
                                 family == AF_INET6 ? "no IPv6 here" : "no listening socket");
}

static bool open_pair(probe_scene *scene, int family) {
  if (!open_listener(scene, family)) {
    return false;
  }
  if (!open_socket(&scene->client, family, SOCK_STREAM) ||
      !conntrail__probe_connect(scene->client, &scene->local)) {
    return conntrail__probe_refuse(scene, "no connection over loopback");
  }
  scene->accepted = conntrail__probe_accept(scene->listener, PROBE_PATIENCE_MILLISECONDS);
  scene->asked = scene->accepted;
  return scene->accepted != INVALID_SOCKET || conntrail__probe_refuse(scene, "nothing to accept");
}

static bool open_synchronous(probe_scene *scene) {
  scene->extra = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
  scene->asked = scene->extra;
  return (open_listener(scene, AF_INET) && conntrail__probe_connect(scene->extra, &scene->local)) ||
         conntrail__probe_refuse(scene, "no connection over loopback");
}

static bool open_bound(probe_scene *scene, int type) {
  scene->local = conntrail__probe_loopback(AF_INET);
  bool is_made = open_socket(&scene->extra, AF_INET, type) &&
                 conntrail__probe_bind(scene->extra, &scene->local);
  scene->asked = scene->extra;
  return is_made || conntrail__probe_refuse(scene, "no socket can be bound to loopback");
}

/* The port is taken by a socket that does not listen, so that no other socket does. */
static bool open_refused(probe_scene *scene) {
  if (!open_bound(scene, SOCK_STREAM) || !open_socket(&scene->client, AF_INET, SOCK_STREAM)) {
    return conntrail__probe_refuse(scene, "no socket");
  }
  scene->asked = scene->client;
  return !conntrail__probe_connect(scene->client, &scene->local) ||
         conntrail__probe_refuse(scene, "connected to a port without a listener");
}

static bool open_connected_datagram(probe_scene *scene) {
  if (!open_bound(scene, SOCK_DGRAM) || !open_socket(&scene->client, AF_INET, SOCK_DGRAM) ||
      connect(scene->client, (const struct sockaddr *)&scene->local,
              conntrail__probe_address_size(&scene->local)) != 0) {
    return conntrail__probe_refuse(scene, "no connected UDP socket");
  }
  scene->asked = scene->client;
  return true;
}

static bool open_plain(probe_scene *scene, int family, int type) {
  scene->asked = INVALID_SOCKET;
  if (!open_socket(&scene->extra, family, type)) {
    return conntrail__probe_refuse(scene, family == AF_INET6 ? "no IPv6 here" : "no socket");
  }
  scene->asked = scene->extra;
  return true;
}

static bool open_raw(probe_scene *scene) {
  scene->extra = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  scene->asked = scene->extra;
  return scene->extra != INVALID_SOCKET || conntrail__probe_refuse(scene, "no raw socket allowed");
}

static bool open_closed(probe_scene *scene) {
  SOCKET closed = INVALID_SOCKET;
  if (!open_socket(&closed, AF_INET, SOCK_STREAM) || closesocket(closed) != 0) {
    return conntrail__probe_refuse(scene, "no socket");
  }
  scene->asked = closed;
  return true;
}

static bool open_pipe(probe_scene *scene) {
  HANDLE reading = NULL;
  if (!CreatePipe(&reading, &scene->pipe, NULL, 0)) {
    return conntrail__probe_refuse(scene, "no pipe");
  }
  CloseHandle(reading);
  scene->asked = (SOCKET)scene->pipe;
  return true;
}

static bool open_direct(probe_scene *scene, probe_place place) {
  switch (place) {
  case PROBE_ACCEPTED:
    return open_pair(scene, AF_INET);
  case PROBE_ACCEPTED_V6:
    return open_pair(scene, AF_INET6);
  case PROBE_CLIENT:
    return open_pair(scene, AF_INET) && (scene->asked = scene->client, true);
  case PROBE_LISTENING:
    return open_listener(scene, AF_INET) && (scene->asked = scene->listener, true);
  case PROBE_SYNCHRONOUS:
    return open_synchronous(scene);
  case PROBE_BOUND:
    return open_bound(scene, SOCK_STREAM);
  case PROBE_REFUSED:
    return open_refused(scene);
  case PROBE_DATAGRAM:
    return open_plain(scene, AF_INET, SOCK_DGRAM);
  case PROBE_DATAGRAM_V6:
    return open_plain(scene, AF_INET6, SOCK_DGRAM);
  case PROBE_DATAGRAM_BOUND:
    return open_bound(scene, SOCK_DGRAM);
  case PROBE_DATAGRAM_CONNECTED:
    return open_connected_datagram(scene);
  case PROBE_RAW:
    return open_raw(scene);
  case PROBE_CLOSED:
    return open_closed(scene);
  case PROBE_PIPE:
    return open_pipe(scene);
  case PROBE_NO_SOCKET:
    return true;
  default:
    return open_plain(scene, AF_INET, SOCK_STREAM);
  }
}

bool conntrail__probe_scene_open(probe_scene *scene, const probe_options *options,
                                 const probe_row *row) {
  *scene = (probe_scene){.options = options,
                         .asked = INVALID_SOCKET,
                         .listener = INVALID_SOCKET,
                         .client = INVALID_SOCKET,
                         .accepted = INVALID_SOCKET,
                         .extra = INVALID_SOCKET};
  if (row->place >= PROBE_FLOW) {
    return conntrail__probe_scene_flow(scene, row);
  }
  if (row->place >= PROBE_REDIRECTED) {
    return conntrail__probe_scene_redirected(scene, row->place);
  }
  if (row->place >= PROBE_ACCEPT_EX && row->place <= PROBE_CONNECT_EX_UPDATED) {
    return conntrail__probe_scene_extended(scene, row->place);
  }
  return open_direct(scene, row->place);
}

void conntrail__probe_scene_close(probe_scene *scene) {
  conntrail__probe_drop(&scene->client);
  conntrail__probe_drop(&scene->accepted);
  conntrail__probe_drop(&scene->extra);
  conntrail__probe_drop(&scene->listener);
  if (scene->pipe != NULL) {
    CloseHandle(scene->pipe);
  }
}
