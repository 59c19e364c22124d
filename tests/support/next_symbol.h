/* SPDX-License-Identifier: MIT */
#ifndef NEXT_SYMBOL_H
#define NEXT_SYMBOL_H

/** The same function of the next library. */
void *next_symbol(const char *name);

#endif
