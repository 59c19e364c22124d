/* SPDX-License-Identifier: MIT */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H

#include "colour.h"
#include "route_taken.h"

/** Prints who connected to whom, what each service saw and did, and where the records went. */
void picture_of_route(const colours *ink, const world *of, const route_taken *shown);

/** Prints a loop: at which service, between which sockets, and the call that is missing. */
void picture_of_loop(const colours *ink, const route_taken *shown);

#endif
