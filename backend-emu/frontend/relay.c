/* SPDX-License-Identifier: MIT */
#include "relay.h"

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

/* The address of this host that datagrams to target have, if the socket does not say. */
static bool probe_source(const conntrail__address *target, conntrail__address *own) {
  conntrail__address found;
  intptr_t probe = open_at(target, conntrail__native_associate);
  if (probe == -1) {
    return false;
  }
  bool is_found = conntrail__native_local_address(probe, &found);
  conntrail__native_close(probe);
  if (is_found) {
    found.port = own->port;
    *own = found;
  }
  return is_found;
}

/* What the system would do at the first datagram. Now, because the proxy must know the source. */
static bool bind_first(const conntrail__reference *client, conntrail__address *own) {
  const conntrail__address any = {.family = client->family == AF_INET ? CONNTRAIL__IPV4
                                                                      : CONNTRAIL__IPV6};
  struct sockaddr_storage storage;
  size_t size = conntrail__address_to_sockaddr(&any, &storage);
  return conntrail__native_bind(client->handle, (const struct sockaddr *)&storage, size) &&
         conntrail__native_local_address(client->handle, own) &&
         conntrail__socket_bound(client->socket, own);
}

static bool find_own(const conntrail__reference *client, const conntrail__address *target,
                     conntrail__address *own) {
  bool is_bound = conntrail__native_local_address(client->handle, own) && own->port != 0;
  return (is_bound || bind_first(client, own)) &&
         (!conntrail__address_is_any(own) || probe_source(target, own));
}

static bool make_relay(conntrail__datagram_decision *decision, const conntrail__address *own) {
  conntrail__address source = *own;
  source.port = 0;
  intptr_t relay = open_at(&source, conntrail__native_bind);
  if (relay == -1) {
    return false;
  }
  if (conntrail__native_local_address(relay, &source) &&
      conntrail__datagram_carry(decision, own, relay, &source, conntrail__native_close)) {
    return true;
  }
  conntrail__native_close(relay);
  return false;
}

int conntrail__relay_settle(const conntrail__reference *client,
                            conntrail__datagram_decision *decision) {
  conntrail__address own;
  bool is_settled = find_own(client, &decision->target, &own) &&
                    (conntrail__datagram_settle(decision, &own) || make_relay(decision, &own));
  if (decision->native != 0) {
    return conntrail__native_error_of(decision->native);
  }
  int error = is_settled ? 0 : conntrail__native_error();
  if (!is_settled) {
    conntrail__datagram_abandon(decision);
  }
  return error;
}
