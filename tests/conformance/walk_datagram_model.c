/* SPDX-License-Identifier: MIT */
#include "walk_datagram_model.h"

#include <string.h>

/* The world of walk_begin(): destinations 0 to 2 are of both services, 0 has a route, 3 a route
 * alone, 4 nothing, 5 is the server itself. */
enum { LAST_OF_SERVICES = 2, ROUTED = 0, ROUTED_ALONE = 3, SERVER_ITSELF = 5 };
enum { SERVICES = 2, SERVER = 2, CONTEXT_SIZE = 256, IDLE_LIMIT = 60000 };

void udp_begin(udp_model *m) {
  memset(m, 0, sizeof *m);
  m->is_privileged = true;
}

static udp_socket *find(udp_model *m, int socket) {
  return socket == UDP_NONE ? NULL : &m->sockets[socket];
}

static void appear(udp_socket *s, udp_user user) {
  s->user = s->user == UDP_NOBODY ? user : s->user;
}

static void touch(const udp_model *m, udp_flow *flow) {
  flow->last_used = m->now;
}

/* ---- Queues of the system -------------------------------------------------------------------- */

static void enqueue(udp_queue *queue, udp_source from, size_t size) {
  expect_true(queue->count < UDP_QUEUE);
  queue->items[(queue->first + queue->count++) % UDP_QUEUE] = (udp_datagram){from, size};
}

static void dequeue(udp_queue *queue) {
  queue->first = (queue->first + 1) % UDP_QUEUE;
  queue->count--;
}

/* ---- Flows ----------------------------------------------------------------------------------- */

static int find_flow(const udp_model *m, int client, unsigned destination) {
  for (int index = 0; index < m->flow_count; ++index) {
    const udp_flow *flow = &m->flows[index];
    if (flow->is_alive && flow->client == client && flow->destination == destination) {
      return index;
    }
  }
  return UDP_NONE;
}

/* M9: the one flow of a client to a place that has the client's own address. */
static int find_own(const udp_model *m, int client, int place) {
  for (int index = 0; index < m->flow_count; ++index) {
    const udp_flow *flow = &m->flows[index];
    if (flow->is_alive && !flow->is_relayed && flow->client == client && flow->place == place) {
      return index;
    }
  }
  return UDP_NONE;
}

static void end_flow(udp_model *m, int index) {
  udp_flow *flow = &m->flows[index];
  flow->is_alive = false;
  if (m->sockets[flow->client].association == index) {
    m->sockets[flow->client].association = UDP_NONE;
  }
}

int udp_create(udp_model *m) {
  expect_true(m->socket_count < UDP_SOCKETS);
  m->sockets[m->socket_count] = (udp_socket){.references = 1, .association = UDP_NONE};
  return m->socket_count++;
}

void udp_duplicate(udp_model *m, int socket) {
  m->sockets[socket].references++;
}

/* M2: its flows end with it. */
void udp_close(udp_model *m, int socket) {
  if (--m->sockets[socket].references > 0) {
    return;
  }
  for (int index = 0; index < m->flow_count; ++index) {
    if (m->flows[index].is_alive && m->flows[index].client == socket) {
      end_flow(m, index);
    }
  }
}

/* M2: no datagram for the set time, unless its client is connected. */
void udp_advance(udp_model *m, uint32_t milliseconds) {
  m->now += milliseconds;
  for (int index = 0; index < m->flow_count; ++index) {
    udp_flow *flow = &m->flows[index];
    if (flow->is_alive && !flow->is_associated && m->now - flow->last_used >= IDLE_LIMIT) {
      m->counts.idle += flow->service != UDP_NONE;
      end_flow(m, index);
    }
  }
}

size_t udp_flow_count(const udp_model *m) {
  size_t count = 0;
  for (int index = 0; index < m->flow_count; ++index) {
    count += m->flows[index].is_alive;
  }
  return count;
}

/* ---- The decision ---------------------------------------------------------------------------- */

/* R1 to R3. */
static int redirecting_service(const udp_flow *carried) {
  if (carried == NULL) {
    return 0;
  }
  for (int service = 0; service < SERVICES; ++service) {
    if ((carried->passed & 1u << service) == 0) {
      return service;
    }
  }
  return UDP_NONE;
}

/* M10: the proxies are this process, which received a datagram of that destination. */
static bool is_loop(const udp_model *m, const udp_socket *s, unsigned destination) {
  for (int index = 0; s->user == UDP_OWN && index < m->flow_count; ++index) {
    const udp_flow *flow = &m->flows[index];
    if (flow->is_alive && flow->is_claimed && !flow->is_transferred && flow->service != UDP_NONE &&
        flow->destination == destination) {
      return true;
    }
  }
  return false;
}

static udp_flow *add_flow(udp_model *m, int client, unsigned destination, int service,
                          unsigned passed) {
  expect_true(m->flow_count < UDP_FLOWS);
  udp_flow *flow = &m->flows[m->flow_count++];
  *flow = (udp_flow){.is_alive = true,
                     .client = client,
                     .destination = destination,
                     .service = service,
                     .passed = passed,
                     .place = service == UDP_NONE ? SERVER : service,
                     .last_used = m->now};
  return flow;
}

/* M9: the client's own address, which a connected one takes from whom has it. */
static void settle(udp_model *m, udp_flow *flow, bool wants_own) {
  flow->is_alive = false; /* it is not looked for */
  int other = find_own(m, flow->client, flow->place);
  flow->is_alive = true;
  if (other != UDP_NONE && wants_own) {
    end_flow(m, other);
  }
  flow->is_relayed = other != UDP_NONE && !wants_own;
}

/* A new flow. *begun is NULL for the server itself, which nobody watches. */
static net_result begin_flow(udp_model *m, int client, unsigned destination,
                             const udp_flow *carried, bool wants_own, udp_flow **begun) {
  udp_socket *s = &m->sockets[client];
  int service = destination <= LAST_OF_SERVICES ? redirecting_service(carried) : UDP_NONE;
  *begun = NULL;
  if (destination == SERVER_ITSELF) {
    return NET_OK;
  }
  if (service != UDP_NONE && carried == NULL && is_loop(m, s, destination)) {
    m->counts.loops++;
    return NET_UNREACHABLE;
  }
  if (service == UDP_NONE && destination != ROUTED && destination != ROUTED_ALONE) {
    m->counts.refused++;
    return NET_UNREACHABLE;
  }
  unsigned passed =
      (carried == NULL ? 0 : carried->passed) | (service == UDP_NONE ? 0 : 1u << service);
  m->counts.redirected += service != UDP_NONE;
  m->counts.delivered += service == UDP_NONE;
  *begun = add_flow(m, client, destination, service, passed);
  (*begun)->has_carried = carried != NULL;
  settle(m, *begun, wants_own);
  return NET_OK;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static udp_source source_of(const udp_model *m, int client, const udp_flow *flow) {
  bool is_relayed = flow != NULL && flow->is_relayed;
  return (udp_source){client, is_relayed ? (int)(flow - m->flows) : UDP_NONE, UDP_NONE};
}

static void take(udp_model *m, udp_flow *records) {
  m->counts.records_set++;
  records->is_transferred = true;
}

/* M3: records of a later datagram change nothing, but count for the flow that they are of. */
static void send_late(udp_model *m, const udp_flow *flow, udp_flow *records) {
  if (records->is_alive && !records->is_transferred) {
    take(m, records);
  }
  m->counts.sent_late += !flow->has_carried;
}

net_result udp_send(udp_model *m, int socket, unsigned destination, size_t size, udp_user user,
                    int records) {
  udp_socket *s = find(m, socket);
  if (s == NULL) {
    return NET_NOT_SOCKET;
  }
  udp_flow *carried = records == UDP_NONE ? NULL : &m->flows[records];
  appear(s, user);
  int index = find_flow(m, socket, destination);
  udp_flow *flow = index == UDP_NONE ? NULL : &m->flows[index];
  if (flow == NULL) {
    if (carried != NULL) {
      take(m, carried);
    }
    net_result result = begin_flow(m, socket, destination, carried, false, &flow);
    if (result != NET_OK) {
      return result;
    }
  } else {
    if (carried != NULL) {
      send_late(m, flow, carried);
    }
    touch(m, flow);
  }
  enqueue(&m->places[flow == NULL ? SERVER : flow->place], source_of(m, socket, flow), size);
  return NET_OK;
}

conntrail_status udp_send_records(udp_model *m, int socket, unsigned destination, size_t size,
                                  bool has_records, int records) {
  udp_socket *s = find(m, socket);
  if (s == NULL) {
    return CONNTRAIL_NOT_SOCKET;
  }
  appear(s, UDP_OWN);
  if (has_records && !m->is_privileged) {
    return CONNTRAIL_ACCESS;
  }
  if (has_records && records == UDP_NONE) {
    return CONNTRAIL_INVALID;
  }
  return udp_send(m, socket, destination, size, UDP_OWN, has_records ? records : UDP_NONE) == NET_OK
             ? CONNTRAIL_OK
             : CONNTRAIL_UNREACHABLE;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void dissociate(udp_model *m, udp_socket *s) {
  if (s->association != UDP_NONE) {
    m->flows[s->association].is_associated = false;
    touch(m, &m->flows[s->association]);
    s->association = UDP_NONE;
  }
  s->is_connected = false;
}

net_result udp_connect(udp_model *m, int socket, unsigned destination) {
  udp_socket *s = find(m, socket);
  if (s == NULL) {
    return NET_NOT_SOCKET;
  }
  appear(s, UDP_CLIENT);
  int index = find_flow(m, socket, destination);
  udp_flow *flow = index == UDP_NONE ? NULL : &m->flows[index];
  if (flow == NULL || flow->is_relayed) { /* the state diagram: it begins anew */
    udp_flow before = {.has_carried = false};
    if (flow != NULL) {
      before = *flow;
      before.passed &= flow->service == UDP_NONE ? before.passed : ~(1u << flow->service);
      end_flow(m, index);
    }
    net_result result =
        begin_flow(m, socket, destination, before.has_carried ? &before : NULL, true, &flow);
    if (result != NET_OK) {
      return result;
    }
  }
  dissociate(m, s);
  s->is_connected = true;
  s->destination = destination;
  s->peer = (udp_source){UDP_NONE, UDP_NONE, flow == NULL ? SERVER : flow->place};
  if (flow != NULL) {
    flow->is_associated = true;
    s->association = (int)(flow - m->flows);
  }
  return NET_OK;
}

net_result udp_dissolve(udp_model *m, int socket) {
  udp_socket *s = find(m, socket);
  if (s == NULL) {
    return NET_NOT_SOCKET;
  }
  dissociate(m, s);
  return NET_OK;
}

/* M7. */
net_result udp_peer(const udp_model *m, int socket, int *destination) {
  *destination = UDP_NONE;
  if (socket == UDP_NONE) {
    return NET_NOT_SOCKET;
  }
  const udp_socket *s = &m->sockets[socket];
  if (!s->is_connected) {
    return NET_NOT_CONNECTED;
  }
  *destination = s->association == UDP_NONE ? UDP_NONE : (int)s->destination;
  return NET_OK;
}

/* M11: nobody who is connected in this walk is connected to a flow's source. */
conntrail_status udp_query(udp_model *m, int socket) {
  udp_socket *s = find(m, socket);
  if (s == NULL) {
    return CONNTRAIL_NOT_SOCKET;
  }
  appear(s, UDP_OWN);
  return s->is_connected ? CONNTRAIL_NOT_REDIRECTED : CONNTRAIL_NOT_CONNECTED;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

/* The flow that comes from there now. */
static udp_flow *flow_from(udp_model *m, const udp_source *from, int place) {
  int index = from->relay != UDP_NONE ? from->relay : find_own(m, from->client, place);
  return index != UDP_NONE && m->flows[index].is_alive ? &m->flows[index] : NULL;
}

static bool is_first(const udp_flow *flow) {
  return flow != NULL && flow->service != UDP_NONE && !flow->is_claimed;
}

static void claim(udp_model *m, udp_flow *flow) {
  flow->is_claimed = true;
  m->counts.accepted++;
}

/* M2, M4. */
conntrail_status udp_receive_message(udp_model *m, int place, const udp_rooms *rooms,
                                     size_t records_size, int *flow, udp_source *from) {
  udp_queue *queue = &m->places[place];
  *flow = UDP_NONE;
  if (queue->count == 0) {
    return CONNTRAIL_WOULD_BLOCK;
  }
  udp_datagram head = queue->items[queue->first];
  udp_flow *source = flow_from(m, &head.from, place);
  *from = head.from;
  bool is_control_cut = false;
  if (source != NULL) {
    touch(m, source);
  }
  if (is_first(source)) {
    bool is_whole = rooms->context >= CONTEXT_SIZE && records_size > 0;
    source->record_size = source->record_size == 0 && is_whole ? records_size : source->record_size;
    is_control_cut =
        rooms->context < CONTEXT_SIZE ||
        (source->record_size == 0 ? records_size == 0 : rooms->records < source->record_size);
    *flow = is_control_cut ? UDP_NONE : (int)(source - m->flows);
    if (!rooms->is_peek) {
      claim(m, source);
    }
  }
  if (!rooms->is_peek) {
    dequeue(queue);
  }
  if (head.size > rooms->payload) {
    return CONNTRAIL_DATA_TRUNCATED;
  }
  return is_control_cut ? CONNTRAIL_CONTROL_TRUNCATED : CONNTRAIL_OK;
}

net_result udp_receive_at_place(udp_model *m, int place, udp_source *from) {
  udp_queue *queue = &m->places[place];
  if (queue->count == 0) {
    return NET_WOULD_BLOCK;
  }
  *from = queue->items[queue->first].from;
  dequeue(queue);
  udp_flow *flow = flow_from(m, from, place);
  if (flow != NULL) {
    touch(m, flow);
  }
  if (is_first(flow)) {
    claim(m, flow);
    m->counts.not_received++;
  }
  return NET_OK;
}

/* M7: the client sees the original destination. */
net_result udp_receive(udp_model *m, int socket, int *destination, size_t *size) {
  udp_socket *s = find(m, socket);
  *destination = UDP_NONE;
  *size = 0;
  if (s == NULL) {
    return NET_NOT_SOCKET;
  }
  if (s->queue.count == 0) {
    return NET_WOULD_BLOCK;
  }
  udp_datagram head = s->queue.items[s->queue.first];
  dequeue(&s->queue);
  *size = head.size;
  int index = head.from.relay != UDP_NONE ? head.from.relay : find_own(m, socket, head.from.place);
  if (index != UDP_NONE && m->flows[index].is_alive) {
    *destination = (int)m->flows[index].destination;
    touch(m, &m->flows[index]);
  }
  return NET_OK;
}

bool udp_is_there(const udp_model *m, const udp_source *source) {
  if (source->relay != UDP_NONE) {
    return m->flows[source->relay].is_alive;
  }
  return source->client == UDP_NONE || m->sockets[source->client].references > 0;
}

static bool has_leftovers(const udp_model *m, const udp_queue *queue) {
  for (size_t index = 0; index < queue->count; ++index) {
    if (!udp_is_there(m, &queue->items[(queue->first + index) % UDP_QUEUE].from)) {
      return true;
    }
  }
  return false;
}

bool udp_place_has_leftovers(const udp_model *m, int place) {
  return has_leftovers(m, &m->places[place]);
}

bool udp_client_has_leftovers(const udp_model *m, int socket) {
  return socket != UDP_NONE && has_leftovers(m, &m->sockets[socket].queue);
}

bool udp_may_take_port(const udp_model *m, int socket, unsigned destination) {
  if (socket == UDP_NONE || find_flow(m, socket, destination) != UDP_NONE) {
    return false;
  }
  for (int place = 0; place < UDP_PLACES; ++place) {
    if (find_own(m, socket, place) != UDP_NONE) {
      return true;
    }
  }
  return false;
}

/* M9: to the client's own address, or through the relay socket of the flow. */
void udp_reply(udp_model *m, int place, const udp_source *to, size_t size) {
  udp_socket *client = &m->sockets[to->client];
  bool is_relayed = to->relay != UDP_NONE;
  if (is_relayed && m->flows[to->relay].place != place) {
    return; /* nothing is received from a relay socket */
  }
  if (is_relayed) {
    touch(m, &m->flows[to->relay]);
  }
  bool arrives = !client->is_connected || (!is_relayed && client->peer.place == place);
  if (arrives) {
    enqueue(&client->queue, (udp_source){UDP_NONE, is_relayed ? to->relay : UDP_NONE, place}, size);
  }
}
