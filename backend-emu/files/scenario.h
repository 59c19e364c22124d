/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_H
#define CONNTRAIL_FILES_SCENARIO_H

/* A scenario: a world, from a JSON file (docs/reference/conntrail-emu.md). What a rule or an
 * address means is said by the emulation that it is loaded into: the engine's own, or one behind
 * emu.h. */

#include "../engine/engine.h"
#include "document.h"
#include "profile_file.h"

typedef conntrail__document conntrail__scenario;

/* The programs to start, in order. Their names are never NULL. */
size_t conntrail__scenario_programs(const conntrail__scenario *scenario);
const char *conntrail__scenario_program(const conntrail__scenario *scenario, size_t index);
/* Also elsewhere. */
bool conntrail__scenario_has_program(const conntrail__scenario *scenario, const char *name);
/* The clients to run. NULL: there are no more. */
const json_t *conntrail__scenario_client(const conntrail__scenario *scenario, size_t index);
bool conntrail__scenario_has_client(const conntrail__scenario *scenario, const char *name);
bool conntrail__scenario_has_service(const conntrail__scenario *scenario, const char *name);
unsigned conntrail__scenario_patience(const conntrail__scenario *scenario, size_t index);

/* How what a scenario sends to a program reaches it. */
typedef enum conntrail__reached_by {
  CONNTRAIL__BY_STREAMS, /* at least */
  CONNTRAIL__BY_DATAGRAMS,
  CONNTRAIL__BY_EITHER /* nothing is sent to it */
} conntrail__reached_by;
conntrail__reached_by conntrail__scenario_reached_by(const conntrail__scenario *scenario,
                                                     const char *program);

/* How long a run may take; 0: as long as it does. */
unsigned conntrail__scenario_seconds(const conntrail__scenario *scenario);
bool conntrail__scenario_has_real_network(const conntrail__scenario *scenario);
const char *conntrail__scenario_profile(const conntrail__scenario *scenario);

/* Everything that needs no emulation. False, with why. */
bool conntrail__scenario_check(const conntrail__scenario *scenario, conntrail__complaint *why);
/* The same of a request (docs/reference/control.md) that has "services", "routes" and "faults". */
bool conntrail__scenario_check_addition(const conntrail__scenario *request,
                                        conntrail__complaint *why);
void conntrail__scenario_free(conntrail__scenario *scenario);

/* ---- Into an emulation ----------------------------------------------------------------------- */

/* Adds a scenario to an emulation. Each function returns OK, or writes the mistake to why. */
typedef struct conntrail__scenario_calls {
  void *arg; /* of add_service and find_service */
  /* NULL, with why. */
  conntrail_emu_service *(*add_service)(void *arg, conntrail_emu *emu, const char *name,
                                        const conntrail_emu_guid *guid, conntrail__refusal *why);
  conntrail_emu_service *(*find_service)(void *arg, const conntrail_emu *emu, const char *name);
  conntrail_status (*set_record_padding)(conntrail_emu_service *service, size_t padding,
                                         conntrail__refusal *why);
  conntrail_status (*set_context_layout)(conntrail_emu_service *service,
                                         conntrail_emu_context layout, conntrail__refusal *why);
  conntrail_status (*exempt_user)(conntrail_emu_service *service, const char *user,
                                  conntrail__refusal *why);
  /* target: NULL blocks. */
  conntrail_status (*add_filter)(conntrail_emu_service *service, const char *rule,
                                 const conntrail__address *target, conntrail__refusal *why);
  conntrail_status (*add_route)(conntrail_emu *emu, const char *destination,
                                const conntrail__address *address, conntrail__refusal *why);
  conntrail_status (*add_fault)(conntrail_emu *emu, const conntrail_emu_fault *fault,
                                conntrail__refusal *why);
  conntrail_status (*use_table)(conntrail_emu *emu, const conntrail_emu_table *table,
                                conntrail__refusal *why);
  conntrail__answer_check answer_fault;
} conntrail__scenario_calls;

/* Where a program listens for this family, once it does; false: nowhere. */
typedef bool (*conntrail__whereabouts)(void *arg, const char *program, uint8_t family,
                                       conntrail__address *address);

/* What an emulation is created with; members that a scenario does not have stay as they are. */
void conntrail__scenario_read_options(const conntrail__scenario *scenario,
                                      conntrail_emu_options *options);
/* The profile if it is a file, and the services. False, with why; some may be there. */
bool conntrail__scenario_add_services(const conntrail__scenario *scenario,
                                      const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                      conntrail__complaint *why);
bool conntrail__scenario_add_faults(const conntrail__scenario *scenario,
                                    const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                    conntrail__complaint *why);
/* Filters and routes, once every program listens. */
bool conntrail__scenario_add_filters(const conntrail__scenario *scenario,
                                     const conntrail__scenario_calls *calls, conntrail_emu *emu,
                                     conntrail__whereabouts where, void *arg,
                                     conntrail__complaint *why);

#endif
