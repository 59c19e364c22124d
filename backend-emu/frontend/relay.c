/* SPDX-License-Identifier: MIT */
#include "relay.h"

#include "../../src/numbers.h"
#include "sockaddr.h"

typedef bool (*name_call)(intptr_t handle, const struct sockaddr *address, size_t size);

/* A socket of the address' family that was bound or connected to it. -1 with the error. */
static intptr_t open_at(const conntrail__address *address, name_call call) {
  struct sockaddr_storage storage;
  size_t size = conntrail__address_to_sockaddr(address, &storage);
  intptr_t opened = conntrail__native_open(address->family);
  if (opened != -1 && !call(opened, (const struct sockaddr *)&storage, size)) {
    conntrail__native_close(opened);
    return -1;
  }
  return opened;
}

/* What the system's own answer is wanting for. */
static int lack(void) {
  return conntrail__native_error_of(CONNTRAIL__WSAENOBUFS);
}

/* The address of this host that datagrams to target have, if the socket does not say. 0 or the
 * system's error, as everything here answers. */
static int probe_source(const conntrail__address *target, conntrail__address *own) {
  conntrail__address found;
  intptr_t probe = open_at(target, conntrail__native_associate);
  if (probe == -1) {
    return conntrail__native_error();
  }
  bool is_found = conntrail__native_local_address(probe, &found);
  conntrail__native_close(probe);
  if (!is_found) {
    return lack();
  }
  found.port = own->port;
  *own = found;
  return 0;
}

/* What the system would do at the first datagram. Now, because the proxy must know the source. */
static int bind_first(const conntrail__reference *client, conntrail__address *own) {
  const conntrail__address any = {.family = client->family == AF_INET ? CONNTRAIL__IPV4
                                                                      : CONNTRAIL__IPV6};
  struct sockaddr_storage storage;
  size_t size = conntrail__address_to_sockaddr(&any, &storage);
  if (!conntrail__native_bind(client->handle, (const struct sockaddr *)&storage, size)) {
    return conntrail__native_error();
  }
  if (!conntrail__native_local_address(client->handle, own)) {
    return lack();
  }
  conntrail__socket_bound(client->socket, own);
  return 0;
}

static int find_own(const conntrail__reference *client, const conntrail__address *target,
                    conntrail__address *own) {
  /* Windows has no address for a socket that is not bound. */
  bool is_known = conntrail__native_local_address(client->handle, own);
  int error = is_known && own->port != 0 ? 0 : bind_first(client, own);
  if (error != 0 && !is_known) { /* it is bound, and the system could not say where */
    return lack();
  }
  return error != 0 || !conntrail__address_is_any(own) ? error : probe_source(target, own);
}

static int make_relay(conntrail__datagram_decision *decision, const conntrail__address *own) {
  conntrail__address source = *own;
  source.port = 0;
  intptr_t relay = open_at(&source, conntrail__native_bind);
  if (relay == -1) {
    return conntrail__native_error();
  }
  if (conntrail__native_local_address(relay, &source) &&
      conntrail__datagram_carry(decision, own, relay, &source, conntrail__native_close)) {
    return 0;
  }
  conntrail__native_close(relay);
  return lack();
}

int conntrail__relay_settle(const conntrail__reference *client,
                            conntrail__datagram_decision *decision) {
  conntrail__address own;
  int error = find_own(client, &decision->target, &own);
  if (error == 0 && !conntrail__datagram_settle(decision, &own)) {
    error = make_relay(decision, &own);
  }
  if (decision->native != 0) {
    return conntrail__native_error_of(decision->native);
  }
  if (error != 0) {
    conntrail__datagram_abandon(decision);
  }
  return error;
}
