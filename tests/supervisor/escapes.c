/* SPDX-License-Identifier: MIT */
/*
 * escapes ADDRESS PORT: tries to reach a real address past a supervisor, in every way that is
 * known. Prints each way and what came of it. Who listens there knows whether one succeeded.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  I386_SOCKETCALL = 102,
  I386_SOCKET = 359,
  I386_CONNECT = 362,
  X32 = 0x40000000,
  IO_URING_SETUP = 425,
  MPTCP = 262,
  SCTP = 132,
  DCCP = 33,
  UDPLITE = 136,
  DCCP_TYPE = 6,
  FASTOPEN_CONNECT = 30,
  NAME_PORT = 53,
  HOSTS_NAME_SERVER = 0x7f000035, /* 127.0.0.53 */
  RACES = 400
};

static struct sockaddr_in real;
static struct sockaddr_in6 mapped;
static char *low; /* memory that 32 bits can name */

static int tcp(void) {
  return socket(AF_INET, SOCK_STREAM, 0);
}

static int udp(void) {
  return socket(AF_INET, SOCK_DGRAM, 0);
}

static int connect_to(int fd) {
  return connect(fd, (struct sockaddr *)&real, sizeof real);
}

static long say(int fd) { /* a connected socket's first bytes */
  return send(fd, "escaped", 7, MSG_NOSIGNAL);
}

/* ---- TCP ------------------------------------------------------------------------------------- */

static long plain(void) {
  return connect_to(tcp());
}

static long raw_call(void) {
  return syscall(SYS_connect, tcp(), &real, sizeof real);
}

static long non_blocking(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  return connect_to(fd);
}

static long gate(long number, long first, long second, long third) {
  long result = -1;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(first), "c"(second), "d"(third)
                   : "memory", "r8", "r9", "r10", "r11");
  return result;
}

static long i386_connect(void) {
  memcpy(low, &real, sizeof real);
  return gate(I386_CONNECT, tcp(), (long)(intptr_t)low, sizeof real);
}

static long i386_socketcall(void) {
  uint32_t *words = (uint32_t *)(void *)(low + 64);
  memcpy(low, &real, sizeof real);
  words[0] = (uint32_t)tcp();
  words[1] = (uint32_t)(uintptr_t)low;
  words[2] = sizeof real;
  return gate(I386_SOCKETCALL, 3, (long)(intptr_t)words, 0);
}

/* sendto with MSG_FASTOPEN by socketcall, whose flags no filter can see. */
static long i386_fast_open(void) {
  uint32_t *words = (uint32_t *)(void *)(low + 64);
  memcpy(low, &real, sizeof real);
  words[0] = (uint32_t)tcp();
  words[1] = (uint32_t)(uintptr_t)low;
  words[2] = 4;
  words[3] = MSG_FASTOPEN;
  words[4] = (uint32_t)(uintptr_t)low;
  words[5] = sizeof real;
  return gate(I386_SOCKETCALL, 11, (long)(intptr_t)words, 0);
}

static long x32_connect(void) {
  return syscall(X32 + SYS_connect, tcp(), &real, sizeof real);
}

static long io_uring(void) {
  memset(low, 0, 256);
  return syscall(IO_URING_SETUP, 4, low);
}

static long fast_open_sendto(void) {
  return sendto(tcp(), "escaped", 7, MSG_FASTOPEN, (struct sockaddr *)&real, sizeof real);
}

static struct msghdr message_to(void *address, socklen_t size) {
  static char bytes[] = "escaped";
  static struct iovec data = {bytes, 7};
  return (struct msghdr){
      .msg_name = address, .msg_namelen = size, .msg_iov = &data, .msg_iovlen = 1};
}

static long fast_open_sendmsg(void) {
  struct msghdr message = message_to(&real, sizeof real);
  return sendmsg(tcp(), &message, MSG_FASTOPEN);
}

static long fast_open_sendmmsg(void) {
  struct mmsghdr message = {.msg_hdr = message_to(&real, sizeof real)};
  return sendmmsg(tcp(), &message, 1, MSG_FASTOPEN);
}

static long fast_open_connect(void) {
  int fd = tcp();
  int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, FASTOPEN_CONNECT, &on, sizeof on);
  return connect_to(fd) == 0 ? say(fd) : -1;
}

static long by_mapped(void) {
  return connect(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&mapped, sizeof mapped);
}

static long by_mptcp(void) {
  return connect_to(socket(AF_INET, SOCK_STREAM, MPTCP));
}

static long by_sctp(void) {
  return connect_to(socket(AF_INET, SOCK_STREAM, SCTP));
}

static long by_sctp_send(void) {
  return sendto(socket(AF_INET, SOCK_SEQPACKET, SCTP), "escaped", 7, 0, (struct sockaddr *)&real,
                sizeof real);
}

static long by_dccp(void) {
  return connect_to(socket(AF_INET, DCCP_TYPE, DCCP));
}

/* ---- Processes ------------------------------------------------------------------------------- */

static int in_child(void *unused) {
  (void)unused;
  return connect_to(tcp()) == 0 ? 0 : 1;
}

static long finish(pid_t child) {
  int status = 1;
  return child > 0 && waitpid(child, &status, __WALL) == child && status == 0 ? 0 : -1;
}

static long by_clone(void) {
  enum { STACK = 1 << 20 };
  static _Alignas(16) char stack[STACK];
  return finish(clone(in_child, stack + STACK, CLONE_VM | CLONE_FILES | SIGCHLD, NULL));
}

static long by_raw_fork(void) {
  pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    _exit(in_child(NULL));
  }
  return finish(child);
}

static long by_daemon(void) {
  pid_t child = fork();
  if (child == 0) {
    (void)setsid();
    pid_t second = fork();
    _exit(second == 0 ? in_child(NULL) : (int)-finish(second));
  }
  return finish(child);
}

static long by_new_process(void) { /* with no environment at all */
  char port[16];
  char host[INET_ADDRSTRLEN];
  char *const command[] = {(char *)"escapes", host, port, (char *)"plain", NULL};
  char *const nothing[] = {NULL};
  snprintf(port, sizeof port, "%u", ntohs(real.sin_port));
  (void)inet_ntop(AF_INET, &real.sin_addr, host, sizeof host);
  /* NOLINTNEXTLINE(bugprone-unsafe-functions): vfork is what is tested */
  pid_t child = vfork();
  if (child == 0) {
    (void)execve("/proc/self/exe", command, nothing);
    _exit(1);
  }
  return finish(child);
}

/* ---- Races ----------------------------------------------------------------------------------- */

static struct sockaddr_in changing;
static volatile int is_racing;

static void *change(void *unused) {
  struct sockaddr_in here = real;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  here.sin_port = 0;
  while (is_racing) {
    *(volatile struct sockaddr_in *)&changing = real;
    *(volatile struct sockaddr_in *)&changing = here;
  }
  return unused;
}

typedef int (*attempt)(void);

static int race_connect(void) {
  int fd = tcp();
  int result = connect(fd, (struct sockaddr *)&changing, sizeof changing);
  close(fd);
  return result;
}

static int race_sendmsg(void) {
  int fd = udp();
  struct msghdr message = message_to(&changing, sizeof changing);
  (void)sendmsg(fd, &message, 0);
  close(fd);
  return -1;
}

static long race(attempt once) {
  pthread_t thread;
  long result = -1;
  changing = real;
  is_racing = 1;
  if (pthread_create(&thread, NULL, change, NULL) != 0) {
    return -1;
  }
  for (int i = 0; i < RACES; i++) {
    result = once() == 0 ? 0 : result;
  }
  is_racing = 0;
  (void)pthread_join(thread, NULL);
  return result;
}

static long changed_address(void) {
  return race(race_connect);
}

static long changed_name(void) {
  return race(race_sendmsg);
}

/* ---- Datagrams and others -------------------------------------------------------------------- */

static long send_to(int fd) {
  return sendto(fd, "escaped", 7, 0, (struct sockaddr *)&real, sizeof real);
}

static long udp_sendto(void) {
  return send_to(udp());
}

static long udp_connect(void) {
  int fd = udp();
  return connect_to(fd) == 0 ? say(fd) : -1;
}

static long udp_sendmsg(void) {
  struct msghdr message = message_to(&real, sizeof real);
  return sendmsg(udp(), &message, 0);
}

static long udp_sendmmsg(void) {
  struct mmsghdr message = {.msg_hdr = message_to(&real, sizeof real)};
  return sendmmsg(udp(), &message, 1, 0);
}

static long udp_mapped(void) {
  return sendto(socket(AF_INET6, SOCK_DGRAM, 0), "escaped", 7, 0, (struct sockaddr *)&mapped,
                sizeof mapped);
}

static long udp_unspecified(void) { /* Linux takes AF_UNSPEC for AF_INET here */
  struct sockaddr_in other = real;
  other.sin_family = AF_UNSPEC;
  return sendto(udp(), "escaped", 7, 0, (struct sockaddr *)&other, sizeof other);
}

static long by_udplite(void) {
  return send_to(socket(AF_INET, SOCK_DGRAM, UDPLITE));
}

static long by_ping(void) {
  return send_to(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}

static long by_raw_socket(void) {
  return send_to(socket(AF_INET, SOCK_RAW, IPPROTO_UDP));
}

static long by_packet_socket(void) {
  return socket(AF_PACKET, SOCK_RAW, 0);
}

static long i386_raw_socket(void) {
  uint32_t *words = (uint32_t *)(void *)low;
  words[0] = AF_PACKET;
  words[1] = SOCK_RAW;
  words[2] = 0;
  return gate(I386_SOCKETCALL, 1, (long)(intptr_t)words, 0);
}

static long to_name_server(void) {
  struct sockaddr_in other = real;
  other.sin_port = htons(NAME_PORT);
  return sendto(udp(), "escaped", 7, 0, (struct sockaddr *)&other, sizeof other);
}

/* A program whose bind to the name server's address fails is no name server. */
static long to_hosts_name_server(void) {
  struct sockaddr_in other = real;
  other.sin_port = htons(NAME_PORT);
  other.sin_addr.s_addr = htonl(HOSTS_NAME_SERVER);
  if (bind(udp(), (struct sockaddr *)&other, sizeof other) == 0) {
    return 0;
  }
  return sendto(udp(), "escaped", 7, 0, (struct sockaddr *)&other, sizeof other);
}

static const struct {
  const char *name;
  long (*try)(void);
} ways[] = {{"plain", plain},
            {"raw system call", raw_call},
            {"non-blocking", non_blocking},
            {"i386 connect", i386_connect},
            {"i386 socketcall", i386_socketcall},
            {"i386 fast open", i386_fast_open},
            {"x32 connect", x32_connect},
            {"io_uring", io_uring},
            {"fast open by sendto", fast_open_sendto},
            {"fast open by sendmsg", fast_open_sendmsg},
            {"fast open by sendmmsg", fast_open_sendmmsg},
            {"fast open by connect", fast_open_connect},
            {"mapped", by_mapped},
            {"MPTCP", by_mptcp},
            {"SCTP", by_sctp},
            {"SCTP without connect", by_sctp_send},
            {"DCCP", by_dccp},
            {"clone", by_clone},
            {"raw fork", by_raw_fork},
            {"daemon", by_daemon},
            {"new process", by_new_process},
            {"address changed meanwhile", changed_address},
            {"UDP name changed meanwhile", changed_name},
            {"UDP sendto", udp_sendto},
            {"UDP connect", udp_connect},
            {"UDP sendmsg", udp_sendmsg},
            {"UDP sendmmsg", udp_sendmmsg},
            {"UDP mapped", udp_mapped},
            {"UDP without a family", udp_unspecified},
            {"UDP-Lite", by_udplite},
            {"ping", by_ping},
            {"raw socket", by_raw_socket},
            {"packet socket", by_packet_socket},
            {"i386 packet socket", i386_raw_socket},
            {"port 53", to_name_server},
            {"the host's name server", to_hosts_name_server}};

int main(int count, char **arguments) {
  if (count < 3) {
    return 2;
  }
  real.sin_family = AF_INET;
  real.sin_port = htons((uint16_t)strtoul(arguments[2], NULL, 10));
  (void)inet_pton(AF_INET, arguments[1], &real.sin_addr);
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = real.sin_port;
  mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
  memcpy(&mapped.sin6_addr.s6_addr[12], &real.sin_addr, 4);
  low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (count == 4) {
    return plain() == 0 ? 0 : 1;
  }
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    errno = 0;
    long result = ways[i].try();
    printf("%s: %s\n", ways[i].name, result >= 0 ? "SUCCEEDED" : "refused");
    fflush(stdout);
  }
  return 0;
}
