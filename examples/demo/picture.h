/* SPDX-License-Identifier: MIT */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H

#include "colour.h"
#include "way.h"

/** Prints who connected to whom, what each service saw and did, and where the records went. */
void picture_of_way(const colours *ink, const world *of, const way *shown);

/** Prints a loop: at which service, between which sockets, and the call that is missing. */
void picture_of_loop(const colours *ink, const way *shown);

#endif
