/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_BATCH_FLAGS_H
#define CONNTRAIL_BATCH_FLAGS_H

/** glibc declares the flags of sendmmsg() and recvmmsg() as int. */
typedef int conntrail__batch_flags;

#endif
