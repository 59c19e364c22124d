/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "random.h"

/* SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed sum that cannot be forged by chance or by
 * editing bytes. Only this engine reads it, so the byte order is the machine's own. */

typedef struct state {
  uint64_t v0;
  uint64_t v1;
  uint64_t v2;
  uint64_t v3;
} state;

static uint64_t rotate(uint64_t value, unsigned bits) {
  return value << bits | value >> (64 - bits);
}

static void mix(state *s) {
  s->v0 += s->v1;
  s->v1 = rotate(s->v1, 13) ^ s->v0;
  s->v0 = rotate(s->v0, 32);
  s->v2 += s->v3;
  s->v3 = rotate(s->v3, 16) ^ s->v2;
  s->v0 += s->v3;
  s->v3 = rotate(s->v3, 21) ^ s->v0;
  s->v2 += s->v1;
  s->v1 = rotate(s->v1, 17) ^ s->v2;
  s->v2 = rotate(s->v2, 32);
}

static void absorb(state *s, uint64_t word) {
  s->v3 ^= word;
  mix(s);
  mix(s);
  s->v0 ^= word;
}

uint64_t conntrail__seal(const uint64_t key[2], const void *bytes, size_t size) {
  state s = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
             key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
  const uint8_t *from = bytes;
  size_t left = size;
  for (; left >= 8; left -= 8, from += 8) {
    uint64_t word;
    memcpy(&word, from, 8);
    absorb(&s, word);
  }
  uint64_t last = (uint64_t)size << 56;
  for (size_t i = 0; i < left; i++) {
    last |= (uint64_t)from[i] << (8 * i);
  }
  absorb(&s, last);
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; i++) {
    mix(&s);
  }
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
