/* SPDX-License-Identifier: MIT */
/* A user's test on Windows: it links the product's library and the emulation. */
#include <winsock2.h>

#include "../transfer.h"

int main(void) {
  WSADATA data;
  return WSAStartup(MAKEWORD(2, 2), &data) == 0 ? transfer_in_emulation() : 9;
}
