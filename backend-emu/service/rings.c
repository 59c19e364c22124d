/* SPDX-License-Identifier: MIT */
/* For memfd_create. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hub_internal.h"

/* What processes tell without waiting for an answer, done in the order in which it was told. */

/* Nanoseconds that an accept waits for the report of the client's connect. */
static const uint64_t patience = 800000000;

bool conntrail__ring_open(conntrail__peer *peer) {
  const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  void *memory = MAP_FAILED;
  int fd = memfd_create("conntrail-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) {
    return false;
  }
  if (ftruncate(fd, sizeof *peer->ring) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0) {
    memory = mmap(NULL, sizeof *peer->ring, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (memory == MAP_FAILED) {
    close(fd);
    return false;
  }
  peer->ring = memory;
  peer->ring_fd = fd;
  atomic_store(&peer->ring->wants_waking, 1);
  return true;
}

void conntrail__ring_close(conntrail__peer *peer) {
  if (peer->ring_fd >= 0) {
    close(peer->ring_fd);
  }
  if (peer->ring != NULL) {
    (void)munmap(peer->ring, sizeof *peer->ring);
  }
  if (peer->held_up != 0) {
    peer->hub->held_up--;
  }
}

bool conntrail__ring_is_empty(const conntrail__peer *peer) {
  return peer->ring == NULL || peer->taken == peer->written;
}

static void doom(conntrail__peer *peer) {
  peer->is_doomed = true;
  peer->hub->is_anybody_unsettled = true;
}

/* All that was told before this moment is in written: whoever told it did so before he could
 * cause anything that is told now. */
static void look(conntrail__hub *hub) {
  for (conntrail__peer *p = hub->peers; p != NULL; p = p->next) {
    p->is_passed_over = false;
    if (p->ring != NULL) {
      p->written = atomic_load_explicit(&p->ring->written, memory_order_acquire);
      if (p->written - p->taken > CONNTRAIL__RING_PLACES) {
        doom(p);
      }
    }
  }
}

/* When the next of this process is due; UINT64_MAX: nothing is. A process that waits for an
 * answer, or is gone, told it before that, whatever its clock says. */
static uint64_t due(const conntrail__peer *peer, uint64_t now) {
  uint64_t time;
  if (peer->is_doomed || peer->is_passed_over || conntrail__ring_is_empty(peer)) {
    return UINT64_MAX;
  }
  time = peer->ring->places[peer->taken % CONNTRAIL__RING_PLACES].time;
  if (time <= now) {
    return time;
  }
  return peer->is_leaving || peer->is_asking ? now : UINT64_MAX;
}

/* until: when the next of another process is due. */
static conntrail__peer *find_first(const conntrail__hub *hub, uint64_t now, uint64_t *until) {
  conntrail__peer *first = NULL;
  uint64_t least = UINT64_MAX;
  *until = UINT64_MAX;
  for (conntrail__peer *p = hub->peers; p != NULL; p = p->next) {
    uint64_t time = due(p, now);
    if (time < least) {
      *until = least;
      least = time;
      first = p;
    } else if (time < *until) {
      *until = time;
    }
  }
  return first;
}

static void hold_up(conntrail__peer *peer, uint64_t now) {
  if (peer->held_up == 0) {
    peer->held_up = now;
    peer->hub->held_up++;
  }
  peer->is_passed_over = true;
}

static void go_on(conntrail__peer *peer) {
  conntrail__hub *hub = peer->hub;
  peer->taken++;
  atomic_store_explicit(&peer->ring->taken, peer->taken, memory_order_release);
  hub->counts.requests++;
  if (peer->held_up != 0) {
    peer->held_up = 0;
    hub->held_up--;
  }
  for (conntrail__peer *p = hub->held_up > 0 ? hub->peers : NULL; p != NULL; p = p->next) {
    p->is_passed_over = false;
  }
}

static void take_told(conntrail__peer *peer, uint64_t now) {
  conntrail__request request;
  conntrail__reply ignored;
  conntrail__performed performed = CONNTRAIL__MALFORMED;
  bool may_wait = !peer->is_leaving && (peer->held_up == 0 || now - peer->held_up < patience);
  /* A copy: the process may write there while it is looked at. */
  memcpy(&request, &peer->ring->places[peer->taken % CONNTRAIL__RING_PLACES].request,
         sizeof request);
  if (request.payload == 0 && request.user[sizeof request.user - 1] == '\0' &&
      !conntrail__hub_answers(request.operation)) {
    memset(&ignored, 0, sizeof ignored);
    performed = conntrail__hub_perform(peer, &request, NULL, may_wait, &ignored);
  }
  if (performed == CONNTRAIL__MALFORMED) {
    doom(peer);
  } else if (performed == CONNTRAIL__HELD_UP) {
    hold_up(peer, now);
  } else {
    go_on(peer);
  }
}

void conntrail__rings_drain(conntrail__hub *hub) {
  const uint64_t now = conntrail__ring_now(); /* before the look */
  uint64_t time;
  uint64_t until;
  conntrail__peer *first;
  look(hub);
  while ((first = find_first(hub, now, &until)) != NULL) {
    do {
      take_told(first, now);
      time = due(first, now);
    } while (hub->held_up == 0 && time <= until && time != UINT64_MAX);
  }
}

bool conntrail__rings_sleep(conntrail__hub *hub) {
  bool is_silent = true;
  for (conntrail__peer *p = hub->peers; p != NULL; p = p->next) {
    if (p->ring != NULL) {
      atomic_store(&p->ring->wants_waking, 1);
      is_silent &= atomic_load(&p->ring->written) == p->taken || p->held_up != 0;
    }
  }
  return is_silent;
}
