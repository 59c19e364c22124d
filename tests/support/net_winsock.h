/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_NET_WINSOCK_H
#define CONNTRAIL_TESTS_NET_WINSOCK_H

#include "net.h"

/* What a number of Winsock means; kept for net_last_number(). */
net_result net_winsock_failed(int number);

#endif
