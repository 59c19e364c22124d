/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_POSIX_KERNEL_H
#define CONNTRAIL_POSIX_KERNEL_H

/*
 * The emulated kernel as this front end sees it: the engine of this process, which is the default,
 * or that of the service under which the process was started (served.c). The calls are those of
 * engine/engine.h, by its comments; each costs one predictable branch more. A process has one of
 * the two for its whole life.
 */

#include "channel.h"

CONNTRAIL__HIDDEN conntrail__socket *conntrail__served_create(conntrail_emu *emu,
                                                              conntrail__socket_kind kind,
                                                              const conntrail__identity *who,
                                                              intptr_t handle);
CONNTRAIL__HIDDEN void conntrail__served_retain(conntrail__socket *socket);
CONNTRAIL__HIDDEN void conntrail__served_release(conntrail__socket *socket);
CONNTRAIL__HIDDEN conntrail_emu *conntrail__served_emulation(const conntrail__socket *socket);
CONNTRAIL__HIDDEN uint32_t conntrail__served_number(const conntrail__socket *socket);
CONNTRAIL__HIDDEN conntrail__socket_kind conntrail__served_kind_of(const conntrail__socket *socket);
CONNTRAIL__HIDDEN conntrail__socket_state
conntrail__served_state_of(const conntrail__socket *socket);
CONNTRAIL__HIDDEN bool conntrail__served_bound(conntrail__socket *socket,
                                               const conntrail__address *local);
CONNTRAIL__HIDDEN bool conntrail__served_listening(conntrail__socket *socket,
                                                   const conntrail__address *local,
                                                   bool is_ipv6_only);
CONNTRAIL__HIDDEN conntrail__decision conntrail__served_connecting(conntrail__socket *socket,
                                                                   const conntrail__address *remote,
                                                                   const conntrail__identity *who);
CONNTRAIL__HIDDEN void conntrail__served_connected(conntrail__socket *socket,
                                                   conntrail__outcome outcome,
                                                   const conntrail__address *local,
                                                   uint32_t native);
CONNTRAIL__HIDDEN void conntrail__served_associated(conntrail__socket *socket,
                                                    const conntrail__address *remote);
CONNTRAIL__HIDDEN void conntrail__served_dissolved(conntrail__socket *socket);
CONNTRAIL__HIDDEN bool conntrail__served_peer(const conntrail__socket *socket,
                                              conntrail__address *peer);
CONNTRAIL__HIDDEN uint32_t conntrail__served_ioctl(conntrail__socket *socket,
                                                   const conntrail__identity *who,
                                                   const conntrail__call *call);
CONNTRAIL__HIDDEN bool conntrail__served_pends(const conntrail__socket *socket,
                                               const conntrail__call *call);
CONNTRAIL__HIDDEN bool conntrail__served_cancel(conntrail__socket *socket,
                                                const conntrail__pending *pending);
CONNTRAIL__HIDDEN uint32_t conntrail__served_untracked_ioctl(conntrail_emu *emu,
                                                             const conntrail__untracked *untracked,
                                                             const conntrail__call *call);
CONNTRAIL__HIDDEN uint32_t conntrail__served_original_destination(conntrail__socket *socket,
                                                                  const conntrail__identity *who,
                                                                  conntrail__address *destination);
CONNTRAIL__HIDDEN void conntrail__served_note_misuse(conntrail_emu *emu,
                                                     const conntrail__socket *socket,
                                                     conntrail_emu_misuse misuse, uint32_t size);
CONNTRAIL__HIDDEN conntrail__datagram_decision conntrail__served_sending(
    conntrail__socket *socket, const conntrail__address *remote, const void *records,
    uint32_t records_size, const conntrail__identity *who);
CONNTRAIL__HIDDEN conntrail__datagram_decision conntrail__served_send_connecting(
    conntrail__socket *socket, const conntrail__address *remote, const conntrail__identity *who);
CONNTRAIL__HIDDEN bool conntrail__served_settle(conntrail__datagram_decision *choice,
                                                const conntrail__address *own);
CONNTRAIL__HIDDEN bool conntrail__served_carry(conntrail__datagram_decision *choice,
                                               const conntrail__address *own, intptr_t relay,
                                               const conntrail__address *source,
                                               conntrail__close_relay close);
CONNTRAIL__HIDDEN void conntrail__served_abandon(conntrail__datagram_decision *choice);
CONNTRAIL__HIDDEN void conntrail__served_received(conntrail__socket *socket,
                                                  const conntrail__identity *who,
                                                  conntrail__received *arrived);
CONNTRAIL__HIDDEN uint32_t conntrail__served_enable(conntrail__socket *socket, int level,
                                                    int option, bool is_enabled);
CONNTRAIL__HIDDEN uint32_t conntrail__served_datagram_fault(conntrail__socket *socket,
                                                            conntrail_emu_operation operation);
CONNTRAIL__HIDDEN bool conntrail__served_may_fault(const conntrail_emu *emu);

CONNTRAIL__HIDDEN conntrail__socket *conntrail__served_accepted(conntrail__socket *listener,
                                                                const conntrail__address *peer,
                                                                const conntrail__identity *who);
/* A socket that this program was started with, by its inode. NULL: the service does not know it. */
CONNTRAIL__HIDDEN conntrail__socket *conntrail__served_claim(uint64_t inode,
                                                             const conntrail__identity *who);

static inline conntrail__socket *conntrail__kernel_create(conntrail_emu *emu,
                                                          conntrail__socket_kind kind,
                                                          const conntrail__identity *who,
                                                          intptr_t handle) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_create(emu, kind, who, handle)
             : conntrail__socket_create(emu, kind, who, handle);
}

static inline void conntrail__kernel_retain(conntrail__socket *socket) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_retain(socket);
  } else {
    conntrail__socket_retain(socket);
  }
}

static inline void conntrail__kernel_release(conntrail__socket *socket) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_release(socket);
  } else {
    conntrail__socket_release(socket);
  }
}

static inline conntrail_emu *conntrail__kernel_emulation(const conntrail__socket *socket) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_emulation(socket)
                                                   : conntrail__socket_emulation(socket);
}

/* By which a program is given on; 0 where it is not served. */
static inline uint32_t conntrail__kernel_number(const conntrail__socket *socket) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_number(socket) : 0;
}

static inline conntrail__socket_kind conntrail__kernel_kind_of(const conntrail__socket *socket) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_kind_of(socket)
                                                   : conntrail__socket_kind_of(socket);
}

static inline conntrail__socket_state conntrail__kernel_state_of(const conntrail__socket *socket) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_state_of(socket)
                                                   : conntrail__socket_state_of(socket);
}

static inline bool conntrail__kernel_bound(conntrail__socket *socket,
                                           const conntrail__address *local) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_bound(socket, local)
                                                   : conntrail__socket_bound(socket, local);
}

static inline bool conntrail__kernel_listening(conntrail__socket *socket,
                                               const conntrail__address *local, bool is_ipv6_only) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_listening(socket, local, is_ipv6_only)
             : conntrail__socket_listening(socket, local);
}

static inline conntrail__decision conntrail__kernel_connecting(conntrail__socket *socket,
                                                               const conntrail__address *remote,
                                                               const conntrail__identity *who) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_connecting(socket, remote, who)
             : conntrail__socket_connecting(socket, remote, who);
}

static inline void conntrail__kernel_connected(conntrail__socket *socket,
                                               conntrail__outcome outcome,
                                               const conntrail__address *local, uint32_t native) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_connected(socket, outcome, local, native);
  } else {
    conntrail__socket_connected(socket, outcome, local, native);
  }
}

static inline void conntrail__kernel_associated(conntrail__socket *socket,
                                                const conntrail__address *remote) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_associated(socket, remote);
  } else {
    conntrail__socket_associated(socket, remote);
  }
}

static inline void conntrail__kernel_dissolved(conntrail__socket *socket) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_dissolved(socket);
  } else {
    conntrail__socket_dissolved(socket);
  }
}

static inline bool conntrail__kernel_peer(const conntrail__socket *socket,
                                          conntrail__address *peer) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_peer(socket, peer)
                                                   : conntrail__socket_peer(socket, peer);
}

static inline uint32_t conntrail__kernel_ioctl(conntrail__socket *socket,
                                               const conntrail__identity *who,
                                               const conntrail__call *call) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_ioctl(socket, who, call)
                                                   : conntrail__socket_ioctl(socket, who, call);
}

static inline bool conntrail__kernel_pends(const conntrail__socket *socket,
                                           const conntrail__call *call) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_pends(socket, call)
                                                   : conntrail__socket_pends(socket, call);
}

static inline bool conntrail__kernel_cancel(conntrail__socket *socket,
                                            const conntrail__pending *pending) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_cancel(socket, pending)
                                                   : conntrail__socket_cancel(socket, pending);
}

static inline uint32_t conntrail__kernel_untracked_ioctl(conntrail_emu *emu,
                                                         const conntrail__untracked *untracked,
                                                         const conntrail__call *call) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_untracked_ioctl(emu, untracked, call)
             : conntrail__untracked_ioctl(emu, untracked, call);
}

static inline uint32_t conntrail__kernel_original_destination(conntrail__socket *socket,
                                                              const conntrail__identity *who,
                                                              conntrail__address *destination) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_original_destination(socket, who, destination)
             : conntrail__socket_original_destination(socket, who, destination);
}

static inline void conntrail__kernel_note_misuse(conntrail_emu *emu,
                                                 const conntrail__socket *socket,
                                                 conntrail_emu_misuse misuse, uint32_t size) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_note_misuse(emu, socket, misuse, size);
  } else {
    conntrail__note_misuse(emu, socket, misuse, size);
  }
}

static inline void conntrail__kernel_outside(conntrail__socket *socket) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_note_misuse(NULL, socket, CONNTRAIL_EMU_MISUSE_OUTSIDE, 0);
  } else {
    conntrail__socket_outside(socket);
  }
}

static inline conntrail__datagram_decision
conntrail__kernel_sending(conntrail__socket *socket, const conntrail__address *remote,
                          const void *records, uint32_t records_size,
                          const conntrail__identity *who) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_sending(socket, remote, records, records_size, who)
             : conntrail__datagram_sending(socket, remote, records, records_size, who);
}

static inline conntrail__datagram_decision
conntrail__kernel_send_connecting(conntrail__socket *socket, const conntrail__address *remote,
                                  const conntrail__identity *who) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_send_connecting(socket, remote, who)
             : conntrail__datagram_connecting(socket, remote, who);
}

static inline bool conntrail__kernel_settle(conntrail__datagram_decision *choice,
                                            const conntrail__address *own) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_settle(choice, own)
                                                   : conntrail__datagram_settle(choice, own);
}

static inline bool conntrail__kernel_carry(conntrail__datagram_decision *choice,
                                           const conntrail__address *own, intptr_t relay,
                                           const conntrail__address *source,
                                           conntrail__close_relay close) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_carry(choice, own, relay, source, close)
             : conntrail__datagram_carry(choice, own, relay, source, close);
}

static inline void conntrail__kernel_abandon(conntrail__datagram_decision *choice) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_abandon(choice);
  } else {
    conntrail__datagram_abandon(choice);
  }
}

static inline void conntrail__kernel_received(conntrail__socket *socket,
                                              const conntrail__identity *who,
                                              conntrail__received *arrived) {
  if (CONNTRAIL__UNLIKELY(conntrail__is_served)) {
    conntrail__served_received(socket, who, arrived);
  } else {
    conntrail__datagram_received(socket, who, arrived);
  }
}

static inline uint32_t conntrail__kernel_enable(conntrail__socket *socket, int level, int option,
                                                bool is_enabled) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_enable(socket, level, option, is_enabled)
             : conntrail__datagram_enable(socket, level, option, is_enabled);
}

static inline uint32_t conntrail__kernel_datagram_fault(conntrail__socket *socket,
                                                        conntrail_emu_operation operation) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served)
             ? conntrail__served_datagram_fault(socket, operation)
             : conntrail__datagram_fault(socket, operation);
}

static inline bool conntrail__kernel_may_fault(const conntrail_emu *emu) {
  return CONNTRAIL__UNLIKELY(conntrail__is_served) ? conntrail__served_may_fault(emu)
                                                   : conntrail__fault_is_any(emu);
}

#endif
