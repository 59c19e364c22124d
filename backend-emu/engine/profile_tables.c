/* SPDX-License-Identifier: MIT */
#include "../../src/numbers.h"
#include "engine.h"

/*
 * The profiles that are compiled in. docs/reference/behaviour.md has them as a table, with the
 * evidence for each answer; conntrail-emu profile NAME prints one.
 */

/* 14 and 19 lay this out in two ways: */ /* clang-format off */
#define NONE(native)                                                                               \
  { native, CONNTRAIL_EMU_COUNT_BYTES, 0 }
#define SIZE(native)                                                                               \
  { native, CONNTRAIL_EMU_COUNT_SIZE, 0 }
#define UNTOUCHED(native)                                                                          \
  { native, CONNTRAIL_EMU_COUNT_UNTOUCHED, 0 }
/* clang-format on */

#define ROW(name, list) [CONNTRAIL_EMU_SITUATION_##name] = {list, sizeof(list) / sizeof(list)[0]}
#define BOTH(name, list) ROW(RECORDS_##name, list), ROW(CONTEXT_##name, list)

/* ---- Answers that never vary ---------------------------------------------------------------- */

static const conntrail_emu_answer success_with_size[] = {SIZE(0)};
static const conntrail_emu_answer too_small[] = {SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER)};
static const conntrail_emu_answer not_found[] = {NONE(CONNTRAIL__FWP_E_NOT_FOUND)};
static const conntrail_emu_answer plain_not_found[] = {NONE(CONNTRAIL__ERROR_NOT_FOUND)};
static const conntrail_emu_answer invalid[] = {NONE(CONNTRAIL__WSAEINVAL)};
static const conntrail_emu_answer not_connected[] = {NONE(CONNTRAIL__WSAENOTCONN)};
static const conntrail_emu_answer not_a_socket[] = {NONE(CONNTRAIL__WSAENOTSOCK)};
static const conntrail_emu_answer no_option[] = {NONE(CONNTRAIL__WSAENOPROTOOPT)};
static const conntrail_emu_answer no_access[] = {NONE(CONNTRAIL__WSAEACCES)};

/* What no document and no measurement puts in doubt. */
#define UNDISPUTED                                                                                 \
  BOTH(FRESH, not_connected), BOTH(BOUND, not_connected), BOTH(LISTENING, not_connected),          \
      BOTH(DATAGRAM, not_connected), BOTH(NOT_A_SOCKET, not_a_socket),                             \
      BOTH(OTHER_SOCKET, invalid), ROW(SET_CONNECTED, invalid), ROW(SET_LISTENING, invalid),       \
      ROW(SET_DATAGRAM, invalid), ROW(SET_FOREIGN, invalid), ROW(SET_EMPTY, invalid),              \
      ROW(SET_UNPRIVILEGED, no_access), ROW(SET_NOT_A_SOCKET, not_a_socket),                       \
      ROW(SET_OTHER_SOCKET, invalid), ROW(ENABLE_STREAM, no_option), ROW(SEND_FOREIGN, invalid),   \
      ROW(SEND_UNPRIVILEGED, no_access), ROW(ORIGINAL_NOT_REDIRECTED, plain_not_found)

/* ---- documented ----------------------------------------------------------------------------- */

static const conntrail_emu_table documented = {
    .struct_size = sizeof documented,
    .name = "documented",
    .base = CONNTRAIL_EMU_DOCUMENTED,
    .rows = {BOTH(NO_BUFFER, too_small), BOTH(TINY_BUFFER, invalid), BOTH(TOO_SMALL, too_small),
             BOTH(TOO_SMALL_AT_65536, too_small), BOTH(NOT_REDIRECTED, not_found),
             BOTH(CLIENT, not_found), ROW(CONTEXT_NO_CONTEXT, not_found),
             ROW(SET_DONE, success_with_size), ROW(SET_BOUND, success_with_size), UNDISPUTED},
    .behaviour = {1, 1, 1, 1, 1, 1, 1}};

/* ---- measured: what was seen on a kernel, and nothing else ------------------------------------
 */

static const conntrail_emu_table measured = {.struct_size = sizeof measured,
                                             .name = "measured",
                                             .base = CONNTRAIL_EMU_DOCUMENTED,
                                             .rows = {BOTH(NOT_REDIRECTED, invalid)}};

/* ---- contrary: each call the least convenient answer known ------------------------------------
 */

/* In an order that no period of the caller's own meets. "10022 with 0 bytes" from the largest
 * buffer would mean "not redirected" (Q5), and no program could distinguish it from anything else
 * (Q4). */
static const conntrail_emu_answer contrary_too_small[] = {
    SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER),
    SIZE(CONNTRAIL__WSAEFAULT),
    SIZE(CONNTRAIL__WSAEMSGSIZE),
    SIZE(CONNTRAIL__WSAENOBUFS),
    NONE(CONNTRAIL__WSAEINVAL),
    SIZE(CONNTRAIL__WSAEFAULT),
    NONE(CONNTRAIL__WSAEINVAL),
    SIZE(CONNTRAIL__WSAENOBUFS),
    SIZE(CONNTRAIL__WSAEMSGSIZE)};
static const conntrail_emu_answer contrary_too_small_at_65536[] = {
    SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER),
    SIZE(CONNTRAIL__WSAEFAULT),
    SIZE(CONNTRAIL__WSAEMSGSIZE),
    SIZE(CONNTRAIL__WSAENOBUFS),
    SIZE(CONNTRAIL__WSAEFAULT),
    SIZE(CONNTRAIL__WSAENOBUFS),
    SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER),
    SIZE(CONNTRAIL__WSAEMSGSIZE)};
static const conntrail_emu_answer contrary_no_buffer[] = {
    SIZE(0),
    SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER),
    NONE(CONNTRAIL__WSAEINVAL),
    SIZE(CONNTRAIL__WSAEFAULT),
    NONE(CONNTRAIL__WSAEINVAL),
    SIZE(0),
    SIZE(CONNTRAIL__WSAENOBUFS),
    SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER)};
static const conntrail_emu_answer contrary_tiny_buffer[] = {
    NONE(CONNTRAIL__WSAEINVAL), SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER),
    SIZE(CONNTRAIL__WSAEFAULT), NONE(CONNTRAIL__WSAEINVAL),
    NONE(CONNTRAIL__WSAEINVAL), SIZE(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER),
    NONE(CONNTRAIL__WSAEINVAL), SIZE(CONNTRAIL__WSAEFAULT)};
static const conntrail_emu_answer contrary_not_found[] = {
    NONE(CONNTRAIL__FWP_E_NOT_FOUND), NONE(CONNTRAIL__ERROR_NOT_FOUND), NONE(CONNTRAIL__WSAEINVAL),
    NONE(CONNTRAIL__ERROR_NOT_FOUND), NONE(CONNTRAIL__FWP_E_NOT_FOUND), NONE(CONNTRAIL__WSAEINVAL),
    NONE(CONNTRAIL__WSAEINVAL),       NONE(CONNTRAIL__FWP_E_NOT_FOUND)};
static const conntrail_emu_answer contrary_done[] = {
    UNTOUCHED(0), NONE(0), UNTOUCHED(0), SIZE(0), NONE(0), UNTOUCHED(0), SIZE(0), UNTOUCHED(0)};

static const conntrail_emu_table contrary = {
    .struct_size = sizeof contrary,
    .name = "contrary",
    .base = CONNTRAIL_EMU_CONTRARY,
    .rows = {BOTH(NO_BUFFER, contrary_no_buffer), BOTH(TINY_BUFFER, contrary_tiny_buffer),
             BOTH(TOO_SMALL, contrary_too_small),
             BOTH(TOO_SMALL_AT_65536, contrary_too_small_at_65536),
             BOTH(NOT_REDIRECTED, contrary_not_found), BOTH(CLIENT, contrary_not_found),
             ROW(CONTEXT_NO_CONTEXT, contrary_not_found), ROW(SET_DONE, contrary_done),
             ROW(SET_BOUND, contrary_done), UNDISPUTED},
    .behaviour = {2, 2, 2, 2, 2, 2, 2}};

const conntrail_emu_table *conntrail__builtin_table(conntrail_emu_profile profile) {
  switch (profile) {
  case CONNTRAIL_EMU_DOCUMENTED:
    return &documented;
  case CONNTRAIL_EMU_MEASURED:
    return &measured;
  case CONNTRAIL_EMU_CONTRARY:
    return &contrary;
  }
  return NULL;
}
