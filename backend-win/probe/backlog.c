/* SPDX-License-Identifier: MIT */

/*
 * Clause R9: connections that waited in a full backlog. More clients connect than the proxy's
 * backlog holds, none is accepted meanwhile, and then each accepted connection is asked.
 */

#include <string.h>

#include "probe.h"

/* [S] A driver's lab filled the 200 of SOMAXCONN. */
enum { CLIENTS = 260 };

static unsigned connect_clients(const probe_scene *scene, SOCKET *clients) {
  const struct sockaddr_storage *to = &scene->options->tcp.destination;
  unsigned begun = 0;
  for (unsigned i = 0; i < CLIENTS; i++) {
    u_long is_nonblocking = 1;
    clients[i] = socket(to->ss_family, SOCK_STREAM, IPPROTO_TCP);
    if (ioctlsocket(clients[i], (long)FIONBIO, &is_nonblocking) == 0 &&
        (connect(clients[i], (const struct sockaddr *)to, conntrail__probe_address_size(to)) == 0 ||
         WSAGetLastError() == WSAEWOULDBLOCK)) {
      begun++;
    }
  }
  return begun;
}

static bool has_records(SOCKET accepted) {
  static unsigned char bytes[PROBE_ROOM];
  DWORD counted = 0;
  return WSAIoctl(accepted, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, NULL, 0, bytes, PROBE_ROOM,
                  &counted, NULL, NULL) == 0;
}

void conntrail__probe_backlog(const probe_row *row, probe_scene *scene, probe_answer *answer) {
  static SOCKET clients[CLIENTS];
  unsigned accepted = 0;
  unsigned lost = 0;
  (void)row;
  conntrail__probe_begin(answer);
  unsigned begun = connect_clients(scene, clients);
  for (unsigned i = 0; i < begun; i++) {
    SOCKET each = conntrail__probe_accept(scene->asked, PROBE_PATIENCE_MILLISECONDS);
    if (each == INVALID_SOCKET) {
      break;
    }
    accepted++;
    lost += has_records(each) ? 0u : 1u;
    conntrail__probe_drop(&each);
  }
  conntrail__probe_returned(answer, 0);
  for (unsigned i = 0; i < CLIENTS; i++) {
    conntrail__probe_drop(&clients[i]);
  }
  conntrail__probe_say(answer, "%u connected, %u accepted, %u without records", begun, accepted,
                       lost);
}
