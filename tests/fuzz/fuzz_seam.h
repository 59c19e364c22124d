/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_FUZZ_SEAM_H
#define CONNTRAIL_TESTS_FUZZ_SEAM_H

/* A seam that receives what the fuzzer made. */

#include <stddef.h>
#include <stdint.h>

/* What the next receive delivers: these control data, as much of them as there is room for. */
void fuzz_seam_deliver(const unsigned char *control, size_t size, uint32_t flags);
/* How many bytes of control data the last send gave, all of them read. */
size_t fuzz_seam_sent(void);

#endif
