/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_DNS_MESSAGE_H
#define CONNTRAIL_CLI_DNS_MESSAGE_H

/*
 * Questions and answers of DNS (RFC 1035, 4.1; RFC 3596; RFC 6891), for names that stand in a
 * table. Not libevent's server: that of 2.1.12 ends with a segmentation fault at an empty datagram,
 * makes one malformed record of several addresses, and has no TCP.
 */

#include "../files/scenario_hosts.h"

/* [D] RFC 1035, 2.3.4 and 4.2.1: what every resolver takes. */
enum { CONNTRAIL__DNS_MESSAGE = 512, CONNTRAIL__NAME_TEXT = 256 };

typedef enum conntrail__dns_code {
  CONNTRAIL__DNS_IGNORE = -1, /* no question at all: it gets no answer */
  CONNTRAIL__DNS_FINE = 0,
  CONNTRAIL__DNS_FORMAT = 1,
  CONNTRAIL__DNS_NO_NAME = 3,
  CONNTRAIL__DNS_NOT_DONE = 4,
  CONNTRAIL__DNS_REFUSED = 5
} conntrail__dns_code;

typedef struct conntrail__dns_question {
  char name[CONNTRAIL__NAME_TEXT]; /* labels with dots between them */
  unsigned type;
  size_t end;       /* of the question in its message; 0: it could not be read */
  bool has_options; /* EDNS */
} conntrail__dns_question;

/* FINE: asked is what is asked for. Else the answer's code. */
conntrail__dns_code conntrail__dns_read(const unsigned char *message, size_t size,
                                        conntrail__dns_question *asked);

/* The answer to that message, which has its size. host: NULL where the code is not FINE. */
size_t conntrail__dns_write(const unsigned char *message, const conntrail__dns_question *asked,
                            conntrail__dns_code code, const conntrail__host *host,
                            unsigned char out[CONNTRAIL__DNS_MESSAGE]);

#endif
