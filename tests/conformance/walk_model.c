/* SPDX-License-Identifier: MIT */
#include "walk_model.h"

#include <string.h>

/* The world of walk_begin(): destinations 0 to 2 are of both services, 0 has a route, 3 a route
 * alone, 4 nothing, 5 is on loopback. */
enum { LAST_OF_SERVICES = 2, ROUTED = 0, ROUTED_ALONE = 3, NOWHERE = 4, ON_LOOPBACK = 5 };
enum { SERVICES = 2, CONTEXT_SIZE = 256 };

void model_begin(walk_model *m) {
  memset(m, 0, sizeof *m);
  m->is_privileged = true;
}

static model_socket *find(walk_model *m, int socket) {
  return socket == MODEL_NOTHING ? NULL : &m->sockets[socket];
}

static model_flow *flow_of(walk_model *m, int flow) {
  return flow == MODEL_NOTHING ? NULL : &m->flows[flow];
}

static bool has_record(const model_socket *s) {
  return s->is_accepted && s->flow != MODEL_NOTHING;
}

/* ---- Life ------------------------------------------------------------------------------------ */

int model_create(walk_model *m) {
  expect_true(m->socket_count < MODEL_SOCKETS);
  m->sockets[m->socket_count] = (model_socket){
      .references = 1, .flow = MODEL_NOTHING, .carried = MODEL_NOTHING, .other_end = MODEL_NOTHING};
  return m->socket_count++;
}

net_result model_bind(walk_model *m, int socket) {
  model_socket *s = find(m, socket);
  if (s == NULL) {
    return NET_NOT_SOCKET;
  }
  s->is_bound = true;
  return NET_OK;
}

void model_duplicate(walk_model *m, int socket) {
  m->sockets[socket].references++;
}

/* E5: a number at its first appearance, and a user (R8) once somebody uses it. */
static void name(walk_model *m, model_socket *s) {
  if (s->number == 0) {
    s->number = ++m->appeared;
  }
}

static void appear(walk_model *m, model_socket *s, model_user user) {
  name(m, s);
  if (s->user == MODEL_NOBODY) {
    s->user = user;
  }
}

/* What it was connected by is over (P3, Q13): the record ends with the accepted socket alone. */
static void end_connection(walk_model *m, model_socket *s) {
  model_flow *flow = flow_of(m, s->flow);
  if (has_record(s)) {
    m->counts.closed++;
    flow->waits = false;
    flow->accepted = MODEL_NOTHING;
  }
  model_socket *other = find(m, s->other_end);
  if (other != NULL) {
    other->other_end = MODEL_NOTHING;
  }
  s->flow = MODEL_NOTHING;
  s->other_end = MODEL_NOTHING;
}

void model_close(walk_model *m, int socket) {
  model_socket *s = &m->sockets[socket];
  if (--s->references == 0) {
    end_connection(m, s);
  }
}

bool model_hides(const walk_model *m, int socket) {
  if (socket == MODEL_NOTHING || m->sockets[socket].other_end == MODEL_NOTHING) {
    return socket != MODEL_NOTHING && m->sockets[socket].was_refused;
  }
  return m->sockets[m->sockets[socket].other_end].number == 0;
}

bool model_is_either(const walk_model *m, int socket) {
  return socket != MODEL_NOTHING && m->sockets[socket].is_reset && !has_record(&m->sockets[socket]);
}

/* The state diagram: fresh again, an accepted one as well; the records that were set on it stay. */
net_result model_dissolve(walk_model *m, int socket, bool is_bound) {
  model_socket *s = find(m, socket);
  if (s == NULL) {
    return NET_NOT_SOCKET;
  }
  model_socket *other = find(m, s->other_end);
  if (other != NULL) {
    other->is_reset = true;
  }
  end_connection(m, s);
  s->state = MODEL_FRESH;
  s->is_accepted = false;
  s->is_bound = is_bound;
  s->is_reset = false;
  return NET_OK;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

/* R1. */
static conntrail_emu_state state_for(const model_flow *carried, int service) {
  if (carried == NULL || carried->passed == 0) {
    return CONNTRAIL_EMU_NOT_REDIRECTED;
  }
  if (carried->service == service) {
    return CONNTRAIL_EMU_REDIRECTED_BY_SELF;
  }
  return (carried->passed & 1u << service) != 0 ? CONNTRAIL_EMU_PREVIOUSLY_REDIRECTED_BY_SELF
                                                : CONNTRAIL_EMU_REDIRECTED_BY_OTHER;
}

/* R2, R3: the first that is in its first or third state. */
static int redirecting_service(const model_flow *carried) {
  for (int service = 0; service < SERVICES; ++service) {
    conntrail_emu_state state = state_for(carried, service);
    if (state == CONNTRAIL_EMU_NOT_REDIRECTED || state == CONNTRAIL_EMU_REDIRECTED_BY_OTHER) {
      return service;
    }
  }
  return MODEL_NOTHING;
}

/* R7: this thread asked for that destination, and connects a socket there that appeared later,
 * without records. Every redirected connection was inspected by "acme", which decides first. */
static bool is_loop(const walk_model *m, const model_socket *s, unsigned destination,
                    model_actor actor) {
  if (s->user != MODEL_OWN || m->threads_are_hints) {
    return false;
  }
  for (int index = 0; index < m->flow_count; ++index) {
    const model_flow *flow = &m->flows[index];
    if (flow->waits && flow->destination == destination && flow->asker == actor &&
        m->sockets[flow->accepted].user != MODEL_CLIENT &&
        m->sockets[flow->accepted].number < s->number) {
      return true;
    }
  }
  return false;
}

static bool is_open(const walk_model *m, int flow) {
  for (int index = 0; index < m->socket_count; ++index) {
    if (m->sockets[index].references > 0 && m->sockets[index].flow == flow) {
      return true;
    }
  }
  return false;
}

/* R7: another thread asked for the records that this one connects with. */
static void learn_of_threads(walk_model *m, const model_socket *s, model_actor actor) {
  const model_flow *carried = flow_of(m, s->carried);
  if (carried != NULL && carried->asker != actor && s->user == MODEL_OWN &&
      is_open(m, s->carried)) {
    m->threads_are_hints = true;
  }
}

static int add_flow(walk_model *m, unsigned destination, int service, unsigned passed) {
  expect_true(m->flow_count < MODEL_FLOWS);
  m->flows[m->flow_count] = (model_flow){
      .destination = destination, .service = service, .passed = passed, .accepted = MODEL_NOTHING};
  return m->flow_count++;
}

/* E8: a route, or this host. */
static net_result deliver(walk_model *m, unsigned destination, int *flow) {
  if (destination != ROUTED && destination != ROUTED_ALONE) {
    m->counts.refused++;
    return NET_UNREACHABLE;
  }
  m->counts.delivered++;
  *flow = add_flow(m, destination, MODEL_NOTHING, 0);
  return NET_OK;
}

static net_result decide(walk_model *m, model_socket *s, unsigned destination, model_actor actor,
                         int *flow) {
  const model_flow *carried = flow_of(m, s->carried);
  int service = destination <= LAST_OF_SERVICES ? redirecting_service(carried) : MODEL_NOTHING;
  if (service == MODEL_NOTHING) {
    return deliver(m, destination, flow);
  }
  if (carried == NULL && is_loop(m, s, destination, actor)) {
    m->counts.loops++;
    return NET_REFUSED;
  }
  m->counts.redirected++;
  *flow =
      add_flow(m, destination, service, (carried == NULL ? 0 : carried->passed) | 1u << service);
  return NET_OK;
}

net_result model_connect(walk_model *m, int socket, unsigned destination, model_user user,
                         model_actor actor, int *flow) {
  model_socket *s = find(m, socket);
  *flow = MODEL_NOTHING;
  if (s == NULL) {
    return NET_NOT_SOCKET;
  }
  if (s->state == MODEL_CONNECTED) { /* E1 */
    return NET_IS_CONNECTED;
  }
  appear(m, s, user);
  learn_of_threads(m, s, actor);
  net_result result = destination == ON_LOOPBACK ? NET_OK : decide(m, s, destination, actor, flow);
  s->was_refused = result == NET_REFUSED || (s->was_refused && result != NET_OK);
  if (result == NET_OK) {
    s->state = MODEL_CONNECTED;
    s->flow = *flow;
  }
  return result;
}

bool model_is_unsettled(const walk_model *m, unsigned destination, int socket) {
  for (int index = 0; index < m->flow_count; ++index) {
    const model_flow *flow = &m->flows[index];
    if (flow->waits && !flow->is_asked &&
        (flow->destination == destination || flow->accepted == socket)) {
      return true;
    }
  }
  return false;
}

int model_service(const walk_model *m, int flow) {
  return flow == MODEL_NOTHING ? MODEL_NOTHING : m->flows[flow].service;
}

/* Q12: the record is the accepted socket's. */
int model_accept(walk_model *m, int client, int flow) {
  int accepted = model_create(m);
  model_socket *s = &m->sockets[accepted];
  s->state = MODEL_CONNECTED;
  s->is_accepted = true;
  s->other_end = client;
  m->sockets[client].other_end = accepted;
  if (model_service(m, flow) != MODEL_NOTHING) {
    name(m, s);
    m->counts.accepted++;
    s->flow = flow;
    m->flows[flow].accepted = accepted;
    m->flows[flow].waits = true;
    m->flows[flow].asker = MODEL_THIS_THREAD;
  }
  return accepted;
}

/* ---- The calls of conntrail.h ---------------------------------------------------------------- */

/* Q16: the descriptor, its state, then the answer. */
static conntrail_status judge(walk_model *m, model_socket *s) {
  if (s == NULL) {
    return CONNTRAIL_NOT_SOCKET;
  }
  appear(m, s, MODEL_OWN);
  if (s->state != MODEL_CONNECTED) {
    return CONNTRAIL_NOT_CONNECTED;
  }
  if (!has_record(s)) {
    return CONNTRAIL_NOT_REDIRECTED;
  }
  m->flows[s->flow].asker = MODEL_THIS_THREAD;
  m->flows[s->flow].is_asked = true;
  return CONNTRAIL_OK;
}

conntrail_status model_query(walk_model *m, int socket, query_kind kind, size_t capacity,
                             size_t size) {
  model_socket *s = find(m, socket);
  conntrail_status status = judge(m, s);
  if (status != CONNTRAIL_OK) {
    return status;
  }
  model_flow *flow = flow_of(m, s->flow);
  size_t whole = CONTEXT_SIZE;
  if (kind == QUERY_RECORDS) {
    flow->record_size = flow->record_size == 0 ? size : flow->record_size;
    whole = flow->record_size;
  }
  expect_number(size, whole);
  return capacity < whole ? CONNTRAIL_BUFFER_TOO_SMALL : CONNTRAIL_OK;
}

uint64_t model_hash(const uint8_t *bytes, size_t size) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t index = 0; index < size; ++index) {
    hash = (hash ^ bytes[index]) * UINT64_C(1099511628211);
  }
  return hash;
}

bool model_is_same(walk_model *m, int socket, uint64_t hash) {
  model_flow *flow = &m->flows[m->sockets[socket].flow];
  flow->record_hash = flow->record_hash == 0 ? hash : flow->record_hash;
  return flow->record_hash == hash;
}

int model_records_of(const walk_model *m, int socket) {
  return m->sockets[socket].flow;
}

static void transferred(walk_model *m, int flow) {
  m->flows[flow].waits = false;
  m->counts.records_set++;
}

/* S1 to S6: the caller's arguments, the descriptor, its state, the system's answer (Q16). */
conntrail_status model_set(walk_model *m, int socket, int flow, size_t size) {
  model_socket *s = find(m, socket);
  if (size == 0) {
    return CONNTRAIL_INVALID;
  }
  if (s == NULL) {
    return CONNTRAIL_NOT_SOCKET;
  }
  appear(m, s, MODEL_OWN);
  if (s->state == MODEL_CONNECTED) {
    m->counts.set_after_connect++;
    return CONNTRAIL_INVALID;
  }
  if (!m->is_privileged) {
    return CONNTRAIL_ACCESS;
  }
  if (flow == MODEL_NOTHING) {
    return CONNTRAIL_INVALID;
  }
  m->counts.set_after_bind += s->is_bound;
  s->carried = flow;
  transferred(m, flow);
  return CONNTRAIL_OK;
}

/* T2, T3. */
conntrail_status model_transfer(walk_model *m, int accepted, int outbound) {
  model_socket *s = find(m, accepted);
  conntrail_status status = judge(m, s);
  if (status == CONNTRAIL_NOT_REDIRECTED) {
    return CONNTRAIL_OK_NOTHING_TO_TRANSFER;
  }
  if (status != CONNTRAIL_OK) {
    return status;
  }
  status = model_set(m, outbound, s->flow, 1);
  return status == CONNTRAIL_OK ? status
                                : (conntrail_status)((int)status - CONNTRAIL_OUTBOUND_OFFSET);
}

conntrail_status model_original(walk_model *m, int socket, unsigned *destination) {
  model_socket *s = find(m, socket);
  conntrail_status status = judge(m, s);
  if (status == CONNTRAIL_OK) {
    *destination = m->flows[s->flow].destination;
  }
  return status;
}

conntrail_status model_inspect(walk_model *m, int socket, int service, uint32_t *number,
                               conntrail_emu_state *state) {
  model_socket *s = find(m, socket);
  if (s == NULL) {
    return CONNTRAIL_INVALID;
  }
  name(m, s);
  *number = s->number;
  *state = state_for(flow_of(m, has_record(s) ? s->flow : s->carried), service);
  return CONNTRAIL_OK;
}

/* R10. */
net_result model_peer(const walk_model *m, int socket, int *destination) {
  *destination = MODEL_NOTHING;
  if (socket == MODEL_NOTHING) {
    return NET_NOT_SOCKET;
  }
  const model_socket *s = &m->sockets[socket];
  if (s->state != MODEL_CONNECTED || s->is_reset) {
    return NET_NOT_CONNECTED;
  }
  if (!s->is_accepted && s->flow != MODEL_NOTHING) {
    *destination = (int)m->flows[s->flow].destination;
  }
  return NET_OK;
}
