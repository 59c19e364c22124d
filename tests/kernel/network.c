/* SPDX-License-Identifier: MIT */
#include "network.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* [D] linux/if_addr.h, which cannot stand beside net/if.h everywhere. */
enum { IS_TENTATIVE = 0x40, MOST_LOOKS = 20000 };

static int hosts[2];

static bool give_reason(network_reason *why, const char *what) {
  snprintf(why->text, sizeof why->text, "%s: %s", what, strerror(errno));
  return false;
}

static bool write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0) {
    close(fd);
  }
  return is_written;
}

static void become_root_inside(unsigned user, unsigned group) {
  char text[64];
  (void)write_file("/proc/self/setgroups", "deny");
  snprintf(text, sizeof text, "0 %u 1", user);
  (void)write_file("/proc/self/uid_map", text);
  snprintf(text, sizeof text, "0 %u 1", group);
  (void)write_file("/proc/self/gid_map", text);
}

static bool leave_network(network_reason *why) {
  unsigned user = geteuid();
  unsigned group = getegid();
  if (user == 0 && unshare(CLONE_NEWNET) == 0) {
    return true;
  }
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return give_reason(why, "no network namespace of our own: unshare");
  }
  become_root_inside(user, group);
  return true;
}

static bool open_host(network_host host, network_reason *why) {
  /* Not closed on exec: ip is given it. */
  hosts[host] = open("/proc/self/ns/net", O_RDONLY);
  return hosts[host] >= 0 || give_reason(why, "/proc/self/ns/net");
}

static void become_tool(int text, const char *const *arguments) {
  char path[64];
  dup2(text, STDIN_FILENO);
  execvp(arguments[0], (char *const *)(uintptr_t)arguments);
  snprintf(path, sizeof path, "/usr/sbin/%s", arguments[0]);
  execv(path, (char *const *)(uintptr_t)arguments);
  _exit(127);
}

static bool run_tool(const char *const *arguments, const char *text, network_reason *why) {
  int ends[2];
  int status = -1;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return give_reason(why, "pipe");
  }
  pid_t child = fork();
  if (child == 0) {
    become_tool(ends[0], arguments);
  }
  /* Fits the pipe, which has a reader here as well: the tool may be gone already. */
  bool is_told = child > 0 && write(ends[1], text, strlen(text)) == (ssize_t)strlen(text);
  close(ends[0]);
  close(ends[1]);
  if (is_told && waitpid(child, &status, 0) == child && status == 0) {
    return true;
  }
  snprintf(why->text, sizeof why->text, "%s refuses its commands, or is not installed",
           arguments[0]);
  return false;
}

static const char *const ip_tool[] = {"ip", "-batch", "-", NULL};
static const char *const ip6_tool[] = {"ip", "-6", "-batch", "-", NULL};
static const char *const nft_tool[] = {"nft", "-f", "-", NULL};

/* Kernels with other settings for new networks than ours: nothing waits for duplicate addresses,
 * and a foreign source is no reason to drop. */
static void choose_settings(void) {
  (void)write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
  (void)write_file("/proc/sys/net/ipv6/conf/all/accept_dad", "0");
  (void)write_file("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
  (void)write_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
}

/* An address of IPv6 is tentative until a worker of the kernel has looked at it, also where nobody
 * looks for duplicates. Until then nothing is sent from it, and what comes to it is lost. */
static bool has_tentative_address(void) {
  FILE *file = fopen("/proc/thread-self/net/if_inet6", "re");
  char flags[9] = "";
  bool is_any = file == NULL;
  while (file != NULL && fscanf(file, "%*s %*s %*s %*s %8s %*s", flags) == 1) {
    is_any |= (strtoul(flags, NULL, 16) & IS_TENTATIVE) != 0;
  }
  if (file != NULL) {
    fclose(file);
  }
  return is_any;
}

/* A worker also gives an end of a cable its queue: what is sent before is dropped. */
static bool is_running(const char *name) {
  struct ifreq asked = {.ifr_flags = 0};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  snprintf(asked.ifr_name, sizeof asked.ifr_name, "%s", name);
  bool is_told = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &asked) == 0;
  if (fd >= 0) {
    close(fd);
  }
  return is_told && (asked.ifr_flags & IFF_RUNNING) != 0;
}

static bool await_workers(const char *name, network_reason *why) {
  for (int i = 0; i < MOST_LOOKS; i++) {
    if (is_running(name) && !has_tentative_address()) {
      return true;
    }
    (void)poll(NULL, 0, 1);
  }
  snprintf(why->text, sizeof why->text, "%s does not become ready", name);
  return false;
}

static bool build_client(network_reason *why) {
  choose_settings();
  return open_host(CLIENT_HOST, why);
}

/* The kernel looks at a cable at once only where its two ends have different indexes, which two new
 * networks do not give by themselves; else it does so once a second for all. Seen on Linux 6.18. */
static bool lay_cable(network_reason *why) {
  char commands[512];
  snprintf(commands, sizeof commands,
           "link set lo up\n"
           "link add p0 index 20 type veth peer name c0 netns /proc/self/fd/%d\n"
           "addr add 10.0.1.1/24 dev p0\n"
           "addr add 10.0.1.3/24 dev p0\n"
           "addr add fd00:1::1/64 dev p0 nodad\n"
           "addr add fd00:1::3/64 dev p0 nodad\n"
           "addr add fe80::1/64 dev p0 nodad\n"
           "link set p0 up\n",
           hosts[CLIENT_HOST]);
  return run_tool(ip_tool, commands, why);
}

/* The routes come last: a worker holds the kernel's lock for them until it has done everything. */
static bool join_hosts(network_reason *why) {
  return lay_cable(why) && setns(hosts[CLIENT_HOST], CLONE_NEWNET) == 0 &&
         run_tool(ip_tool,
                  "link set lo up\n"
                  "addr add 10.0.1.2/24 dev c0\n"
                  "addr add fd00:1::2/64 dev c0 nodad\n"
                  "addr add fe80::2/64 dev c0 nodad\n"
                  "link set c0 up\n",
                  why) &&
         await_workers("c0", why) &&
         run_tool(ip_tool, "route add default via 10.0.1.1\nroute add default via fd00:1::1\n",
                  why) &&
         setns(hosts[PROXY_HOST], CLONE_NEWNET) == 0 && await_workers("p0", why) &&
         run_tool(ip_tool, "route add default via 10.0.1.2\nroute add default via fd00:1::2\n",
                  why);
}

static bool create(network_reason *why) {
  if (!leave_network(why)) {
    return false;
  }
  choose_settings();
  if (!open_host(PROXY_HOST, why)) {
    return false;
  }
  if (unshare(CLONE_NEWNET) != 0) {
    return give_reason(why, "unshare");
  }
  if (!build_client(why) || setns(hosts[PROXY_HOST], CLONE_NEWNET) != 0) {
    return false;
  }
  return join_hosts(why);
}

/* All that the tests' rules are made of. */
static bool try_rules(network_reason *why) {
  return run_tool(nft_tool,
                  "table inet t {\n"
                  "chain n { type nat hook prerouting priority dstnat\n"
                  "fib daddr type local accept\ntcp dport 1 redirect to :2\n}\n"
                  "chain t { type filter hook prerouting priority mangle\n"
                  "socket transparent 1 accept\ntcp dport 1 tproxy to :2\n}\n"
                  "chain r { type filter hook prerouting priority raw\nnotrack\n}\n}\n",
                  why);
}

bool network_is_possible(network_reason *why) {
  int ends[2];
  int status = -1;
  snprintf(why->text, sizeof why->text, "a namespace could not be tried");
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return false;
  }
  pid_t child = fork();
  if (child == 0) {
    bool is_created = create(why) && try_rules(why);
    _exit(write(ends[1], why, sizeof *why) == (ssize_t)sizeof *why && is_created ? 0 : 1);
  }
  close(ends[1]);
  bool is_read = read(ends[0], why, sizeof *why) == (ssize_t)sizeof *why;
  close(ends[0]);
  return child > 0 && waitpid(child, &status, 0) == child && is_read && status == 0;
}

void network_create(void) {
  network_reason why = {"a namespace could not be made"};
  ck_assert_msg(create(&why), "%s", why.text);
}

void network_enter(network_host host) {
  ck_assert_int_eq(setns(hosts[host], CLONE_NEWNET), 0);
}

unsigned network_interface(network_host host) {
  network_enter(host);
  unsigned number = if_nametoindex(host == PROXY_HOST ? "p0" : "c0");
  network_enter(PROXY_HOST);
  ck_assert_uint_ne(number, 0);
  return number;
}

void network_rules(const char *format, ...) {
  char text[4096];
  network_reason why;
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  ck_assert_int_lt(size, (int)sizeof text);
  ck_assert_msg(run_tool(nft_tool, text, &why), "%s: %s", why.text, text);
}

void network_routes(const char *commands) {
  network_reason why;
  ck_assert_msg(run_tool(ip_tool, commands, &why), "%s: %s", why.text, commands);
}

void network_routes6(const char *commands) {
  network_reason why;
  ck_assert_msg(run_tool(ip6_tool, commands, &why), "%s: %s", why.text, commands);
}

void network_setting(const char *path, const char *value) {
  char whole[128];
  snprintf(whole, sizeof whole, "/proc/sys/net/%s", path);
  ck_assert_msg(write_file(whole, value), "%s: %s", whole, strerror(errno));
}

void network_forget_flows(void) {
  struct {
    struct nlmsghdr header;
    struct nfgenmsg family;
  } asked = {{.nlmsg_len = sizeof asked,
              .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
              .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
             {AF_UNSPEC, NFNETLINK_V0, 0}};
  struct {
    struct nlmsghdr header;
    struct nlmsgerr result;
  } answer = {0};
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(send(fd, &asked, sizeof asked, 0), (int)sizeof asked);
  ck_assert_int_ge(recv(fd, &answer, sizeof answer, 0), (int)sizeof answer);
  ck_assert_int_eq(answer.header.nlmsg_type, NLMSG_ERROR);
  ck_assert_int_eq(answer.result.error, 0);
  close(fd);
}

static void drop(uint32_t low, uint32_t high) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  ck_assert_int_eq(syscall(SYS_capget, &header, data), 0);
  data[0].effective &= ~low;
  data[1].effective &= ~high;
  ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
}

void network_drop_admin(void) {
  drop(1U << CAP_NET_ADMIN, 0);
}

void network_drop_rights(void) {
  drop(UINT32_MAX, UINT32_MAX);
}
