/* SPDX-License-Identifier: MIT */
#ifndef DEMO_DNS_H
#define DEMO_DNS_H

#include <stdbool.h>

#include "colour.h"

/**
 * libevent's resolver asks a name server at 192.0.2.53, which libevent's own DNS server plays
 * behind the UDP relays of two redirect services; then with one that forgets the records. Prints
 * what the trail says. False, with why on standard error, where it went otherwise.
 */
bool dns_show(const colours *ink);

#endif
