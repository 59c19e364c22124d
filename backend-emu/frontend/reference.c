/* SPDX-License-Identifier: MIT */
#include "reference.h"

static void describe(conntrail__reference *reference) {
  const conntrail__session_entry *entry =
      conntrail__session_entry_of(conntrail__socket_emulation(reference->socket));
  reference->instance = entry->instance;
  reference->is_inherited = entry->is_inherited;
  reference->kind = conntrail__socket_kind_of(reference->socket);
  reference->state = conntrail__socket_state_of(reference->socket);
  reference->may_fault = conntrail__fault_is_any(entry->emu);
  reference->is_counted = false;
}

bool conntrail__reference_enter(intptr_t handle, conntrail__reference *reference) {
  conntrail__native_lock();
  reference->handle = handle;
  reference->socket = conntrail__native_find(handle, &reference->family);
  if (reference->socket == NULL) {
    conntrail__native_unlock();
    return false;
  }
  describe(reference);
  return true;
}

void conntrail__reference_leave(void) {
  conntrail__native_unlock();
}

void conntrail__reference_keep(conntrail__reference *reference) {
  conntrail__socket_retain(reference->socket);
  reference->is_counted = true;
  conntrail__native_unlock();
}

bool conntrail__reference_take(intptr_t handle, conntrail__reference *reference) {
  if (!conntrail__reference_enter(handle, reference)) {
    return false;
  }
  conntrail__reference_keep(reference);
  return true;
}

static bool is_there(const conntrail__reference *reference) {
  int family;
  return reference->is_counted
             ? conntrail__session_exists(reference->instance)
             : conntrail__native_find(reference->handle, &family) == reference->socket;
}

bool conntrail__reference_resume(const conntrail__reference *reference) {
  conntrail__native_lock();
  if (is_there(reference)) {
    return true;
  }
  conntrail__native_unlock();
  return false;
}

void conntrail__reference_end(const conntrail__reference *reference) {
  if (reference->is_counted) {
    conntrail__socket_release(reference->socket);
  }
  conntrail__native_unlock();
}

void conntrail__reference_drop(const conntrail__reference *reference) {
  if (reference->is_counted && conntrail__reference_resume(reference)) {
    conntrail__reference_end(reference);
  }
}
