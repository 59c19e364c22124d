/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BATCH_FLAGS_H
#define CONNTRAIL_BATCH_FLAGS_H

/** musl declares the flags of sendmmsg() and recvmmsg() as unsigned. */
typedef unsigned conntrail__batch_flags;

#endif
