/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_FIXTURE_H
#define CONNTRAIL_TESTS_FIXTURE_H

/*
 * What a place must offer so that the cases can run there: one file fixture_PLACE.c per place,
 * beside fixture_emu.c for the places that are emulations. The cases see this file, the public
 * headers and tests/support, and never learn where they are.
 *
 * A new place: write these functions, add a program to CMakeLists.txt, change no case.
 */

#include <stdbool.h>

#include "conntrail/emu.h"
#include "conntrail/platform.h"
#include "net.h"

/* X(name, bit, name in a skip): what a case cannot do without. A case that needs nothing of this
 * works wherever connections are redirected: by an emulation, a Windows driver, or netfilter. */
#define FIXTURE_NEED_MAP(X)                                                                        \
  X(EMULATION, 1u, "emulation")      /* emu.h: trail, faults, several services */                  \
  X(V6, 2u, "v6")                    /* IPv6 on loopback */                                        \
  X(FORK, 4u, "fork")                /* fixture_in_child() */                                      \
  X(ORACLE, 8u, "oracle")            /* net_take_path(): the system's own calls */                 \
  X(ODD_SOCKETS, 16u, "odd-sockets") /* sockets that are not IP */                                 \
  X(RAW_SOCKETS, 32u, "raw-sockets") /* the right to make them */                                  \
  X(UNWATCHED, 64u, "unwatched")     /* fixture_create_unwatched() */                              \
  X(OWN, 128u, "own")                /* the emulation is this process' own: E3, E6, X7, its end */ \
  X(PENDING, 256u, "pending")        /* queries that pend until the test answers them */           \
  X(RECORDS, 512u, "records")        /* redirected connections have redirect records */            \
  X(CONTEXT, 1024u, "context")       /* ... and a context */                                       \
  X(NETFILTER, 2048u, "netfilter")   /* a real Linux redirects: fixture_tproxy() and its like */   \
  X(DISSOLVE, 4096u, "dissolve")     /* net_dissolve() leaves a socket as good as new */           \
  X(POSIX, 8192u, "posix")           /* signals, cancelled threads, close by a raw system call */  \
  X(PASSING, 16384u, "passing")      /* net_pass(): the copy is the same socket */                 \
  X(BORROWING, 32768u, "borrowing")  /* who answers a call needs a free descriptor for it */

enum {
  NEEDS_NOTHING = 0
#define FIXTURE_NEED_CONSTANT(name, bit, text) , NEEDS_##name = (bit)
  FIXTURE_NEED_MAP(FIXTURE_NEED_CONSTANT)
#undef FIXTURE_NEED_CONSTANT
};

const char *fixture_need_name(unsigned need);

/* The needs that this place meets, found by trying. */
unsigned fixture_offers(void);

/* Of them, those that depend on who redirects: whose the emulation is, or the kernel. */
unsigned fixture_offers_of_environment(void);
/* Those that it forbids, whatever the machine has. */
unsigned fixture_forbids_of_environment(void);

/* Around one case. begin opens no world yet. */
void fixture_begin(conntrail_emu_profile profile);
void fixture_end(void);

/* The profile that the case runs under. At a real driver it says nothing. */
conntrail_emu_profile fixture_profile(void);

/*
 * Opens the case's world: from now on connections are redirected as fixture_redirect() says.
 * options: NULL, or (EMULATION) how it is to be; its profile is overwritten by the case's.
 * One world at a time.
 */
void fixture_open(const conntrail_emu_options *options);
/* Ends the world. Its sockets stay open. */
void fixture_close(void);

/* (EMULATION) Where the profile of a new world is not the one that is compiled in: uses it.
 * emulation may be NULL. */
void fixture_use_table(conntrail_emu *emulation);

/* (EMULATION) The emulation that is the world. NULL at other places. */
conntrail_emu *fixture_emulation(void);

/*
 * A service that redirects to a proxy, with the original destination in its context (D1: two
 * addresses). rule as conntrail_emu_redirect(); a place with a real driver need understand no
 * other rule than FIXTURE_USUAL_RULE. The answer is NULL where it is not emulated.
 */
#define FIXTURE_USUAL_RULE "tcp 93.184.216.0/24 port 80"
conntrail_emu_service *fixture_redirect(const char *name, const char *rule,
                                        const struct sockaddr_storage *proxy);

/* (NETFILTER) TPROXY for what clients send to 10.0.9.0/24 and fd00:9::/64, TCP and UDP, to the
 * proxy. */
void fixture_tproxy(const struct sockaddr_storage *proxy);
/* (NETFILTER) The connection tracking forgets every flow. */
void fixture_forget_flows(void);
/* (NETFILTER) Takes all rights away from this process. */
void fixture_drop_rights(void);
/* (NETFILTER) Between the two, this thread's sockets are those of another host. */
void fixture_other_host_begin(void);
void fixture_other_host_end(void);

/* Between the two, the sockets that this thread creates and first uses are a client's: another
 * process than the proxy. */
void fixture_client_begin(void);
void fixture_client_end(void);

/* (FORK) Runs body in a child process made by fork and gives its answer, 0 to 255. What it writes
 * to its standard error is kept in text, ended with NUL. -1: it was ended by a signal. */
int fixture_in_child(int (*body)(void *argument), void *argument, char *text, size_t capacity);

/* Runs body in a thread of its own, beside the caller. At most one at a time; join waits for its
 * end. */
void fixture_thread_start(void (*body)(void *argument), void *argument);
void fixture_thread_join(void);
/* (POSIX) Runs body in a thread, which is cancelled there, in a call that would wait for ever. */
void fixture_thread_cancel(void (*body)(void *argument), void *argument);
/* (POSIX) Between the two, signals come to this thread, and interrupt what waits. handler runs in
 * their handler; NULL: nothing does. */
void fixture_signals_begin(void (*handler)(void));
void fixture_signals_end(void);
/* (BORROWING) Between the two, this process can get no descriptor. */
void fixture_descriptors_forbid(void);
void fixture_descriptors_allow(void);

/* (UNWATCHED) Tries to create an emulation in a program whose connect is not conntrail's. Gives
 * the program's answer: 0 where it was refused; and the refusal. */
int fixture_create_unwatched(char *refusal, size_t capacity);

#endif
