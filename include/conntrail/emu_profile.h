/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_EMU_PROFILE_H
#define CONNTRAIL_EMU_PROFILE_H

/**
 * @file
 * Profiles: tables with the answers of the emulated kernel. conntrail/emu.h includes this file.
 * docs/reference/profile-format.md describes every situation and behaviour, and
 * docs/reference/behaviour.md the compiled-in profiles.
 *
 * Threads. Every call may be made from any thread while the emulation exists. Blocking: no call
 * waits for anything but the emulation's own lock. Errors: as in conntrail/emu.h. All since 0.1.
 */

#include <stddef.h>
#include <stdint.h>

#include "conntrail/platform.h"
#include "conntrail/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An emulated kernel: see conntrail_emu_create(). */
typedef struct conntrail_emu conntrail_emu;

/**
 * How the emulated kernel answers where documents and measurements disagree. Each is a table, as
 * docs/reference/profile-format.md describes it; conntrail_emu_use_table() takes another one.
 */
typedef enum conntrail_emu_profile {
  CONNTRAIL_EMU_DOCUMENTED = 0, /**< as the documents say */
  CONNTRAIL_EMU_MEASURED = 1,   /**< as seen on Windows 10 22H2; what was not seen is taken from
                                     DOCUMENTED, and the trail says so (ASSUMED) */
  CONNTRAIL_EMU_CONTRARY = 2    /**< the least convenient answers known */
} conntrail_emu_profile;

/**
 * The situations in which a profile answers: X(name, number, operation, situation), with the names
 * of docs/reference/profile-format.md. Appended to, never renumbered.
 */
#define CONNTRAIL_EMU_SITUATION_MAP(X)                                                             \
  X(RECORDS_NO_BUFFER, 0, "query records", "no buffer")                                            \
  X(RECORDS_TINY_BUFFER, 1, "query records", "tiny buffer")                                        \
  X(RECORDS_TOO_SMALL, 2, "query records", "too small")                                            \
  X(RECORDS_TOO_SMALL_AT_65536, 3, "query records", "too small at 65536")                          \
  X(RECORDS_NOT_REDIRECTED, 4, "query records", "not redirected")                                  \
  X(RECORDS_CLIENT, 5, "query records", "client")                                                  \
  X(RECORDS_FRESH, 6, "query records", "fresh")                                                    \
  X(RECORDS_BOUND, 7, "query records", "bound")                                                    \
  X(RECORDS_LISTENING, 8, "query records", "listening")                                            \
  X(RECORDS_DATAGRAM, 9, "query records", "datagram")                                              \
  X(RECORDS_NOT_A_SOCKET, 10, "query records", "not a socket")                                     \
  X(RECORDS_OTHER_SOCKET, 11, "query records", "other socket")                                     \
  X(CONTEXT_NO_BUFFER, 12, "query context", "no buffer")                                           \
  X(CONTEXT_TINY_BUFFER, 13, "query context", "tiny buffer")                                       \
  X(CONTEXT_TOO_SMALL, 14, "query context", "too small")                                           \
  X(CONTEXT_TOO_SMALL_AT_65536, 15, "query context", "too small at 65536")                         \
  X(CONTEXT_NOT_REDIRECTED, 16, "query context", "not redirected")                                 \
  X(CONTEXT_CLIENT, 17, "query context", "client")                                                 \
  X(CONTEXT_FRESH, 18, "query context", "fresh")                                                   \
  X(CONTEXT_BOUND, 19, "query context", "bound")                                                   \
  X(CONTEXT_LISTENING, 20, "query context", "listening")                                           \
  X(CONTEXT_DATAGRAM, 21, "query context", "datagram")                                             \
  X(CONTEXT_NOT_A_SOCKET, 22, "query context", "not a socket")                                     \
  X(CONTEXT_OTHER_SOCKET, 23, "query context", "other socket")                                     \
  X(CONTEXT_NO_CONTEXT, 24, "query context", "no context")                                         \
  X(SET_DONE, 25, "set records", "done")                                                           \
  X(SET_BOUND, 26, "set records", "bound")                                                         \
  X(SET_CONNECTED, 27, "set records", "connected")                                                 \
  X(SET_LISTENING, 28, "set records", "listening")                                                 \
  X(SET_DATAGRAM, 29, "set records", "datagram")                                                   \
  X(SET_FOREIGN, 30, "set records", "foreign")                                                     \
  X(SET_EMPTY, 31, "set records", "empty")                                                         \
  X(SET_UNPRIVILEGED, 32, "set records", "unprivileged")                                           \
  X(SET_NOT_A_SOCKET, 33, "set records", "not a socket")                                           \
  X(SET_OTHER_SOCKET, 34, "set records", "other socket")                                           \
  X(ENABLE_STREAM, 35, "enable messages", "stream")                                                \
  X(SEND_FOREIGN, 36, "send records", "foreign")                                                   \
  X(SEND_UNPRIVILEGED, 37, "send records", "unprivileged")                                         \
  X(ORIGINAL_NOT_REDIRECTED, 38, "original destination", "not redirected")

/** A situation of CONNTRAIL_EMU_SITUATION_MAP. */
typedef enum conntrail_emu_situation {
#define CONNTRAIL_EMU_SITUATION_CONSTANT(name, number, operation, situation)                       \
  CONNTRAIL_EMU_SITUATION_##name = (number),
  CONNTRAIL_EMU_SITUATION_MAP(CONNTRAIL_EMU_SITUATION_CONSTANT)
#undef CONNTRAIL_EMU_SITUATION_CONSTANT
} conntrail_emu_situation;

/**
 * What is not the answer of one call: X(name, number, key, first value, second value), with the
 * words of docs/reference/profile-format.md. Appended to, never renumbered.
 */
#define CONNTRAIL_EMU_BEHAVIOUR_MAP(X)                                                             \
  X(FIRST_MESSAGE, 0, "first message", "records", "context")                                       \
  X(MESSAGE_LEVELS, 1, "message levels", "one", "both")                                            \
  X(CUT_MESSAGES, 2, "cut messages", "left out", "partial")                                        \
  X(BEGUN_QUERIES, 3, "begun queries", "complete", "pend")                                         \
  X(REPLY_SOURCE, 4, "reply source", "destination", "proxy")                                       \
  X(CONNECTED_DATAGRAMS, 5, "connected datagrams", "delivered", "dropped")                         \
  X(MAPPED_ADDRESSES, 6, "mapped addresses", "IPv4", "IPv6")

/** A behaviour of CONNTRAIL_EMU_BEHAVIOUR_MAP. */
typedef enum conntrail_emu_behaviour {
#define CONNTRAIL_EMU_BEHAVIOUR_CONSTANT(name, number, key, first, second)                         \
  CONNTRAIL_EMU_BEHAVIOUR_##name = (number),
  CONNTRAIL_EMU_BEHAVIOUR_MAP(CONNTRAIL_EMU_BEHAVIOUR_CONSTANT)
#undef CONNTRAIL_EMU_BEHAVIOUR_CONSTANT
} conntrail_emu_behaviour;

/** How many situations there are. */
#define CONNTRAIL_EMU_SITUATIONS 39
/** How many behaviours there are. */
#define CONNTRAIL_EMU_BEHAVIOURS 7
/** Answers of one situation that a table can hold. */
#define CONNTRAIL_EMU_MOST_ANSWERS 32
/** Bytes of the name of a table, without the NUL. */
#define CONNTRAIL_EMU_LONGEST_TABLE_NAME 63

/** What a call writes as its byte count. */
typedef enum conntrail_emu_count_kind {
  CONNTRAIL_EMU_COUNT_BYTES = 0,    /**< conntrail_emu_answer.bytes */
  CONNTRAIL_EMU_COUNT_SIZE = 1,     /**< the size that is needed, or that was set */
  CONNTRAIL_EMU_COUNT_UNTOUCHED = 2 /**< nothing */
} conntrail_emu_count_kind;

/** One answer of the emulated kernel. */
typedef struct conntrail_emu_answer {
  uint32_t native;                /**< the Winsock number; 0 is success */
  conntrail_emu_count_kind count; /**< what the call writes as its byte count */
  uint32_t bytes;                 /**< for CONNTRAIL_EMU_COUNT_BYTES */
} conntrail_emu_answer;

/** The answers of one situation, in turn; after the last the first comes again. */
typedef struct conntrail_emu_row {
  const conntrail_emu_answer *answers; /**< NULL where there is none */
  size_t count;                        /**< 0: the base answers, and the trail says so */
} conntrail_emu_row;

/** A profile as a table. Start from one that is all 0. */
typedef struct conntrail_emu_table {
  size_t struct_size;         /**< sizeof(conntrail_emu_table) */
  const char *name;           /**< 1 to 63 bytes, for the trail */
  conntrail_emu_profile base; /**< answers what this table lacks */
  /** The answers, by conntrail_emu_situation */
  conntrail_emu_row rows[CONNTRAIL_EMU_SITUATIONS];
  unsigned char behaviour[CONNTRAIL_EMU_BEHAVIOURS]; /**< 0: as the base; 1 or 2: the first or the
                                                          second value */
} conntrail_emu_table;

/** The profile, changed for all later calls. INVALID for a value that is no profile. */
CONNTRAIL_API conntrail_status conntrail_emu_set_profile(conntrail_emu *emu,
                                                         conntrail_emu_profile profile);

/**
 * Uses a table as the profile, for all later calls. Copied. conntrail_emu_set_profile() ends it.
 * To load a table from a file: conntrail_emu_load_profile() of conntrail/emu_files.h.
 *
 * @retval CONNTRAIL_OK
 * @retval CONNTRAIL_INVALID    the table; conntrail_emu_refusal() says which row and why
 * @retval CONNTRAIL_NO_MEMORY
 */
CONNTRAIL_API conntrail_status conntrail_emu_use_table(conntrail_emu *emu,
                                                       const conntrail_emu_table *table);

/** The table of a compiled-in profile, constant; NULL for a value that is none. */
CONNTRAIL_API const conntrail_emu_table *conntrail_emu_builtin_table(conntrail_emu_profile profile);

/** Why a table cannot contain this answer in this situation; NULL if it can. */
CONNTRAIL_API const char *conntrail_emu_answer_fault(conntrail_emu_situation situation,
                                                     const conntrail_emu_answer *answer);

/** The operation of a situation, as in docs/reference/profile-format.md; "?" for other values. */
CONNTRAIL_API const char *conntrail_emu_situation_operation(conntrail_emu_situation situation);
/** The name of a situation, as in docs/reference/profile-format.md; "?" for other values. */
CONNTRAIL_API const char *conntrail_emu_situation_name(conntrail_emu_situation situation);

#ifdef __cplusplus
}
#endif

#endif
