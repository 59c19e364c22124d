/* SPDX-License-Identifier: MIT */

/* What conntrail believes, clause by clause (docs/reference/behaviour.md), and which row asks for
 * it. */

#include "assumptions.h"

#include "../../src/numbers.h"
#include "probe.h"

/* [D] winerror.h, where older SDKs and mingw-w64 differ in its type. */
#undef FWP_E_NOT_FOUND
#define FWP_E_NOT_FOUND CONNTRAIL__FWP_E_NOT_FOUND

/* clang-format off */
/* Both queries are believed to answer alike. */
#define ASSUMED_OF_QUERY(query, its)                                                                     \
  {"Q1", "D", query "/redirected/64k",                                                                   \
   "a large buffer gets the " query " and " its " size",                                                 \
   {0, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                                          \
  {"Q1", "D", query "/redirected/needed",                                                                \
   "a buffer that just fits gets the " query,                                                            \
   {0, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                                          \
  {"Q2", "documented", query "/redirected/0",                                                            \
   "capacity 0: 122 and the size",                                                                       \
   {ERROR_INSUFFICIENT_BUFFER, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                  \
  {"Q3", "documented", query "/redirected/1",                                                            \
   "capacity 1: 10022 and 0 bytes",                                                                      \
   {WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                                     \
  {"Q3", "the documents' remarks", query "/redirected/1",                                                \
   "capacity 1: 122 and the size",                                                                       \
   {ERROR_INSUFFICIENT_BUFFER, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                  \
  {"Q3", "documented", query "/redirected/2",                                                            \
   "capacity 2: 10022 and 0 bytes",                                                                      \
   {WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                                     \
  {"Q3", "the documents' remarks", query "/redirected/2",                                                \
   "capacity 2: 122 and the size",                                                                       \
   {ERROR_INSUFFICIENT_BUFFER, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                  \
  {"Q3", "documented", query "/redirected/3",                                                            \
   "capacity 3: 10022 and 0 bytes",                                                                      \
   {WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                                     \
  {"Q3", "the documents' remarks", query "/redirected/3",                                                \
   "capacity 3: 122 and the size",                                                                       \
   {ERROR_INSUFFICIENT_BUFFER, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                  \
  {"Q3", "documented", query "/redirected/4",                                                            \
   "4 bytes: 122 and the size",                                                                          \
   {ERROR_INSUFFICIENT_BUFFER, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                  \
  {"Q3", "libuv's table", query "/redirected/4",                                                         \
   "4 bytes: 10014",                                                                                     \
   {WSAEFAULT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},                                                   \
  {"Q3", "documented", query "/redirected/needed-1",                                                     \
   "one byte less than needed: 122 and the size",                                                        \
   {ERROR_INSUFFICIENT_BUFFER, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},                                  \
  {"Q3", "libuv's table", query "/redirected/needed-1",                                                  \
   "one byte less than needed: 10014",                                                                   \
   {WSAEFAULT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},                                                   \
  {"Q5", "documented", query "/accepted/64k",                                                            \
   "connected, not redirected, 64 KiB: 0x80320008 and 0 bytes",                                          \
   {FWP_E_NOT_FOUND, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                               \
  {"Q5", "measured", query "/accepted/64k",                                                              \
   "connected, not redirected, 64 KiB: 10022 and 0 bytes",                                               \
   {WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                                     \
  {"Q5", "documented", query "/accepted/4",                                                              \
   "connected, not redirected, 4 bytes: 0x80320008 and 0 bytes",                                         \
   {FWP_E_NOT_FOUND, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                               \
  {"Q5", "measured", query "/accepted/4",                                                                \
   "connected, not redirected, 4 bytes: 10022 and 0 bytes",                                              \
   {WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                                     \
  {"Q5", "documented", query "/accepted/0",                                                              \
   "connected, not redirected, capacity 0: 0x80320008 and 0 bytes",                                      \
   {FWP_E_NOT_FOUND, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},                                               \
  {"Q5", "measured", query "/accepted/0",                                                                \
   "connected, not redirected, capacity 0: 10022 and 0 bytes",                                           \
   {WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL}

/* Each of the four options of messages. */
#define ASSUMED_OF_OPTION(option, text)                                                                  \
  {"M12", "D", "option/" option "/set-4",                                                                \
   text " is known",                                                                                     \
   {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},                                                           \
  {"M1", "D", "option/" option "/read",                                                                  \
   text " is off at first",                                                                              \
   {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "0"},                                                            \
  {"M1", "D", "option/" option "/kept",                                                                  \
   text " is kept",                                                                                      \
   {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "1"}

const probe_assumption conntrail__probe_assumptions[] = {
    ASSUMED_OF_QUERY("records", "their"),
    ASSUMED_OF_QUERY("context", "its"),
    {"Q5", "S", "records/accepted-v6/64k",
     "IPv6 answers as IPv4 does: not found",
     {FWP_E_NOT_FOUND, ERROR_NOT_FOUND, WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},
    {"Q7", "D", "records/closed/64k",
     "a closed socket: 10038",
     {WSAENOTSOCK, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q7", "D", "records/no-socket/64k",
     "INVALID_SOCKET: 10038",
     {WSAENOTSOCK, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q7", "D", "records/pipe/64k",
     "a pipe: 10038",
     {WSAENOTSOCK, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q8", "D", "records/fresh/64k",
     "a fresh socket: 10057",
     {WSAENOTCONN, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q8", "D", "records/bound/64k",
     "a bound socket: 10057",
     {WSAENOTCONN, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q8", "D", "records/refused/64k",
     "a refused connect: 10057",
     {WSAENOTCONN, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q9", "S", "records/listening/64k",
     "the listening socket: 10057",
     {WSAENOTCONN, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q10", "D", "records/raw/64k",
     "a raw socket: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q10", "D", "records/datagram/64k",
     "a UDP socket without a peer: 10057",
     {WSAENOTCONN, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q11", "D", "records/accepted/no-count",
     "byte count NULL: 10014",
     {WSAEFAULT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q11", "D", "records/accepted/no-buffer",
     "buffer NULL with a capacity: 10014",
     {WSAEFAULT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q11", "D", "records/accepted/bad-buffer",
     "a buffer outside the memory: 10014",
     {WSAEFAULT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"Q12", "S", "records/redirected-client/64k",
     "the client's own end: not found",
     {FWP_E_NOT_FOUND, ERROR_NOT_FOUND, WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},
    {"Q12", "S", "records/accept-ex/64k",
     "AcceptEx before its update is asked like any accepted socket",
     {FWP_E_NOT_FOUND, ERROR_NOT_FOUND, WSAEINVAL, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},
    {"Q13", "A", "records/redirected-read/64k",
     "records after data was read: still there",
     {0, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},
    {"Q13", "A", "records/redirected-shutdown/64k",
     "records after shutdown: still there",
     {0, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},
    {"Q13", "A", "records/redirected-client-closed/64k",
     "records after the client closed: still there",
     {0, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},
    {"Q13", "A", "records/redirected-duplicate/64k",
     "records of a duplicate: still there",
     {0, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},
    {"Q16", "S", "records/fresh/no-buffer",
     "arguments win over the state: 10014",
     {WSAEFAULT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S1", "D", "set/redirected-fresh",
     "set on a fresh socket succeeds",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S1", "documented", "set/redirected-fresh",
     "... and counts the size",
     {0, PROBE_NO_MORE}, PROBE_COUNT_SIZE, NULL},
    {"S1", "products", "set/redirected-fresh",
     "... and counts 0",
     {0, PROBE_NO_MORE}, PROBE_COUNT_0, NULL},
    {"S2", "A", "set/redirected-bound",
     "set after bind succeeds",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S2", "A", "set/redirected-connected",
     "set after connect: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S3", "A", "set/redirected-twice",
     "set twice succeeds",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S4", "A", "set/foreign/64",
     "64 zeros: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S4", "A", "set/foreign/1",
     "one byte: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S4", "A", "set/empty/0",
     "0 bytes: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S4", "A", "set/redirected-shortened",
     "records without their last byte: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S4", "A", "set/redirected-extended",
     "records with a byte more: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S4", "A", "set/redirected-altered",
     "altered records: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S5", "A", "set/foreign-datagram/64",
     "on a UDP socket: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S5", "A", "set/foreign-listening/64",
     "on the listening socket: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S5", "A", "set/redirected-datagram",
     "records of a query on a UDP socket: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S5", "A", "set/redirected-listening",
     "records of a query on the listening socket: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S5", "D", "set/foreign-closed/64",
     "on a closed socket: 10038",
     {WSAENOTSOCK, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S6", "D", "set/redirected-unelevated",
     "without the privilege: 10013",
     {WSAEACCES, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"S7", "D", "set/null/64",
     "NULL where the size is 64: 10014",
     {WSAEFAULT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"D1", "S", "layout/redirected",
     "the context is two addresses, the original destination first",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "2 addresses, first destination"},
    {"D2", "A", "original/accepted/ip",
     "SO_ORIGINAL_DST, not redirected: 1168",
     {ERROR_NOT_FOUND, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"D2", "S", "original/redirected/ip",
     "SO_ORIGINAL_DST, redirected: the destination",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "destination"},
    ASSUMED_OF_OPTION("ip-60", "option 60 at IP"),
    ASSUMED_OF_OPTION("ip-70", "option 70 at IP"),
    ASSUMED_OF_OPTION("ipv6-60", "option 60 at IPv6"),
    ASSUMED_OF_OPTION("ipv6-70", "option 70 at IPv6"),
    {"M12", "A", "option/ip-60/stream",
     "option 60 on a TCP socket: 10042",
     {WSAENOPROTOOPT, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"M1", "S", "flow/first-70",
     "option 70 alone brings the context",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "0/70/"},
    {"M1", "D", "flow/first-60",
     "option 60 alone brings the records",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "0/60/"},
    {"M1", "D", "flow/first-none",
     "without an option no records come",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "!0/60/"},
    {"M1", "A", "flow/dual-stack",
     "an IPv4 datagram on a dual-stack socket: at level IPPROTO_IP alone",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "!41/60/"},
    {"M2", "D", "flow/second",
     "the second datagram has no records",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "!0/60/"},
    {"M3", "A", "message/foreign",
     "records that no query returned: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"M4", "D", "receive/control-0",
     "control buffer too small: 10040 and MSG_CTRUNC",
     {WSAEMSGSIZE, PROBE_NO_MORE}, PROBE_ANY_COUNT, "flags 0x200"},
    {"M4", "D", "receive/payload-4",
     "payload too small: 10040 and MSG_TRUNC",
     {WSAEMSGSIZE, PROBE_NO_MORE}, PROBE_ANY_COUNT, "flags 0x100"},
    {"M4", "D", "flow/control-32",
     "records do not fit: 10040 and MSG_CTRUNC",
     {WSAEMSGSIZE, PROBE_NO_MORE}, PROBE_ANY_COUNT, "flags 0x200"},
    {"M6", "D", "message/short",
     "cmsg_len below the header: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"M6", "D", "message/long",
     "cmsg_len past the end: 10022",
     {WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"M7", "A", "flow/reply",
     "the reply comes as from the destination",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "destination"},
    {"M9", "A", "flow/first-both",
     "the proxy sees the client's own address",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "from client"},
    {"M11", "S", "flow/connected",
     "the datagram of a connected client reaches its proxy",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"M11", "S", "records/flow-connected/64k",
     "a connected UDP proxy socket answers a query",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"O1", "A", "event/redirected",
     "an overlapped query completes at once",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"O1", "A", "event/redirected",
     "... and its event is set",
     {0, WSA_IO_PENDING, PROBE_NO_MORE}, PROBE_ANY_COUNT, "event"},
    {"O1", "A", "event/accepted",
     "a query that fails says so at once, and does not pend",
     {FWP_E_NOT_FOUND, ERROR_NOT_FOUND, WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"O3", "D", "routine/redirected",
     "the completion routine runs",
     {0, WSA_IO_PENDING, PROBE_NO_MORE}, PROBE_ANY_COUNT, "routine"},
    {"O3", "D", "port/redirected",
     "the completion port gets a packet",
     {0, WSA_IO_PENDING, PROBE_NO_MORE}, PROBE_ANY_COUNT, "port"},
    {"O4", "D", "event/synchronous",
     "without the overlapped attribute nothing pends",
     {FWP_E_NOT_FOUND, ERROR_NOT_FOUND, WSAEINVAL, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"R5", "D", "local/redirected",
     "the proxy is reached over loopback, or at the local address",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "!other"},
    {"R9", "S", "backlog/redirected",
     "a full backlog loses records",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "! 0 without"},
    {"R10", "A", "peer/redirected-client",
     "the client's getpeername returns the destination",
     {0, PROBE_NO_MORE}, PROBE_ANY_COUNT, "destination"},
    {"R10", "D", "peer/connect-ex",
     "getpeername before SO_UPDATE_CONNECT_CONTEXT: 10057",
     {WSAENOTCONN, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
    {"X8", "D", "connect/refused",
     "no listener: 10061",
     {WSAECONNREFUSED, PROBE_NO_MORE}, PROBE_ANY_COUNT, NULL},
};
#undef ASSUMED_OF_OPTION
#undef ASSUMED_OF_QUERY
/* clang-format on */

const unsigned conntrail__probe_assumption_count =
    (unsigned)(sizeof conntrail__probe_assumptions / sizeof conntrail__probe_assumptions[0]);
