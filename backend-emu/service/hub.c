/* SPDX-License-Identifier: MIT */
/* For struct ucred and accept4. */
#define _GNU_SOURCE
#include "hub_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_PROCESSES = 4096, BACKLOG = 512, SECONDS_TO_GREET = 2, ACCEPTED_AT_ONCE = 64 };
/* How often the rings are looked into, and how often in vain before the service sleeps. */
enum { TICK_MICROSECONDS = 1000, MOST_QUIET_TICKS = 5 };

static void send_away(conntrail__peer *peer) {
  conntrail__hub *hub = peer->hub;
  conntrail__hub_bury(peer);
  if (peer->previous != NULL) {
    peer->previous->next = peer->next;
  } else {
    hub->peers = peer->next;
  }
  if (peer->next != NULL) {
    peer->next->previous = peer->previous;
  }
  hub->present--;
  event_free(peer->readable);
  close(peer->fd);
  free(peer);
}

/* One request of a frame. bytes: how many it took; 0: it is malformed. */
static size_t take_request(conntrail__peer *peer, size_t at, size_t size) {
  conntrail__hub *hub = peer->hub;
  conntrail__request request;
  conntrail__reply reply;
  size_t whole;
  bool is_sound;
  if (size - at < sizeof request) {
    return 0;
  }
  memcpy(&request, hub->frame + at, sizeof request);
  if (request.payload > size - at - sizeof request || request.user[sizeof request.user - 1] != 0) {
    return 0;
  }
  whole = sizeof request + conntrail__padded(request.payload);
  if (conntrail__hub_answers(request.operation) && at + whole != size) {
    return 0;
  }
  hub->counts.requests++;
  memset(&reply, 0, sizeof reply);
  is_sound = peer->is_known
                 ? conntrail__hub_perform(peer, &request, hub->frame + at + sizeof request, false,
                                          &reply) == CONNTRAIL__DONE
                 : conntrail__hub_greet(peer, &request, hub->frame + at + sizeof request, &reply);
  if (!is_sound ||
      (conntrail__hub_answers(request.operation) && !conntrail__mail_send(peer, &reply))) {
    return 0;
  }
  return whole;
}

static bool take_frame(conntrail__peer *peer, size_t size) {
  size_t at = 0;
  while (at < size) {
    size_t taken = take_request(peer, at, size);
    if (taken == 0) {
      return false;
    }
    at += taken;
  }
  return true;
}

static void refuse(conntrail__peer *peer, bool is_silent) {
  if (is_silent) {
    peer->hub->counts.strangers++;
  } else {
    peer->hub->counts.malformed++;
  }
  send_away(peer);
}

static void hear(conntrail__peer *peer, size_t size) {
  conntrail__hub *hub = peer->hub;
  bool was_known = peer->is_known;
  peer->is_asking = false;
  if (!take_frame(peer, size)) {
    refuse(peer, false);
  } else if (!was_known) {
    (void)event_remove_timer(peer->readable);
  }
  conntrail__mail_throw_away(hub);
}

/* Kept in hub->frame's stead: what the process, or its parent, told before waits for another. */
static void put_off(conntrail__peer *peer, size_t size) {
  peer->question = malloc(size);
  if (peer->question == NULL || event_del(peer->readable) != 0) {
    send_away(peer);
    return;
  }
  peer->hub->is_anybody_unsettled = true;
  memcpy(peer->question, peer->hub->frame, size);
  peer->question_size = size;
  peer->question_enclosed = conntrail__mail_take(peer->hub);
}

static void take_up(conntrail__peer *peer) {
  size_t size = peer->question_size;
  memcpy(peer->hub->frame, peer->question, size);
  free(peer->question);
  peer->question = NULL;
  peer->hub->enclosed = peer->question_enclosed;
  peer->question_enclosed = -1;
  if (event_add(peer->readable, NULL) != 0) {
    send_away(peer);
    return;
  }
  hear(peer, size);
}

/* Those of whom all is done that was told before, or whose rings hold what is malformed. */
static void settle_peers(conntrail__hub *hub) {
  conntrail__peer *next;
  if (!hub->is_anybody_unsettled) {
    return;
  }
  hub->is_anybody_unsettled = false;
  for (conntrail__peer *p = hub->peers; p != NULL; p = next) {
    next = p->next;
    if (p->is_doomed) {
      refuse(p, false);
    } else if (p->question != NULL && conntrail__hub_is_told(p, p->question, p->question_size)) {
      take_up(p);
    } else if (p->question != NULL) {
      hub->is_anybody_unsettled = true;
    }
  }
}

static void stay_awake(conntrail__hub *hub) {
  static const struct timeval often = {.tv_usec = TICK_MICROSECONDS};
  hub->quiet_ticks = 0;
  if (!event_pending(hub->tick, EV_TIMEOUT, NULL)) {
    (void)event_add(hub->tick, &often);
  }
}

/* While somebody is held up, what he waits for is to be known at once. */
static void drain(conntrail__hub *hub) {
  uint64_t before = hub->counts.requests;
  conntrail__rings_drain(hub);
  if (hub->held_up > 0 && !conntrail__rings_sleep(hub)) {
    conntrail__rings_drain(hub);
  }
  if (hub->counts.requests != before || hub->held_up > 0) {
    stay_awake(hub);
  }
}

static void on_tick(evutil_socket_t none, short what, void *arg) {
  conntrail__hub *hub = arg;
  (void)none;
  (void)what;
  hub->quiet_ticks++;
  drain(hub);
  settle_peers(hub);
  if (hub->quiet_ticks > MOST_QUIET_TICKS && conntrail__rings_sleep(hub)) {
    (void)event_del(hub->tick);
  } else if (hub->quiet_ticks == 0) {
    hub->changed(hub->arg);
  }
}

/* size: 0: the process is gone. */
static void answer(conntrail__peer *peer, size_t size, bool is_cut) {
  conntrail__hub *hub = peer->hub;
  peer->is_leaving = size == 0;
  conntrail__hub_asks(peer, hub->frame, size);
  drain(hub);
  if (size == 0) {
    send_away(peer);
  } else if (is_cut || peer->is_doomed) {
    refuse(peer, false);
  } else if (!conntrail__hub_is_told(peer, hub->frame, size)) {
    put_off(peer, size);
  } else {
    hear(peer, size);
  }
  settle_peers(hub);
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
  conntrail__peer *peer = arg;
  conntrail__hub *hub = peer->hub;
  bool is_cut;
  ssize_t size;
  if ((what & EV_TIMEOUT) != 0) {
    refuse(peer, true);
    return;
  }
  size = conntrail__mail_receive(hub, fd, &is_cut);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  answer(peer, size < 0 ? 0 : (size_t)size, is_cut);
  conntrail__mail_throw_away(hub);
  hub->changed(hub->arg);
}

static bool is_own_user(int fd) {
  struct ucred who;
  socklen_t size = sizeof who;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == geteuid();
}

static bool take_in(conntrail__hub *hub, int fd) {
  static const struct timeval patience = {.tv_sec = SECONDS_TO_GREET};
  conntrail__peer *peer;
  if (hub->present >= MOST_PROCESSES || !is_own_user(fd)) {
    return false;
  }
  peer = calloc(1, sizeof *peer);
  if (peer == NULL) {
    return false;
  }
  peer->hub = hub;
  peer->fd = fd;
  peer->ring_fd = -1;
  peer->lent_fd = -1;
  peer->question_enclosed = -1;
  peer->readable = event_new(hub->base, fd, EV_READ | EV_PERSIST, on_readable, peer);
  if (peer->readable == NULL || event_add(peer->readable, &patience) != 0) {
    if (peer->readable != NULL) {
      event_free(peer->readable);
    }
    free(peer);
    return false;
  }
  peer->next = hub->peers;
  if (hub->peers != NULL) {
    hub->peers->previous = peer;
  }
  hub->peers = peer;
  hub->present++;
  return true;
}

static void on_acceptable(evutil_socket_t listener, short what, void *arg) {
  conntrail__hub *hub = arg;
  (void)what;
  for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      return;
    }
    if (!take_in(hub, fd)) {
      hub->counts.strangers++;
      close(fd);
    }
  }
}

static bool listen_at(conntrail__hub *hub, const char *path, conntrail__refusal *why) {
  struct sockaddr_un address;
  mode_t mask;
  bool is_bound;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) {
    snprintf(why->text, sizeof why->text,
             "the socket's path has %zu bytes, and the system takes %zu at most: %.80s...",
             strlen(path), sizeof address.sun_path - 1, path);
    return false;
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  hub->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  mask = umask(0177);
  is_bound = hub->fd >= 0 && bind(hub->fd, (struct sockaddr *)&address, sizeof address) == 0;
  (void)umask(mask);
  if (!is_bound || listen(hub->fd, BACKLOG) != 0) {
    snprintf(why->text, sizeof why->text, "cannot listen at %.100s: %s", path, strerror(errno));
    return false;
  }
  memcpy(hub->path, address.sun_path, sizeof hub->path);
  return true;
}

conntrail__hub *conntrail__hub_create(struct event_base *base, const char *path, conntrail_emu *emu,
                                      conntrail__hub_changed changed, void *arg,
                                      conntrail__refusal *why) {
  conntrail__hub *hub = calloc(1, sizeof *hub);
  if (hub == NULL) {
    snprintf(why->text, sizeof why->text, "no memory for a service");
    return NULL;
  }
  hub->base = base;
  hub->emu = emu;
  hub->changed = changed;
  hub->arg = arg;
  hub->fd = -1;
  hub->enclosed = -1;
  if (getrandom(&hub->secret, sizeof hub->secret, 0) != (ssize_t)sizeof hub->secret ||
      !listen_at(hub, path, why)) {
    conntrail__hub_destroy(hub);
    return NULL;
  }
  hub->acceptable = event_new(base, hub->fd, EV_READ | EV_PERSIST, on_acceptable, hub);
  hub->tick = event_new(base, -1, EV_PERSIST, on_tick, hub);
  if (hub->tick == NULL || hub->acceptable == NULL || event_add(hub->acceptable, NULL) != 0) {
    snprintf(why->text, sizeof why->text, "libevent does not watch %.100s", path);
    conntrail__hub_destroy(hub);
    return NULL;
  }
  return hub;
}

void conntrail__hub_fix(conntrail__hub *hub) {
  hub->is_fixed = true;
}

void conntrail__hub_destroy(conntrail__hub *hub) {
  if (hub == NULL) {
    return;
  }
  while (hub->peers != NULL) {
    send_away(hub->peers);
  }
  if (hub->acceptable != NULL) {
    event_free(hub->acceptable);
  }
  if (hub->tick != NULL) {
    event_free(hub->tick);
  }
  if (hub->fd >= 0) {
    close(hub->fd);
  }
  if (hub->path[0] != '\0') {
    (void)unlink(hub->path);
  }
  conntrail__hub_forget_names(hub);
  conntrail__hub_forget_bequests(hub);
  free(hub);
}

const conntrail__hub_counts *conntrail__hub_count(const conntrail__hub *hub) {
  return &hub->counts;
}

uint32_t conntrail__hub_present(const conntrail__hub *hub) {
  return hub->present;
}
