/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_NET_POSIX_H
#define CONNTRAIL_TESTS_NET_POSIX_H

#include "net.h"

/* What an errno means; kept for net_last_number(). */
net_result net_posix_failed(int number);

#endif
