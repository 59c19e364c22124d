/* SPDX-License-Identifier: MIT */
#include "scripted_front_end.h"

#include <stdlib.h>
#include <string.h>

scripted_socket scripted[SCRIPTED_SOCKETS];
bool scripted_is_locked;
unsigned scripted_lock_rounds;
int scripted_failure;
int scripted_lift_failure;
bool scripted_was_reserved;

static conntrail__thread_session thread_session;
static uint16_t last_port;
static int last_error;

void scripted_begin(void) {
  memset(scripted, 0, sizeof scripted);
  memset(&thread_session, 0, sizeof thread_session);
  scripted_is_locked = false;
  scripted_failure = 0;
  scripted_lift_failure = 0;
  last_port = 40000;
}

void scripted_end(void) {
  ck_assert_msg(!scripted_is_locked, "the lock was not given back");
}

conntrail__address scripted_address(const char *text) {
  conntrail__address address;
  conntrail__refusal why;
  ck_assert_msg(conntrail__address_parse(text, &address, &why), "%s", why.text);
  return address;
}

static intptr_t open_one(void) {
  for (intptr_t handle = 0; handle < SCRIPTED_SOCKETS; handle++) {
    if (!scripted[handle].is_open) {
      scripted[handle] = (scripted_socket){.is_open = true, .local = {.family = CONNTRAIL__IPV4}};
      return handle;
    }
  }
  ck_abort_msg("too many sockets");
}

intptr_t scripted_create(conntrail__socket_kind kind) {
  intptr_t handle = open_one();
  conntrail__native_lock();
  ck_assert_int_eq(conntrail__track_created(handle, AF_INET, kind == CONNTRAIL__STREAM), 0);
  conntrail__native_unlock();
  return handle;
}

intptr_t scripted_listen(const char *address) {
  intptr_t handle = scripted_create(CONNTRAIL__STREAM);
  scripted[handle].local = scripted_address(address);
  conntrail__native_lock();
  conntrail__socket_listening(scripted[handle].socket, &scripted[handle].local);
  conntrail__native_unlock();
  return handle;
}

intptr_t scripted_arrive(intptr_t listener) {
  intptr_t handle = open_one();
  scripted[handle].local = scripted[listener].local;
  return handle;
}

void scripted_close(intptr_t handle) {
  conntrail__native_lock();
  if (scripted[handle].socket != NULL) {
    conntrail__socket_release(scripted[handle].socket);
  }
  scripted[handle] = (scripted_socket){.is_open = false};
  conntrail__native_unlock();
}

unsigned scripted_open_count(void) {
  unsigned count = 0;
  for (unsigned i = 0; i < SCRIPTED_SOCKETS; i++) {
    count += scripted[i].is_open ? 1 : 0;
  }
  return count;
}

/* ---- native_calls.h -------------------------------------------------------------------------- */

void conntrail__native_lock(void) {
  ck_assert_msg(!scripted_is_locked, "the lock is not recursive");
  scripted_is_locked = true;
  scripted_lock_rounds++;
}

void conntrail__native_unlock(void) {
  ck_assert_msg(scripted_is_locked, "the lock is not held");
  scripted_is_locked = false;
}

static void want_lock(void) {
  ck_assert_msg(scripted_is_locked, "a call marked (locked) without the lock");
}

conntrail__thread_session *conntrail__native_thread(void) {
  return &thread_session;
}

uint32_t conntrail__native_process(void) {
  return 77;
}

bool conntrail__native_is_watching(conntrail__refusal *why) {
  (void)why;
  return true;
}

bool conntrail__native_prepare(void) {
  want_lock();
  return true;
}

void conntrail__native_begun(void) {
  want_lock();
}

void conntrail__native_ended(const conntrail_emu *emu) {
  want_lock();
  for (unsigned i = 0; i < SCRIPTED_SOCKETS; i++) {
    if (scripted[i].socket != NULL && conntrail__socket_emulation(scripted[i].socket) == emu) {
      scripted[i].socket = NULL;
    }
  }
}

void conntrail__native_expect_faults(void) {
  want_lock();
}

static bool fails(void) {
  last_error = scripted_failure;
  scripted_failure = 0;
  return last_error != 0;
}

conntrail__socket *conntrail__native_find(intptr_t handle, int *family) {
  want_lock();
  *family = AF_INET;
  return handle >= 0 && handle < SCRIPTED_SOCKETS ? scripted[handle].socket : NULL;
}

bool conntrail__native_reserve(void **entry) {
  want_lock();
  *entry = fails() ? NULL : malloc(1);
  return *entry != NULL;
}

int conntrail__native_track(intptr_t handle, intptr_t like, conntrail__socket *socket, int family,
                            void *entry) {
  want_lock();
  scripted_was_reserved = entry != NULL;
  free(entry);
  ck_assert(scripted[handle].is_open && scripted[like].is_open && family == AF_INET);
  if (fails()) {
    return last_error;
  }
  if (scripted[handle].socket != NULL) {
    conntrail__socket_release(scripted[handle].socket);
  }
  scripted[handle].socket = socket;
  return 0;
}

void conntrail__native_sweep(void) {
  want_lock();
}

bool conntrail__native_local_address(intptr_t handle, conntrail__address *local) {
  *local = scripted[handle].local;
  return scripted[handle].is_open;
}

intptr_t conntrail__native_open(uint8_t family) {
  ck_assert_uint_eq(family, CONNTRAIL__IPV4);
  return fails() ? -1 : open_one();
}

static bool is_this_host(const conntrail__address *address) {
  return address->family == CONNTRAIL__IPV4 && address->bytes[0] == 127;
}

static bool is_taken(const conntrail__address *address) {
  for (unsigned i = 0; i < SCRIPTED_SOCKETS; i++) {
    if (scripted[i].is_open && address->port != 0 && scripted[i].local.port == address->port) {
      last_error = SCRIPTED_ADDRESS_IN_USE;
      return true;
    }
  }
  return false;
}

bool conntrail__native_bind(intptr_t handle, const struct sockaddr *address, size_t size) {
  conntrail__address asked;
  ck_assert(conntrail__address_from_sockaddr(address, size, &asked));
  if (fails() || is_taken(&asked)) {
    return false;
  }
  scripted[handle].local = asked;
  scripted[handle].local.port = asked.port == 0 ? ++last_port : asked.port;
  return true;
}

bool conntrail__native_associate(intptr_t handle, const struct sockaddr *address, size_t size) {
  conntrail__address asked;
  ck_assert(conntrail__address_from_sockaddr(address, size, &asked));
  if (fails()) {
    return false;
  }
  scripted[handle].peer = asked;
  if (is_this_host(&asked) && !is_this_host(&scripted[handle].local)) {
    uint16_t port = scripted[handle].local.port;
    scripted[handle].local = scripted_address("127.0.0.1:1");
    scripted[handle].local.port = port == 0 ? ++last_port : port;
  }
  return true;
}

void conntrail__native_close(intptr_t handle) {
  ck_assert(scripted[handle].is_open && scripted[handle].socket == NULL);
  scripted[handle].is_open = false;
}

int conntrail__native_let_through(intptr_t handle, int family, const conntrail__address *target) {
  want_lock();
  ck_assert(scripted[handle].is_open && family == AF_INET && target->port != 0);
  return scripted_lift_failure;
}

int conntrail__native_error(void) {
  return last_error;
}

int conntrail__native_error_of(uint32_t native) {
  return SYSTEM_ERRORS + (int)native;
}

uint32_t conntrail__native_number_of(int error) {
  return (uint32_t)(error - SYSTEM_ERRORS);
}

bool conntrail__native_is_records(int level, int type) {
  return level == 0 && type == 60;
}
