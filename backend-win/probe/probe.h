/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_PROBE_H
#define CONNTRAIL_PROBE_H

/*
 * conntrail-probe: asks a Windows what no document settles, by Winsock's own calls, and writes the
 * answers down. The library has no part in it. docs/reference/probe-format.md describes the file.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../wfp_codes.h"
#include "../win.h"

enum {
  PROBE_FORMAT = 1,
  /* Raised with each change of a row. A row's id means the same for ever. */
  PROBE_CATALOGUE = 1,
  /* How often each row is asked; and at most, until answers in turn were seen twice. */
  PROBE_ASKED = 10,
  PROBE_MOST_ASKED = 40,
  PROBE_ROOM = 65536,
  PROBE_VALUE = 160,
  PROBE_PATIENCE_MILLISECONDS = 5000,
  PROBE_SILENCE_MILLISECONDS = 2000,
  PROBE_MOST_PROVIDERS = 64
};

/* Which socket is asked: the situation of a row. X(constant, words in the file). */
#define PROBE_PLACE_MAP(X)                                                                         \
  X(ACCEPTED, "accepted, not redirected")                                                          \
  X(ACCEPTED_V6, "accepted over IPv6, not redirected")                                             \
  X(CLIENT, "client's own end, not redirected")                                                    \
  X(FRESH, "fresh TCP socket")                                                                     \
  X(BOUND, "bound TCP socket")                                                                     \
  X(LISTENING, "listening TCP socket")                                                             \
  X(REFUSED, "TCP socket whose connect was refused")                                               \
  X(SYNCHRONOUS, "connected TCP socket without the overlapped attribute")                          \
  X(ACCEPT_EX, "AcceptEx, before SO_UPDATE_ACCEPT_CONTEXT")                                        \
  X(ACCEPT_EX_UPDATED, "AcceptEx, after SO_UPDATE_ACCEPT_CONTEXT")                                 \
  X(CONNECT_EX, "ConnectEx, before SO_UPDATE_CONNECT_CONTEXT")                                     \
  X(CONNECT_EX_UPDATED, "ConnectEx, after SO_UPDATE_CONNECT_CONTEXT")                              \
  X(DATAGRAM, "fresh UDP socket")                                                                  \
  X(DATAGRAM_V6, "fresh UDP socket, IPv6")                                                         \
  X(DATAGRAM_BOUND, "bound UDP socket")                                                            \
  X(DATAGRAM_CONNECTED, "connected UDP socket, not redirected")                                    \
  X(RAW, "raw IPv4 socket")                                                                        \
  X(CLOSED, "closed socket")                                                                       \
  X(NO_SOCKET, "INVALID_SOCKET")                                                                   \
  X(PIPE, "handle of a pipe")                                                                      \
  X(REDIRECTED, "accepted, redirected")                                                            \
  X(REDIRECTED_CLIENT, "client's own end, redirected")                                             \
  X(REDIRECTED_LISTENER, "listening socket of a redirected connection")                            \
  X(REDIRECTED_READ, "accepted, redirected, after data was read")                                  \
  X(REDIRECTED_SHUT, "accepted, redirected, after shutdown")                                       \
  X(REDIRECTED_LEFT, "accepted, redirected, after the client closed")                              \
  X(REDIRECTED_COPY, "duplicate of the accepted, redirected socket")                               \
  X(REDIRECTED_FRESH, "fresh TCP socket beside a redirected connection")                           \
  X(REDIRECTED_BOUND, "bound TCP socket beside a redirected connection")                           \
  X(REDIRECTED_DATAGRAM, "fresh UDP socket beside a redirected connection")                        \
  X(FLOW, "UDP proxy, redirected datagram")                                                        \
  X(FLOW_SECOND, "UDP proxy, second datagram of a redirected flow")                                \
  X(FLOW_CONNECTED, "UDP proxy, redirected datagram of a connected client")                        \
  X(FLOW_CLIENT, "UDP client whose redirected datagram was answered")                              \
  X(FLOW_PROXY_CONNECTED, "UDP proxy socket connected to the redirected client")                   \
  X(FLOW_DUAL, "dual-stack UDP proxy, redirected IPv4 datagram")

typedef enum probe_place {
#define PROBE_PLACE_CONSTANT(name, words) PROBE_##name,
  PROBE_PLACE_MAP(PROBE_PLACE_CONSTANT)
#undef PROBE_PLACE_CONSTANT
} probe_place;

/* What is called: X(constant, function, words in the file). */
#define PROBE_CALL_MAP(X)                                                                          \
  X(QUERY_RECORDS, query, "query records")                                                         \
  X(QUERY_CONTEXT, query, "query context")                                                         \
  X(QUERY_AGAIN, query_again, "query records, the second time on one socket")                      \
  X(QUERY_UNKNOWN, query, "an unknown control code")                                               \
  X(QUERY_NO_COUNT, query, "query records, byte count NULL")                                       \
  X(QUERY_NO_BUFFER, query, "query records, buffer NULL")                                          \
  X(QUERY_BAD_BUFFER, query, "query records, buffer at address 16")                                \
  X(QUERY_EVENT, query_with_event, "query records, overlapped, event")                             \
  X(QUERY_ROUTINE, query_with_routine, "query records, overlapped, completion routine")            \
  X(QUERY_PORT, query_with_port, "query records, overlapped, completion port")                     \
  X(SET_MADE_UP, set, "set records that no query gave")                                            \
  X(SET_NOTHING, set, "set no bytes")                                                              \
  X(SET_NULL, set, "set records, NULL")                                                            \
  X(SET_UNELEVATED, set_unelevated, "set records that no query gave, without privilege")           \
  X(SET, set, "set records")                                                                       \
  X(SET_SHORTENED, set, "set records without their last byte")                                     \
  X(SET_EXTENDED, set, "set records with one byte more")                                           \
  X(SET_ALTERED, set, "set records with one bit changed")                                          \
  X(SET_TWICE, set_twice, "set records, the second time on one socket")                            \
  X(SET_REAL_UNELEVATED, set_unelevated, "set records, without privilege")                         \
  X(ORIGINAL_IP, original_destination, "SO_ORIGINAL_DST at SOL_IP")                                \
  X(ORIGINAL_IPV6, original_destination, "SO_ORIGINAL_DST at SOL_IPV6")                            \
  X(ORIGINAL_SOCKET, original_destination, "SO_ORIGINAL_DST at SOL_SOCKET")                        \
  X(OPTION_READ, option_read, "getsockopt")                                                        \
  X(OPTION_SET, option_set, "setsockopt to 1")                                                     \
  X(OPTION_KEPT, option_kept, "getsockopt after setsockopt to 1")                                  \
  X(PEER, peer, "getpeername")                                                                     \
  X(LOCAL, local, "getsockname")                                                                   \
  X(CONNECT_REFUSED, connect_refused, "connect to a port without a listener")                      \
  X(CONTEXT_LAYOUT, context_layout, "the context's layout")                                        \
  X(MESSAGE_PLAIN, send_message, "WSASendMsg without control data")                                \
  X(MESSAGE_FOREIGN, send_message, "WSASendMsg with records that no query returned")               \
  X(MESSAGE_SHORT, send_message, "WSASendMsg, cmsg_len below the header's")                        \
  X(MESSAGE_LONG, send_message, "WSASendMsg, cmsg_len past the end")                               \
  X(MESSAGE_ALIEN, send_message, "WSASendMsg, unknown level and type")                             \
  X(MESSAGE_NULL, send_message, "WSASendMsg, Control.buf NULL and its length not 0")               \
  X(RECEIVE_FITTING, receive_message, "WSARecvMsg of 16 bytes with IP_PKTINFO")                    \
  X(RECEIVE_FLOW, receive_flow, "WSARecvMsg with options enabled")                                 \
  X(REPLY, receive_reply, "recvfrom")                                                              \
  X(BACKLOG, backlog, "query records of connections that waited in a full backlog")

typedef enum probe_call {
#define PROBE_CALL_CONSTANT(name, function, words) PROBE_ASK_##name,
  PROBE_CALL_MAP(PROBE_CALL_CONSTANT)
#undef PROBE_CALL_CONSTANT
} probe_call;

/* A size that is known only once the records or the context were read. */
enum { PROBE_NEEDED = 0x7FFFFFFF, PROBE_NEEDED_LESS_1 = 0x7FFFFFFE };

/* Which product on the machine a row needs. */
typedef enum probe_need {
  PROBE_NEEDS_NOTHING,
  PROBE_NEEDS_TCP,
  PROBE_NEEDS_UDP,
  PROBE_NEEDS_BACKLOG /* --backlog: slow, and it may disturb the product */
} probe_need;

typedef struct probe_row {
  const char *id;
  const char *clause;
  probe_need need;
  probe_place place;
  probe_call call;
  uint32_t size; /* of the buffer, the records, the option's value or the control buffer */
  int level;     /* of options */
  int option;    /* of options; which options a UDP proxy enables: PROBE_RECORDS, _CONTEXT */
  const char
      *operation; /* which answers of a profile it gives (docs/reference/profile-format.md); */
  const char *situation; /* NULL: none, it is a measurement alone */
} probe_row;

enum { PROBE_RECORDS = 1, PROBE_CONTEXT = 2 };

extern const probe_row conntrail__probe_rows[];
extern const unsigned conntrail__probe_row_count;
const char *conntrail__probe_place_name(probe_place place);
const char *conntrail__probe_call_name(probe_call call);

/* ---- One answer ------------------------------------------------------------------------------ */

/* How an overlapped call ended. */
typedef struct probe_completion {
  const char
      *by; /* "event", "routine", "port", "result": WSAGetOverlappedResult alone; NULL: none */
  uint32_t ntstatus; /* OVERLAPPED.Internal */
  uint32_t error;    /* as the routine, the port or WSAGetOverlappedResult gave it */
  uint32_t bytes;
} probe_completion;

typedef struct probe_answer {
  const char *obstacle; /* why the situation could not be made; NULL: it was asked */
  int result;           /* what the call returned */
  uint32_t error;       /* WSAGetLastError; 0 where the call succeeded */
  uint32_t bytes;       /* PROBE_UNTOUCHED: not written */
  uint32_t changed;     /* bytes of the output buffer, up to the last that differs from before */
  uint32_t needed;      /* the size of the records or the context, where it is known; else 0 */
  bool is_overlapped;
  probe_completion completion;
  char value[PROBE_VALUE]; /* what else was seen, in words of the format; "" nothing */
  uint64_t microseconds;
} probe_answer;

#define PROBE_UNTOUCHED 0xABABABABu

/* ---- What the user asked for ------------------------------------------------------------------
 */

typedef struct probe_target {
  bool is_given;
  struct sockaddr_storage destination; /* what is redirected */
  struct sockaddr_storage proxy;       /* to where */
} probe_target;

/*
 * For a run over an emulation, which has no product: redirects to the proxy's address, which is
 * known once it listens; and says whose calls follow. NULL: nothing to do.
 */
typedef struct probe_hooks {
  bool (*redirect)(const struct sockaddr_storage *proxy, bool is_datagram);
  void (*act_as_client)(bool is_client);
  void (*act_without_privilege)(bool is_unprivileged);
  DWORD silence; /* milliseconds after which a call counts as pending for ever; 0: the usual */
} probe_hooks;

typedef struct probe_options {
  const char *output; /* NULL: standard output */
  const char *check;  /* a file to compare with the clauses */
  const char *only;   /* rows whose id begins so */
  const char *name;   /* of the profile; NULL: the system's */
  bool with_names;
  bool backlog;
  bool hns;
  bool list;
  bool help;
  bool version;
  probe_target tcp;
  probe_target udp;
  probe_hooks hooks;
} probe_options;

/* False: the error is said on stderr. */
bool conntrail__probe_options(int count, char **words, probe_options *options);
void conntrail__probe_help(void);

/* ---- Situations -------------------------------------------------------------------------------
 */

/* Every socket that is open for one question; INVALID_SOCKET: none. */
typedef struct probe_scene {
  const probe_options *options;
  SOCKET asked;
  SOCKET listener;
  SOCKET client;
  SOCKET accepted;
  SOCKET extra;
  HANDLE pipe;
  const char *obstacle;
  struct sockaddr_storage local; /* the listener's, or the client's for UDP */
} probe_scene;

bool conntrail__probe_scene_open(probe_scene *scene, const probe_options *options,
                                 const probe_row *row);
void conntrail__probe_scene_close(probe_scene *scene);

/* Listens where the product redirects to; kept for the whole run. False: obstacle says why. */
bool conntrail__probe_proxy_open(probe_options *options, const char **obstacle);
void conntrail__probe_proxy_close(void);
SOCKET conntrail__probe_proxy(void);
SOCKET conntrail__probe_datagram_proxy(void);
/* For each scene of UDP: a socket with fresh options at the proxy's address; dual-stack: an IPv6
 * socket at the mapped address. */
bool conntrail__probe_datagram_proxy_open(const probe_options *options, bool is_dual);

/* Small things with sockets, each with a bound on its time. False: the obstacle is set. */
bool conntrail__probe_refuse(probe_scene *scene, const char *obstacle);
struct sockaddr_storage conntrail__probe_loopback(int family);
int conntrail__probe_address_size(const struct sockaddr_storage *address);
bool conntrail__probe_readable(SOCKET socket, DWORD milliseconds);
bool conntrail__probe_bind(SOCKET socket, struct sockaddr_storage *address);
bool conntrail__probe_connect(SOCKET socket, const struct sockaddr_storage *to);
SOCKET conntrail__probe_accept(SOCKET listener, DWORD milliseconds);
void conntrail__probe_drop(SOCKET *socket);
void *conntrail__probe_extension(SOCKET socket, GUID identity);
bool conntrail__probe_scene_extended(probe_scene *scene, probe_place place);
bool conntrail__probe_scene_redirected(probe_scene *scene, probe_place place);
bool conntrail__probe_scene_flow(probe_scene *scene, const probe_row *row);

/* ---- Calls ------------------------------------------------------------------------------------
 */

void conntrail__probe_ask(const probe_row *row, probe_scene *scene, probe_answer *answer);

#define PROBE_ASK_DECLARATION(name, function, words)                                               \
  void conntrail__probe_##function(const probe_row *row, probe_scene *scene, probe_answer *answer);
PROBE_CALL_MAP(PROBE_ASK_DECLARATION)
#undef PROBE_ASK_DECLARATION

/* Around a call: its time; what it returned, 0 being success; the last error, read at once. */
void conntrail__probe_begin(probe_answer *answer);
void conntrail__probe_returned(probe_answer *answer, int result);
void conntrail__probe_say(probe_answer *answer, const char *format, ...);
void conntrail__probe_name_address(const probe_scene *scene, const struct sockaddr_storage *address,
                                   probe_answer *answer);
DWORD conntrail__probe_code(const probe_row *row);
/* A buffer whose bytes are known; and up to where they are others now. */
void conntrail__probe_fill(unsigned char *bytes, size_t size);
uint32_t conntrail__probe_changed(const unsigned char *bytes, uint32_t size,
                                  const probe_answer *answer);
/* This thread as a user who is no administrator. False: the system does not allow it. */
bool conntrail__probe_drop_privilege(void);
void conntrail__probe_regain_privilege(void);
bool conntrail__probe_is_elevated(void);
/* Records or context of the scene's accepted socket; 0 where there are none. */
uint32_t conntrail__probe_read_blob(const probe_scene *scene, DWORD code, unsigned char *bytes);

/* ---- The run, its file and its reading ---------------------------------------------------------
 */

int conntrail__probe_run(int count, char **words, const probe_hooks *hooks);
int conntrail__probe_record(probe_options *options);
int conntrail__probe_check(const char *file);
/* Writes the member "hns" of the file: what became of L4WfpProxyPolicy. */
int conntrail__probe_hns(const probe_options *options);

#endif
