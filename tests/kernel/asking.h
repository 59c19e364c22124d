/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_KERNEL_ASKING_H
#define CONNTRAIL_TESTS_KERNEL_ASKING_H

/* Where an accepted connection was to go, expected exactly. */

#include "endpoints.h"
#include "src/failure.h"

enum {
  NOT_SOCKET = 10038,
  NOT_CONNECTED = 10057,
  OTHER_KIND = 10022,
  ACCESS = 10013,
  NO_DESCRIPTORS = 10024
};

/* The answer is this address, with the listener named and without. */
void expect_destination(int accepted, int listener, const char *expected);
/* The same with one way of asking; listener may be CONNTRAIL_INVALID_SOCKET. */
void expect_destination_by(int accepted, int listener, const char *expected);
/* The answer is this number, and the address was not touched. */
void expect_refusal(int accepted, int listener, uint32_t expected);
void expect_refusal_by(int accepted, int listener, uint32_t expected);

#endif
