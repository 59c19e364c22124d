/* SPDX-License-Identifier: MIT */
/* A user's test: it links the product's library and the emulation. */
#include "transfer.h"

int main(void) {
  return transfer_in_emulation();
}
