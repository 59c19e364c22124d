/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_SCRIPTED_TRANSLATION_H
#define CONNTRAIL_TESTS_SCRIPTED_TRANSLATION_H

/*
 * The calls of the seam for a system without redirect records, beside scripted_seam.h: one queue of
 * expected calls, in order. A call that is not next in it fails the test.
 */

#include "scripted_seam.h"

/* The control message that conntrail__backend_read_local() knows: its data are an address. */
enum { SCRIPTED_LOCAL_LEVEL = 77, SCRIPTED_LOCAL_TYPE = 5 };

/* The socket that conntrail__backend_reply() opens, where the script says that it opens one. */
#define SCRIPTED_TRANSPARENT ((conntrail_socket)4003)
#define SCRIPTED_LISTENER ((conntrail_socket)4004)

/* Forgets what was scripted. A checked fixture's setup. */
void scripted_translation_begin(void);
/* Everything that was scripted was called. */
void scripted_translation_end(void);

void scripted_has_records(uint32_t native);
/* destination: what is written where native is 0. */
void scripted_translated(conntrail_socket listener, uint32_t native,
                         const struct sockaddr_storage *destination);
void scripted_prepare_listener(unsigned flags, uint32_t native);
void scripted_enable_local(uint32_t native);
void scripted_datagram_destination(uint32_t native, const struct sockaddr_storage *destination);
void scripted_reply(uint32_t native, bool opens_socket);
void scripted_close(conntrail_socket socket);

/* What the last conntrail__backend_datagram_destination() or conntrail__backend_reply() was given.
 */
typedef struct scripted_addresses {
  struct sockaddr_storage peer;
  struct sockaddr_storage local;
  struct sockaddr_storage destination;
  const conntrail_buffer *payload;
  uint32_t payload_count;
} scripted_addresses;
const scripted_addresses *scripted_last_addresses(void);

#endif
