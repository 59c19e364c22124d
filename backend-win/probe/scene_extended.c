/* SPDX-License-Identifier: MIT */

/* Sockets of AcceptEx and ConnectEx, before and after the option that completes them. */

#include <string.h>

#include "probe.h"

/* [D] AcceptEx wants 16 bytes more than an address, for each of both. */
enum { ADDRESS_ROOM = sizeof(struct sockaddr_in6) + 16 };

static SOCKET stream(void) {
  return socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
}

/* Waits for the call's event; an overlapped call that does not end is cancelled first. */
static bool await_call(SOCKET socket, OVERLAPPED *overlapped, BOOL is_done) {
  DWORD bytes = 0;
  DWORD flags = 0;
  if (!is_done && WSAGetLastError() != WSA_IO_PENDING) {
    return false;
  }
  if (WaitForSingleObject(overlapped->hEvent, PROBE_PATIENCE_MILLISECONDS) != WAIT_OBJECT_0) {
    (void)CancelIoEx((HANDLE)socket, overlapped);
    (void)WSAGetOverlappedResult(socket, overlapped, &bytes, TRUE, &flags);
    return false;
  }
  return WSAGetOverlappedResult(socket, overlapped, &bytes, FALSE, &flags) != FALSE;
}

static bool listen_anywhere(probe_scene *scene) {
  scene->listener = stream();
  scene->local = conntrail__probe_loopback(AF_INET);
  return conntrail__probe_bind(scene->listener, &scene->local) &&
         listen(scene->listener, SOMAXCONN) == 0;
}

static bool accept_extended(probe_scene *scene, OVERLAPPED *overlapped) {
  static char addresses[2 * ADDRESS_ROOM];
  GUID identity = WSAID_ACCEPTEX;
  DWORD bytes = 0;
  LPFN_ACCEPTEX call;
  void *found = conntrail__probe_extension(scene->listener, identity);
  memcpy(&call, &found, sizeof call);
  if (call == NULL) {
    return false;
  }
  scene->accepted = stream();
  BOOL is_done = call(scene->listener, scene->accepted, addresses, 0, ADDRESS_ROOM, ADDRESS_ROOM,
                      &bytes, overlapped);
  int error = WSAGetLastError();
  scene->client = stream();
  bool is_connected = conntrail__probe_connect(scene->client, &scene->local);
  WSASetLastError(error);
  return await_call(scene->listener, overlapped, is_done) && is_connected;
}

static bool connect_extended(probe_scene *scene, OVERLAPPED *overlapped) {
  struct sockaddr_storage any = conntrail__probe_loopback(AF_INET);
  GUID identity = WSAID_CONNECTEX;
  DWORD bytes = 0;
  LPFN_CONNECTEX call;
  scene->client = stream();
  void *found = conntrail__probe_extension(scene->client, identity);
  memcpy(&call, &found, sizeof call);
  if (call == NULL || !conntrail__probe_bind(scene->client, &any)) {
    return false;
  }
  BOOL is_done = call(scene->client, (const struct sockaddr *)&scene->local,
                      conntrail__probe_address_size(&scene->local), NULL, 0, &bytes, overlapped);
  bool is_made = await_call(scene->client, overlapped, is_done);
  scene->accepted = conntrail__probe_accept(scene->listener, PROBE_PATIENCE_MILLISECONDS);
  return is_made;
}

static bool update(const probe_scene *scene, probe_place place) {
  if (place == PROBE_ACCEPT_EX_UPDATED) {
    return setsockopt(scene->accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                      (const char *)&scene->listener, (int)sizeof scene->listener) == 0;
  }
  return place != PROBE_CONNECT_EX_UPDATED ||
         setsockopt(scene->client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) == 0;
}

bool conntrail__probe_scene_extended(probe_scene *scene, probe_place place) {
  bool is_accept = place == PROBE_ACCEPT_EX || place == PROBE_ACCEPT_EX_UPDATED;
  OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
  bool is_made =
      listen_anywhere(scene) &&
      (is_accept ? accept_extended(scene, &overlapped) : connect_extended(scene, &overlapped)) &&
      update(scene, place);
  CloseHandle(overlapped.hEvent);
  scene->asked = is_accept ? scene->accepted : scene->client;
  return is_made ||
         conntrail__probe_refuse(scene, is_accept ? "AcceptEx failed" : "ConnectEx failed");
}
