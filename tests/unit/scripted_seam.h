/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_SCRIPTED_SEAM_H
#define CONNTRAIL_TESTS_SCRIPTED_SEAM_H

/*
 * A seam that plays a script: the calls that the library must make, in order, and what each is
 * answered. A call that the script does not hold, another argument than it names, and a call that
 * was not made fail the test.
 *
 *     scripted_query(CONNTRAIL__QUERY_RECORDS, buffer, 16, 122, 48);
 *     ck_assert_int_eq(conntrail_query_records(SCRIPTED_SOCKET, buffer, 16, &size), ...);
 *     scripted_end(CONNTRAIL__ERROR_INSUFFICIENT_BUFFER);
 *
 * A query that is answered with 0 writes scripted_byte() values, or what scripted_blob() said.
 */

#include <check.h>

#include "src/backend.h"

/* Numbers that no system gives to the test's own process. */
#define SCRIPTED_SOCKET ((conntrail_socket)4001)
#define SCRIPTED_OUTBOUND ((conntrail_socket)4002)

/* Any buffer but the caller's own: one that the library made. */
#define SCRIPTED_OWN_BUFFER NULL

/* The last error before each script: a success must leave it, a failure must replace it. */
#define SCRIPTED_UNTOUCHED UINT32_C(777001)

/* A connected TCP socket. */
extern const conntrail__socket_facts scripted_connected;

/* Begins an empty script. A checked fixture's setup. */
void scripted_begin(void);

/* A query on SCRIPTED_SOCKET, into exactly this buffer. Answered with native and bytes. */
void scripted_query(uint32_t code, const void *buffer, uint32_t capacity, uint32_t native,
                    uint32_t bytes);
/* The bytes that the last scripted query writes, or the one that it begins, instead of
 * scripted_byte() values. */
void scripted_blob(const void *blob);
/* SET on this socket, of this many scripted_byte() values of CONNTRAIL__QUERY_RECORDS. */
void scripted_set(conntrail_socket socket, uint32_t size, uint32_t native, uint32_t bytes);
void scripted_describe(uint32_t native, conntrail__socket_facts facts);
/* destination may be NULL: then nothing is written. */
void scripted_original_destination(uint32_t native, const struct sockaddr_storage *destination);
void scripted_layout_did_not_fit(uint32_t size);

/*
 * A query on SCRIPTED_SOCKET that is begun, into a buffer of the library's own of
 * CONNTRAIL_USUAL_BLOB or CONNTRAIL_LARGEST_BLOB bytes. CONNTRAIL__PENDING: it pends. Begun queries
 * are counted from 0.
 */
void scripted_begin_query(uint32_t code, uint32_t native, uint32_t bytes);
void scripted_begin_largest(uint32_t code, uint32_t native, uint32_t bytes);
/* The last scripted beginning pends, and is completed with this before it returns. */
void scripted_completes_at_once(uint32_t native, uint32_t bytes);
/* A cancel of the which-th begun query. */
void scripted_cancel(unsigned which);
/* Or any number of them, of any query: not in the script. */
void scripted_cancels_are_free(void);
/* Now, in this thread: the which-th begun query, which pends, completes. */
void scripted_complete(unsigned which, uint32_t native, uint32_t bytes);

/* A test run once for each element of a list, whose index it finds in _i. */
#define SCRIPTED_ADD_LOOP(tests, test, list)                                                       \
  tcase_add_loop_test(tests, test, 0, (int)(sizeof(list) / sizeof *(list)))

/* Runs the case, a fresh script before each test. What main() returns. */
int scripted_run(const char *name, TCase *tests);

/* Every call of the script was made, and the thread's last error is this. Begins a new script. */
void scripted_end(uint32_t last_error);

/* The i-th byte of the blob that a code answers with. */
unsigned char scripted_byte(uint32_t code, size_t i);
/* The first size bytes are those of that blob, the rest of the buffer holds only rest. */
void scripted_expect_blob(uint32_t code, const unsigned char *buffer, size_t size, size_t capacity,
                          unsigned char rest);

#endif
