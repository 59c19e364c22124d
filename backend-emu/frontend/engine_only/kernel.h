/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_ONLY_KERNEL_H
#define CONNTRAIL_ENGINE_ONLY_KERNEL_H

/*
 * The emulated kernel for a front end whose engine is always in its own process: the engine's
 * calls. Front end posix has posix/kernel.h instead, until its service is gone.
 */

#include "../../engine/engine.h"

#define conntrail__kernel_retain conntrail__socket_retain
#define conntrail__kernel_release conntrail__socket_release
#define conntrail__kernel_emulation conntrail__socket_emulation
#define conntrail__kernel_kind_of conntrail__socket_kind_of
#define conntrail__kernel_state_of conntrail__socket_state_of
#define conntrail__kernel_bound conntrail__socket_bound
#define conntrail__kernel_connecting conntrail__socket_connecting
#define conntrail__kernel_connected conntrail__socket_connected
#define conntrail__kernel_associated conntrail__socket_associated
#define conntrail__kernel_dissolved conntrail__socket_dissolved
#define conntrail__kernel_sending conntrail__datagram_sending
#define conntrail__kernel_send_connecting conntrail__datagram_connecting
#define conntrail__kernel_settle conntrail__datagram_settle
#define conntrail__kernel_carry conntrail__datagram_carry
#define conntrail__kernel_abandon conntrail__datagram_abandon
#define conntrail__kernel_may_fault conntrail__fault_is_any

#endif
