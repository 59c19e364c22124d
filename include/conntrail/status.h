/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_STATUS_H
#define CONNTRAIL_STATUS_H

/**
 * @file
 * Every status that conntrail returns, with a number that never changes, a stable name and a
 * sentence. The groups say who must act.
 *
 * A failure is negative. Zero and above is success.
 *
 * conntrail_transfer_records() works on two sockets. Its statuses say which of them failed: a plain
 * status (CONNTRAIL_NOT_CONNECTED) is about the accepted socket; the same name with OUTBOUND in
 * front (CONNTRAIL_OUTBOUND_ACCESS) is about the outbound one (clause T3).
 */

#include <stdint.h>

#include "conntrail/platform.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The distance between a status and its OUTBOUND twin. */
#define CONNTRAIL_OUTBOUND_OFFSET 1000

/**
 * The one list of successes: X(name, number, native number, sentence).
 */
#define CONNTRAIL_SUCCESS_MAP(X)                                                                   \
  X(OK, 0, 0, "done")                                                                              \
  X(OK_NOTHING_TO_TRANSFER, 1, 0,                                                                  \
    "the accepted socket was not redirected: there are no records to transfer")

/**
 * The one list of failures: X(name, number, native number, sentence). The native number is
 * the Winsock number that usually causes the status; 0 if it has none of its own.
 */
#define CONNTRAIL_FAILURE_MAP(X)                                                                   \
  /* A mistake of the caller: correct the program. */                                              \
  X(FAULT, -1, 10014, "a pointer is NULL, or does not point to memory of this program")            \
  X(INVALID, -2, 10022,                                                                            \
    "an argument is wrong, the socket is of the wrong kind, or the records were not returned by "  \
    "a query")                                                                                     \
  X(NOT_SOCKET, -3, 10038, "the descriptor is not an open socket")                                 \
  X(NOT_CONNECTED, -4, 10057,                                                                      \
    "the socket is not connected: ask the accepted socket, not a fresh or a listening one")        \
  X(INVALID_MESSAGE, -5, 0, "the control data are malformed")                                      \
  X(NOT_INITIALISED, -6, 10093, "call WSAStartup first")                                           \
  /* The system's answer: an ordinary case, about which the program decides. */                    \
  X(NOT_REDIRECTED, -20, 1168, "the connection was not redirected")                                \
  X(NO_CONTEXT, -21, 1168,                                                                         \
    "the connection was redirected, but the redirect service attached no context")                 \
  X(BUFFER_TOO_SMALL, -22, 122, "the buffer is too small: the size says how much is needed")       \
  X(LIMIT, -23, 0, "the data are larger than conntrail accepts (65,536 bytes)")                    \
  X(UNKNOWN_LAYOUT, -24, 0,                                                                        \
    "the redirect context has a layout that conntrail does not know: pass a decoder of your own")  \
  X(DATA_TRUNCATED, -25, 10040, "the datagram is larger than the buffer: its end is lost")         \
  X(CONTROL_TRUNCATED, -26, 10040,                                                                 \
    "the control buffer is too small: the data are there, redirect records may be lost")           \
  X(WOULD_BLOCK, -27, 10035, "nothing can be done now without waiting")                            \
  X(PENDING, -28, 997, "the system has begun the call and will complete it later")                 \
  X(TIMED_OUT, -29, 10060, "the time set for this socket has passed")                              \
  X(TOO_LARGE, -30, 10040, "the datagram is larger than the system sends")                         \
  X(DESTINATION_UNKNOWN, -31, 0,                                                                   \
    "the system does not know where the client wanted to go: it was not redirected here, or the "  \
    "system's entry has expired")                                                                  \
  X(DESTINATION_IS_PROXY, -32, 0,                                                                  \
    "the client asked for the proxy's own address: a connection there would return to the proxy")  \
  /* The system refused: someone who runs the program must act. */                                 \
  X(ACCESS, -40, 10013,                                                                            \
    "the system refused access: redirect records may need an elevated process")                    \
  X(IN_PROGRESS, -41, 10036, "called from within another blocking or callback call of Winsock")    \
  X(INTERRUPTED, -42, 10004, "the call was interrupted")                                           \
  X(NET_DOWN, -43, 10050, "the network subsystem failed")                                          \
  X(ABORTED, -44, 995, "the call was cancelled, or the socket closed, before it completed")        \
  X(CONNECT_FAILED, -45, 0,                                                                        \
    "the connection could not be started: the system's error number says why")                     \
  X(UNREACHABLE, -46, 10065, "there is no route to the other side, or it does not answer")         \
  X(DESTINATION_ACCESS, -47, 10013,                                                                \
    "only the kernel's connection tracking knows the destination: give the process "               \
    "CAP_NET_ADMIN, or redirect UDP by TPROXY")                                                    \
  X(UNKNOWN, -59, 0, "the system returned a number that conntrail does not know")                  \
  /* Not possible here. */                                                                         \
  X(NOT_SUPPORTED, -60, 10045,                                                                     \
    "this system or transport provider cannot do it: redirect records need Windows 8 or later")    \
  X(NO_PROTOCOL_OPTION, -61, 10042, "the protocol of this socket does not support it")             \
  X(MULTIPATH, -62, 0,                                                                             \
    "Linux does not report the destination of a Multipath TCP connection: listen with plain TCP")  \
  X(VERSION_MISMATCH, -63, 10092,                                                                  \
    "libconntrail and the emulation are of different versions: build both from one release")       \
  /* No memory. */                                                                                 \
  X(NO_MEMORY, -80, 10055, "there is not enough memory")

/** The result of a call. */
typedef enum conntrail_status {
#define CONNTRAIL_STATUS_CONSTANT(name, number, native, sentence) CONNTRAIL_##name = (number),
#define CONNTRAIL_OUTBOUND_CONSTANT(name, number, native, sentence)                                \
  CONNTRAIL_OUTBOUND_##name = -CONNTRAIL_OUTBOUND_OFFSET + (number),
  /* clang-format off */
  CONNTRAIL_SUCCESS_MAP(CONNTRAIL_STATUS_CONSTANT)
  CONNTRAIL_FAILURE_MAP(CONNTRAIL_STATUS_CONSTANT)
  CONNTRAIL_FAILURE_MAP(CONNTRAIL_OUTBOUND_CONSTANT)
/* clang-format on */
#undef CONNTRAIL_STATUS_CONSTANT
#undef CONNTRAIL_OUTBOUND_CONSTANT
  /* Keeps the type as wide as int with every compiler. */
  CONNTRAIL_STATUS_WIDTH = 0x7fffffff
} conntrail_status;

/**
 * The stable name of a status, without the prefix: "NOT_REDIRECTED", "OUTBOUND_ACCESS".
 *
 * @param status  any value
 * @return a string that is never freed; "?" for a value that is no status.
 *
 * Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API const char *conntrail_status_name(conntrail_status status);

/**
 * What a status means, in one sentence for a person, without a full stop.
 *
 * @param status  any value
 * @return a string that is never freed; for a value that is no status, one that says so.
 *
 * Threads: any. Blocking: never. Since 0.1.
 */
CONNTRAIL_API const char *conntrail_status_sentence(conntrail_status status);

/**
 * The status without the socket of a transfer: CONNTRAIL_ACCESS for CONNTRAIL_OUTBOUND_ACCESS;
 * every other value is returned unchanged.
 *
 * Threads: any. Blocking: never. Clause T3. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_status_cause(conntrail_status status);

/**
 * The status for a native number, without any context: CONNTRAIL_NOT_SUPPORTED for 10045,
 * CONNTRAIL_OK for 0, CONNTRAIL_UNKNOWN for an unknown number.
 *
 * @param native  a number as WSAGetLastError() returns it
 *
 * Threads: any. Blocking: never. Clause Q15. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_status_from_native(uint32_t native);

/**
 * The native number behind the last failure in this thread: on Windows, WSAGetLastError(); in
 * the emulation, the number that Windows would have returned. conntrail also sets it if it refused
 * a call itself. Read it immediately after the failing call; after a success, or after any other
 * call, it has no meaning.
 *
 * Threads: any; each has its own number. Blocking: never. Clause Q15. Since 0.1.
 */
CONNTRAIL_API uint32_t conntrail_native_error(void);

/**
 * Reports a failure of a layer above conntrail that no call of this thread returned, such as a
 * cancelled query: sets the native number of the status in this thread, as if a call had failed
 * with it. A success does not change the number.
 *
 * @param status  of a failure
 * @return status
 *
 * Threads: any; each has its own number. Blocking: never. Clause Q15. Since 0.1.
 */
CONNTRAIL_API conntrail_status conntrail_report(conntrail_status status);

#ifdef __cplusplus
}
#endif

#endif
