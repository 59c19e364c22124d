/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_LINUX_H
#define CONNTRAIL_LINUX_H

/**
 * @file
 * Redirect records at the system calls of Linux: for proxies in any language, and for conntrail's
 * own backend. Plain C, no functions: everything here is numbers and one structure, and it is an
 * ABI.
 *
 * Linux itself has no redirect records. An emulated kernel (conntrail::emulation, conntrail-emu)
 * has them at a socket level of its own, SOL_CONNTRAIL, of getsockopt(), setsockopt(), recvmsg()
 * and sendmsg(). A proxy that uses this level can be tested without Windows.
 *
 * A real kernel refuses the level with EOPNOTSUPP or ENOPROTOOPT. Both mean: no redirect records
 * on this system, so there is nothing to transfer. The emulated kernel never returns these two
 * errors at this level (clause K17). A closed descriptor is EBADF and a file is ENOTSOCK, by both.
 *
 * Two forms:
 *
 * The simple form is for scripting languages. It is getsockopt() and setsockopt() with bytes and
 * errno:
 *
 *     import socket, struct
 *     SOL_CONNTRAIL, RECORDS_SIZE, RECORDS = 0x434E54, 16, 0x100
 *     size, = struct.unpack("I", accepted.getsockopt(SOL_CONNTRAIL, RECORDS_SIZE, 4))
 *     records = b"".join(accepted.getsockopt(SOL_CONNTRAIL, RECORDS + i, 1024)
 *                        for i in range((size + 1023) // 1024))
 *     outbound.setsockopt(SOL_CONNTRAIL, RECORDS, records)
 *
 * errno in the simple form:
 *
 *     ENODATA     the connection was not redirected, or has no context (Q5, Q6)
 *     ENOTCONN    the socket is not connected (Q8, Q9)
 *     EINVAL      an argument, a socket of another kind, or bytes that are not records of a query
 *                 (Q10, S2, S4, S5)
 *     EACCES      the process may not set records (S6)
 *     ENOSYS      the emulated system has no redirect records, as Windows 7 (Q14, M12), or there is
 *                 no emulation in this process
 *     ENETDOWN    a child of fork without an emulation of its own (E6)
 *     EMSGSIZE    the records are larger than 65,536 bytes (Q4)
 *     EREMOTEIO   a Winsock number that has no errno; CONNTRAIL_LINUX_LAST_ERROR returns it
 *     others      the errno of the same meaning as the Winsock number (Q15)
 *
 * The full form is CONNTRAIL_LINUX_CALL: every argument and every result of WSAIoctl(), the Winsock
 * number included.
 *
 * All integers are in the machine's byte order. Threads: any. Blocking: never.
 */

#include <stdint.h>

/** The socket level: "CNT" in ASCII. */
#define SOL_CONNTRAIL 0x434E54

/** The version of this interface. */
#define CONNTRAIL_LINUX_INTERFACE 1u

/* ---- Options: getsockopt(socket, SOL_CONNTRAIL, option, ...) --------------------------------- */

/** Get, uint32_t: CONNTRAIL_LINUX_INTERFACE of the emulated kernel. It succeeds for every socket
 * and leaves no trace. */
#define CONNTRAIL_LINUX_VERSION 1

/** Get: the full form. See struct conntrail_linux_call. */
#define CONNTRAIL_LINUX_CALL 2

/** Get, uint32_t: the Winsock number behind the last call at this level, or the last message call,
 * that failed in this thread. */
#define CONNTRAIL_LINUX_LAST_ERROR 3

/*
 * Set, int: 1 lets this kind of control message arrive with datagrams of this socket, 0 ends it.
 * Each is enabled alone (clause M1). The same numbers are the types of the control messages of
 * level SOL_CONNTRAIL. recvmsg() gives records and context with the first datagram of a flow
 * (M2); sendmsg() takes records with the first datagram to a destination (M3).
 */
#define CONNTRAIL_LINUX_RECORDS4 4 /**< redirect records of an IPv4 datagram */
#define CONNTRAIL_LINUX_CONTEXT4 5 /**< redirect context of an IPv4 datagram */
#define CONNTRAIL_LINUX_RECORDS6 6 /**< redirect records of an IPv6 datagram */
#define CONNTRAIL_LINUX_CONTEXT6 7 /**< redirect context of an IPv6 datagram */

/** Get, uint32_t: bytes of the redirect records of an accepted connection (Q2). */
#define CONNTRAIL_LINUX_RECORDS_SIZE 16
/** Get, uint32_t: bytes of the redirect context (Q2). */
#define CONNTRAIL_LINUX_CONTEXT_SIZE 17

/** Get: CONNTRAIL_LINUX_RECORDS + i is bytes 1,024 * i to 1,024 * i + 1,023 of the records, fewer
 * at the end, none after it. i is 0 to 63. Set: CONNTRAIL_LINUX_RECORDS takes all bytes of the
 * records at once (S1). */
#define CONNTRAIL_LINUX_RECORDS 0x100
/** Get: CONNTRAIL_LINUX_CONTEXT + i, the same of the context. */
#define CONNTRAIL_LINUX_CONTEXT 0x200

/** Bytes of a piece. Python's getsockopt() takes no more. */
#define CONNTRAIL_LINUX_PIECE 1024u
/** Pieces of the largest records. */
#define CONNTRAIL_LINUX_PIECES 64u

/* ---- The full form --------------------------------------------------------------------------- */

/* Codes of a call. The first three are Windows' own control codes. [D] mstcpip.h. */
#define CONNTRAIL_LINUX_QUERY_RECORDS 0x980000DCu /**< out: the records */
#define CONNTRAIL_LINUX_QUERY_CONTEXT 0x980000DDu /**< out: the context */
#define CONNTRAIL_LINUX_SET_RECORDS 0x980000DEu   /**< in: the records */
/** Windows' SO_ORIGINAL_DST (D2). out: a sockaddr_in or sockaddr_in6 of this system. */
#define CONNTRAIL_LINUX_ORIGINAL_DESTINATION 1u
/** A notification, not a query: the library read a context of in_size bytes, and knows no layout
 * that fits (X5). native is 0. */
#define CONNTRAIL_LINUX_LAYOUT_DID_NOT_FIT 2u

/**
 * getsockopt(socket, SOL_CONNTRAIL, CONNTRAIL_LINUX_CALL, out, &call.length)
 *
 * The fourth argument is the output buffer. The last one is the address of `length`, the first
 * member of this structure, and the rest of the structure follows it: the kernel reads and writes
 * the whole of it. So a checker that knows getsockopt() (valgrind, MemorySanitizer) sees the output
 * buffer written, for exactly `length` bytes. Set every member before the call.
 *
 * The call returns 0 if an emulated kernel handled it; native is then the result. It returns -1
 * with EOPNOTSUPP or ENOPROTOOPT if the kernel is a real one, EPROTO if `version` or `size` differ
 * from those of the emulated kernel, and EFAULT if the structure cannot be read or written.
 *
 * 40 bytes, the same for 32-bit and 64-bit programs.
 */
struct conntrail_linux_call {
  uint32_t length;   /**< in: bytes of the output buffer; out: bytes that were written there */
  uint32_t version;  /**< in: CONNTRAIL_LINUX_INTERFACE */
  uint32_t size;     /**< in: sizeof(struct conntrail_linux_call) */
  uint32_t code;     /**< in: one of the codes above */
  uint64_t in;       /**< in: address of the input buffer; 0 without one */
  uint32_t in_size;  /**< in: bytes of the input buffer */
  uint32_t bytes;    /**< in and out: WSAIoctl's byte count; unchanged if Windows writes none */
  uint32_t native;   /**< out: 0 or the Winsock number */
  uint32_t reserved; /**< in: 0 */
};

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct conntrail_linux_call) == 40, "part of the ABI");
#endif

#endif
