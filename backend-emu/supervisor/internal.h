/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_SUPERVISOR_INTERNAL_H
#define CONNTRAIL_SUPERVISOR_INTERNAL_H

/* What the files of supervisor/ share. */

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <uthash.h>

#include "../frontend/reference.h"
#include "../frontend/sockaddr.h"
#include "diag.h"
#include "supervisor.h"

enum { CONNTRAIL__NAME = 64, CONNTRAIL__SLOTS = 256, CONNTRAIL__LARGEST_DATAGRAM = 65536 };

/* ---- What there is --------------------------------------------------------------------------- */

/* The listener of one filter: of a program, with all that it started. */
typedef struct conntrail__watch {
  struct conntrail__watch *next;
  conntrail__supervisor *supervisor;
  struct event *readable;
  int fd; /* -1: no process is left */
  pid_t first;
  char program[CONNTRAIL__NAME];
  char first_command[CONNTRAIL__NAME];
  bool listens;  /* at a TCP address */
  bool is_busy;  /* several calls were there at once */
  bool is_named; /* by a process that is known */
  unsigned turn;
} conntrail__watch;

/* A process that made a call. */
typedef struct conntrail__process {
  uint32_t number;
  uint32_t family; /* the oldest of those that forked and run the same */
  conntrail__watch *watch;
  char command[CONNTRAIL__NAME];
  char user[CONNTRAIL__NAME];
  uint64_t looked_at; /* when the last two were read */
  bool is_over;       /* kept for a while: the trail names it */
  UT_hash_handle hh;
} conntrail__process;

/* A thread that made a call, and how its process is reached. */
typedef struct conntrail__slot {
  uint32_t thread;
  uint32_t process;
  int pidfd;
  bool is_leaders;       /* the pidfd is of the thread group's leader: before Linux 6.9 */
  uint32_t native_error; /* CONNTRAIL_LINUX_LAST_ERROR */
} conntrail__slot;

/* A socket, by its SO_COOKIE. */
typedef struct conntrail__known {
  uint64_t cookie;
  conntrail__socket *socket;
  conntrail__address local;  /* family 0: not known */
  conntrail__address target; /* where it was connected to; family 0: nowhere */
  uint32_t inode;
  int family; /* AF_INET, AF_INET6 */
  int protocol;
  uint32_t owner; /* accepted: a process that has it; 0: none is known */
  bool is_accepted;
  bool is_foreign; /* of another network namespace */
  bool has_failed; /* its connect failed, and the program was not told yet */
  bool is_gone;    /* the kernel has destroyed it, and its accepted end was not seen yet */
  uint64_t begun;  /* its connect */
  struct conntrail__known *older; /* accepted ones, from the newest to the oldest */
  struct conntrail__known *newer;
  UT_hash_handle hh;
} conntrail__known;

/* A connection that was begun, until its accepted end and a process that has it were seen. */
typedef struct conntrail__awaited {
  struct conntrail__awaited *next;
  conntrail__address client;
  conntrail__address target;
  conntrail__address original;
  uint64_t since;
  uint64_t connecting; /* the cookies of both ends; 0: not known */
  uint64_t accepted;
  uint32_t inode;
  bool is_redirected;
  const conntrail__watch *watch; /* the program that listens there, or NULL */
} conntrail__awaited;

typedef struct conntrail__place {
  struct conntrail__place *next;
  uint64_t cookie;
  conntrail__address address;
  bool is_datagram;
  bool is_ipv6_only;
  uint32_t process;
  char program[CONNTRAIL__NAME];
} conntrail__place;

typedef struct conntrail__exempt {
  struct conntrail__exempt *next;
  conntrail_emu_service *service;
  char program[CONNTRAIL__NAME];
} conntrail__exempt;

typedef struct conntrail__parked conntrail__parked;
typedef struct conntrail__attachments conntrail__attachments;

/* What a thread says of itself (conntrail_emu_act_as) in place of what the system says. */
typedef void (*conntrail__disguise)(uint32_t thread, conntrail__identity *who);

struct conntrail__supervisor {
  struct event_base *base;
  struct event *diag_readable;
  struct event *diag_pause;  /* while it is read by the clock */
  struct event *tick;        /* looks after flows */
  struct event *parked_tick; /* only while calls wait */
  conntrail_emu *emu;
  conntrail__supervisor_changed changed;
  conntrail__supervisor_refused refused; /* or NULL */
  void *arg;
  conntrail__disguise disguise; /* or NULL */
  conntrail__watch *watches;
  conntrail__process *processes;
  uint32_t ended_processes;
  uint32_t next_process; /* whose end is looked at next */
  conntrail__known *known;
  conntrail__known *accepted; /* the newest of them */
  conntrail__place *places;
  conntrail__exempt *exempt;
  conntrail__awaited *awaited; /* the oldest first */
  conntrail__awaited **awaited_end;
  conntrail__parked *parked;
  conntrail__attachments *attachments; /* NULL: nobody can attach */
  conntrail__diag diag;
  conntrail__slot slots[CONNTRAIL__SLOTS];
  uint64_t network;  /* SO_NETNS_COOKIE */
  unsigned refusals; /* that were told, a bit each */
  unsigned untold;   /* calls since the trail was written */
  bool has_thread_pidfds;
  bool is_open;     /* real_network */
  bool was_overrun; /* destroy events were lost */
  _Alignas(8) unsigned char data[CONNTRAIL__LARGEST_DATAGRAM];
  _Alignas(8) unsigned char control[2 * CONNTRAIL__LARGEST_DATAGRAM];
  _Alignas(8) unsigned char answer[2 * CONNTRAIL__LARGEST_DATAGRAM];
  struct iovec pieces[1024];
};

/* ---- A call that waits for its answer ----------------------------------------------------------
 */

typedef enum conntrail__sys {
  CONNTRAIL__SYS_OTHER,
  CONNTRAIL__SYS_SOCKET,
  CONNTRAIL__SYS_BIND,
  CONNTRAIL__SYS_CONNECT,
  CONNTRAIL__SYS_LISTEN,
  CONNTRAIL__SYS_GETPEERNAME,
  CONNTRAIL__SYS_GETSOCKOPT,
  CONNTRAIL__SYS_SETSOCKOPT,
  CONNTRAIL__SYS_SENDTO,
  CONNTRAIL__SYS_RECVFROM,
  CONNTRAIL__SYS_SENDMSG,
  CONNTRAIL__SYS_RECVMSG,
  CONNTRAIL__SYS_SENDMMSG,
  CONNTRAIL__SYS_RECVMMSG,
  CONNTRAIL__SYS_END
} conntrail__sys;

typedef struct conntrail__notice {
  conntrail__supervisor *supervisor;
  conntrail__watch *watch;
  uint64_t id;
  uint32_t thread;
  conntrail__sys call;
  bool is_parked;
  bool is_32; /* an i386 program: pointers, sizes and control messages are narrow */
  uint64_t args[6];
} conntrail__notice;

typedef enum conntrail__answer_kind {
  CONNTRAIL__GIVE,  /* value, or error */
  CONNTRAIL__GO_ON, /* the program's own call goes on in the kernel */
  CONNTRAIL__WAITS  /* it is parked */
} conntrail__answer_kind;

typedef struct conntrail__answer {
  conntrail__answer_kind kind;
  int64_t value;
  int error;
} conntrail__answer;

/* answer.c */
conntrail__answer conntrail__give(int64_t value);
conntrail__answer conntrail__fail(int error); /* 0: the value 0 */
conntrail__answer conntrail__go_on(void);
conntrail__answer conntrail__waits(void);
/* What a system call of this process' own came to: its result, or errno. */
conntrail__answer conntrail__result(int64_t result);
bool conntrail__notice_is_valid(const conntrail__notice *notice);
void conntrail__send_answer(const conntrail__notice *notice, conntrail__answer answer);

/* call.c: what was called, whatever the architecture. False: it cannot be read (error says). */
struct seccomp_notif;
bool conntrail__read_call(const struct seccomp_notif *raw, conntrail__notice *notice, int *error);

/* loop.c */
/* The trail may have grown: it is written after some calls and ends. */
void conntrail__note_change(conntrail__supervisor *supervisor);
uint64_t conntrail__milliseconds(void);

/* bind_listen.c: the address that is the second and third argument. */
typedef struct conntrail__request {
  struct sockaddr_storage storage;
  socklen_t size;
} conntrail__request;
/* False: the size is none that the system takes, or it cannot be read (answer says). */
bool conntrail__read_request(const conntrail__notice *notice, conntrail__request *asked,
                             conntrail__answer *answer);

/* One file each: what is done with a call. own is the program's socket, borrowed. */
typedef conntrail__answer (*conntrail__handler)(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_connect(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_bind(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_listen(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_getpeername(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_getsockopt(const conntrail__notice *notice, int own);
/* Whether a call has an answer of the emulated kernel's where its descriptor is none; own is -1
 * then. */
bool conntrail__answers_of_nothing(const conntrail__notice *notice);
conntrail__answer conntrail__on_setsockopt(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_send(const conntrail__notice *notice, int own);
conntrail__answer conntrail__on_receive(const conntrail__notice *notice, int own);
conntrail__answer conntrail__refuse_socket(const conntrail__notice *notice);

/* ---- The program's side ------------------------------------------------------------------------
 */

/* borrow.c: the program's descriptor, as one of this process. -1, with the errno for the program.
 */
int conntrail__borrow(const conntrail__notice *notice, int fd, int *error);
conntrail__slot *conntrail__slot_of(const conntrail__notice *notice);
void conntrail__slots_close(conntrail__supervisor *supervisor);

/* memory.c: 0, or the errno for the program. */
int conntrail__read_memory(const conntrail__notice *notice, void *to, uint64_t from, size_t size);
int conntrail__write_memory(const conntrail__notice *notice, uint64_t to, const void *from,
                            size_t size);
/* At most size bytes of data to the pieces, in order. */
int conntrail__scatter(const conntrail__notice *notice, const struct iovec *pieces, size_t count,
                       const void *data, size_t size);
int conntrail__gather(const conntrail__notice *notice, const struct iovec *pieces, size_t count,
                      void *data, size_t size);
/* give.c: an address or a value at a place whose room the program says, as the kernel does it. */
int conntrail__give_sized(const conntrail__notice *notice, uint64_t to, uint64_t size_at,
                          const void *from, size_t size);

/* describe.c */
typedef struct conntrail__nature {
  int family;
  int type;
  int protocol;
  bool is_internet; /* AF_INET, AF_INET6 */
  bool is_stream;   /* TCP, MPTCP */
  bool is_datagram; /* UDP, UDP-Lite */
} conntrail__nature;

bool conntrail__describe(int own, conntrail__nature *nature);
int conntrail__socket_option(int own, int level, int name);
uint64_t conntrail__cookie_of(int own);
uint32_t conntrail__inode_of(int own);
uint64_t conntrail__network_of(int own);
bool conntrail__own_address(int own, conntrail__address *address);
bool conntrail__peer_address(int own, conntrail__address *address);
bool conntrail__is_blocking(int own);
/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds; 0: none. */
uint64_t conntrail__wait_limit(int own, int name);
conntrail__untracked conntrail__describe_untracked(int own);

/* process.c */
/* Who makes this call: valid until the next call of it. */
conntrail__identity conntrail__identify(const conntrail__notice *notice);
/* As the system says, whatever it says of itself. */
conntrail__identity conntrail__identify_process(const conntrail__notice *notice);
/* NULL: the process is of no program. */
const conntrail__watch *conntrail__watch_of(const conntrail__supervisor *supervisor,
                                            uint32_t process);
/* Whether the process has a descriptor of this inode. */
bool conntrail__holds(uint32_t process, uint32_t inode);
/* Some of the processes, in turn: those that have ended give free what they had. */
void conntrail__look_at_processes(conntrail__supervisor *supervisor);
void conntrail__forget_processes(conntrail__supervisor *supervisor);

/* known.c: the socket, from its first appearance on. NULL: none of TCP or UDP, or no memory. */
conntrail__known *conntrail__know(const conntrail__notice *notice, int own);
conntrail__known *conntrail__know_described(const conntrail__notice *notice, int own,
                                            const conntrail__nature *nature);
conntrail__known *conntrail__find_known(const conntrail__supervisor *supervisor, uint64_t cookie);
/* A redirected connection was accepted by this socket. */
void conntrail__know_accepted(conntrail__supervisor *supervisor,
                              const conntrail__diag_socket *accepted,
                              const conntrail__address *local, const conntrail__address *peer);
void conntrail__forget_known(conntrail__supervisor *supervisor, conntrail__known *known);

/* held.c: the sockets that processes have which made a call, looked up once and when asked for. */
typedef struct conntrail__held {
  const conntrail__supervisor *supervisor;
  uint32_t *inodes; /* in order */
  size_t count;
  size_t room;
  bool is_listed;
} conntrail__held;
bool conntrail__is_held(conntrail__held *held, uint32_t inode);
void conntrail__held_free(conntrail__held *held);

/* places.c */
typedef struct conntrail__listening {
  uint64_t cookie;
  conntrail__address address;
  bool is_datagram;
  bool is_ipv6_only;
} conntrail__listening;
void conntrail__note_place(const conntrail__notice *notice, const conntrail__listening *what);
/* The socket of this cookie is gone. */
void conntrail__forget_place(conntrail__supervisor *supervisor, uint64_t cookie);
/* Who listens there; 0: nobody known. */
uint32_t conntrail__listener_at(const conntrail__supervisor *supervisor,
                                const conntrail__address *address);
void conntrail__forget_places(conntrail__supervisor *supervisor);

/* endings.c: what has become of sockets. */
void conntrail__await(conntrail__supervisor *supervisor, const conntrail__known *client,
                      const conntrail__address *original, bool is_redirected);
/* Before a connect to remote is decided: which accepted connections this process has. */
void conntrail__find_continued(const conntrail__notice *notice, const conntrail__address *remote);
/* Before this is expected: an earlier connection with the same port has ended. */
void conntrail__make_way(conntrail__supervisor *supervisor, const conntrail__known *client);
void conntrail__on_endings(evutil_socket_t fd, short what, void *supervisor);
void conntrail__on_endings_pause(evutil_socket_t fd, short what, void *supervisor);
void conntrail__on_tick(evutil_socket_t fd, short what, void *supervisor);
/* The socket's connect has ended, if it has. */
void conntrail__settle(conntrail__known *known, int own);
void conntrail__forget_awaited(conntrail__supervisor *supervisor);
/* What the kernel's list says of a connect that is underway. */
void conntrail__settle_by_list(const conntrail__supervisor *supervisor, conntrail__known *known);

/* closings.c: sockets that every program has closed. */
/* It is: nothing is asked about it any more. */
void conntrail__end_known(conntrail__supervisor *supervisor, conntrail__known *known);
void conntrail__end_closed(conntrail__supervisor *supervisor);
/* Accepted connections that this process, which has ended, may have had. */
void conntrail__end_closed_of(conntrail__supervisor *supervisor, uint32_t process);
/* Before a connect to remote is decided: what was accepted for there may be closed. */
void conntrail__end_closed_for(const conntrail__notice *notice, const conntrail__address *remote);

/* parked.c: a call that cannot be answered yet. */
struct conntrail__parked {
  conntrail__parked *previous;
  conntrail__parked *next;
  conntrail__notice notice;
  struct event *ready;
  int own;
  uint64_t end;              /* 0: no limit */
  conntrail__answer late;    /* the answer when it is over */
  conntrail__handler resume; /* when the socket is ready; it may park it again */
};

/* Takes own over. WAITS, or an error where that cannot be. */
conntrail__answer conntrail__park(const conntrail__notice *notice, int own, short events,
                                  uint64_t milliseconds, conntrail__answer late,
                                  conntrail__handler resume);
void conntrail__on_parked_tick(evutil_socket_t fd, short what, void *supervisor);
void conntrail__forget_parked(conntrail__supervisor *supervisor);

/* refusals.c: reports each kind of refusal once on stderr. */
typedef enum conntrail__refused {
  CONNTRAIL__UNREADABLE, /* the program's memory or descriptors */
  CONNTRAIL__OTHER_NETWORK,
  CONNTRAIL__RAW_SOCKET,
  CONNTRAIL__OTHER_PROTOCOL,
  CONNTRAIL__NAME_SERVICE,
  CONNTRAIL__NAME_PORT,
  CONNTRAIL__NO_DESCRIPTOR
} conntrail__refused;
void conntrail__tell_refused(const conntrail__notice *notice, conntrail__refused what);
/* errno for the program, where a call of this process' own failed: it is not the program that lacks
 * a descriptor. */
int conntrail__explain_lack(const conntrail__notice *notice, int error);

/* connect_datagram.c */
conntrail__answer conntrail__connect_datagram(const conntrail__notice *notice, int own,
                                              conntrail__known *known,
                                              const conntrail__address *remote);

/* native.c: a socket for the decisions that front ends share. own: the program's, borrowed. */
conntrail__reference conntrail__refer_to(const conntrail__known *known, int own);

#endif
