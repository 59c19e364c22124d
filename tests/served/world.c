/* SPDX-License-Identifier: MIT */
/*
 * The place "service": engine and service run in a thread of their own, and every watched call of
 * the process goes to them as it does under conntrail-emu, by socket and ring. The test controls
 * that engine with conntrail/emu.h. While one of its calls works on the engine, the service's
 * thread stands still, with all done that the process told before.
 */
#include "world.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../backend-emu/posix/served.h"
#include "../../backend-emu/posix/session.h"
#include "../../backend-emu/service/hub_internal.h"

enum { STAND_STILL = 's', END = 'e' };

static struct {
  pthread_mutex_t gate; /* one call of emu.h at a time */
  bool stands_still;
  sem_t stopped;
  sem_t resumed;
  int orders[2];
  pthread_t thread;
  struct event_base *base;
  struct event *ordered;
  conntrail__hub *hub; /* NULL: there is no world */
} world = {.gate = PTHREAD_MUTEX_INITIALIZER};

static void must(bool is_so, const char *what) {
  if (!is_so) {
    perror(what);
    abort();
  }
}

static void order(char what) {
  must(write(world.orders[1], &what, 1) == 1, "an order to the service's thread");
}

static void wait_for(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0) {
    must(errno == EINTR, "sem_wait");
  }
}

static void on_order(evutil_socket_t fd, short what, void *arg) {
  char asked = 0;
  (void)what;
  (void)arg;
  must(read((int)fd, &asked, 1) == 1, "an order of the service's thread");
  if (asked == END) {
    (void)event_base_loopbreak(world.base);
    return;
  }
  (void)sem_post(&world.stopped);
  wait_for(&world.resumed);
}

static void nothing(void *arg) {
  (void)arg;
}

/* It stands for another process: nothing that it calls is watched. */
static void *serve(void *arg) {
  conntrail__self.inside = 1;
  (void)event_base_dispatch(world.base);
  return arg;
}

/* The question is answered when all is done that was told before. */
static void wait_until_done(void) {
  conntrail__request sync = {.operation = CONNTRAIL__OP_SYNC};
  conntrail__answer answer;
  conntrail__native_lock();
  must(conntrail__channel_ask(&sync, NULL, &answer), "the service's answer");
  conntrail__native_unlock();
}

void conntrail__world_lock(void) {
  pthread_mutex_lock(&world.gate);
  if (world.hub != NULL) {
    wait_until_done();
    order(STAND_STILL);
    wait_for(&world.stopped);
    world.stands_still = true;
  }
}

static void resume(void) {
  if (world.stands_still) {
    world.stands_still = false;
    (void)sem_post(&world.resumed);
  }
}

void conntrail__world_unlock(void) {
  resume();
  pthread_mutex_unlock(&world.gate);
}

bool conntrail__world_is_watching(conntrail__refusal *why) {
  bool is_free;
  pthread_mutex_lock(&world.gate);
  is_free = world.hub == NULL;
  pthread_mutex_unlock(&world.gate);
  if (!is_free) {
    (void)snprintf(why->text, sizeof why->text,
                   "there is one emulation at a time behind a service");
    return false;
  }
  return conntrail__native_is_watching(why);
}

uint64_t conntrail__world_next_instance(void) {
  static uint64_t last;
  return ++last;
}

/* Whether there are faults is said when a process joins, and the cases ask for them later: this one
 * strikes nobody. */
static void tell_of_faults(conntrail_emu *emu) {
  conntrail_emu_fault fault = CONNTRAIL_EMU_FAULT_INIT;
  conntrail__refusal why;
  fault.operation = CONNTRAIL_EMU_CONNECT;
  fault.native = 10050;
  fault.nth = UINT32_MAX;
  must(conntrail__fault_add(emu, &fault, NULL, &why) == CONNTRAIL_OK, why.text);
}

static void make_place(char *folder, char *path, size_t room) {
  must(mkdtemp(folder) != NULL, folder);
  (void)snprintf(path, room, "%s/service", folder);
}

void conntrail__world_begin(conntrail_emu *emu) {
  char folder[] = "/tmp/conntrail-conformance-XXXXXX";
  char path[sizeof folder + sizeof "/service"];
  conntrail__refusal why = {""};
  make_place(folder, path, sizeof path);
  tell_of_faults(emu);
  (void)conntrail__session_next_instance(); /* what it prepares, it prepares before there is a
                                               thread */
  world.base = event_base_new();
  must(world.base != NULL && pipe(world.orders) == 0 && sem_init(&world.stopped, 0, 0) == 0 &&
           sem_init(&world.resumed, 0, 0) == 0,
       "the service's thread");
  world.ordered = event_new(world.base, world.orders[0], EV_READ | EV_PERSIST, on_order, NULL);
  must(world.ordered != NULL && event_add(world.ordered, NULL) == 0, "event_add");
  world.hub = conntrail__hub_create(world.base, path, emu, nothing, NULL, &why);
  must(world.hub != NULL, why.text);
  must(pthread_create(&world.thread, NULL, serve, NULL) == 0, "pthread_create");
  conntrail__native_lock();
  conntrail__channel_join(path);
  conntrail__native_unlock();
  (void)unlink(path);
  (void)rmdir(folder);
}

static void clean_up(void) {
  conntrail__hub_destroy(world.hub);
  world.hub = NULL;
  event_free(world.ordered);
  event_base_free(world.base);
  (void)close(world.orders[0]);
  (void)close(world.orders[1]);
  (void)sem_destroy(&world.stopped);
  (void)sem_destroy(&world.resumed);
}

void conntrail__world_end(const conntrail_emu *emu) {
  (void)emu;
  resume();
  conntrail__native_lock();
  conntrail__channel_release_all();
  conntrail__native_unlock();
  order(END);
  (void)pthread_join(world.thread, NULL);
  conntrail__native_lock();
  conntrail__channel_leave();
  conntrail__native_unlock();
  clean_up();
}

conntrail__socket *conntrail__world_find(const conntrail_emu *emu, conntrail_socket socket) {
  conntrail__socket *known = conntrail__table_find(socket);
  conntrail__held *held = NULL;
  uint32_t number;
  (void)emu;
  if (known == NULL || world.hub->peers == NULL) {
    return NULL;
  }
  number = conntrail__served_request(CONNTRAIL__OP_SYNC, known, NULL).socket;
  HASH_FIND(hh, world.hub->peers->sockets, &number, sizeof number, held);
  return held == NULL ? NULL : held->socket;
}

void conntrail__world_expect_faults(void) {
}

void conntrail__world_sweep(void) {
}
