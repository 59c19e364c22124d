/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FACE_H
#define CONNTRAIL_FACE_H

/*
 * What a face (backend-emu/posix, backend-emu/winsock) offers to the control of the emulation
 * (backend-emu/control), which implements conntrail/emu.h once for all faces.
 *
 * The lock is one for the process and is not recursive. Calls marked (locked) want it held.
 */

#include "../engine/engine.h"

void conntrail__face_lock(void);
void conntrail__face_unlock(void);

/* Whether the calls that the emulation watches are ours in this process (E7); else why not. */
bool conntrail__face_is_watching(conntrail__refusal *why);

/* (locked) A number that no other emulation of this process has had. */
uint64_t conntrail__face_next_instance(void);

/* (locked) The emulation exists from now on: current for the process if no other is. */
void conntrail__face_begin(conntrail_emu *emu);
/* (locked) The face forgets every descriptor of it, and it is current nowhere any more. */
void conntrail__face_end(conntrail_emu *emu);

/* This thread's emulation; NULL returns the thread to the process's. Takes the lock. */
void conntrail__face_enter(conntrail_emu *emu);

/* This thread's identity from now on. process 0: the real one. Takes no lock. user is copied and
 * at most 63 bytes long. */
void conntrail__face_act_as(uint32_t process, const char *user);

/* (locked) The socket of this emulation that a descriptor names; NULL where it is not of it. */
conntrail__socket *conntrail__face_find(const conntrail_emu *emu, conntrail_socket socket);

/* (locked) A fault was asked for: from now on every call looks whether it strikes. */
void conntrail__face_expect_faults(void);

/* This thread's last refusal, kept by the face because threads are its own. */
conntrail__refusal *conntrail__face_refusal(void);

#endif
