/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_DEVICE_LINUX_H
#define CONNTRAIL_DEVICE_LINUX_H

/*
 * Settings that keep a socket to an interface or to a routing table. What the emulation redirects
 * or routes goes to this host, by the loopback interface, so they are lifted then. For the front
 * ends of Linux.
 */

/* Linux' numbers, which older headers lack. */
enum {
  CONNTRAIL__BIND_TO_INDEX = 62,
  CONNTRAIL__MARK = 36,
  CONNTRAIL__UNICAST_INTERFACE = 50,
  CONNTRAIL__UNICAST_INTERFACE6 = 76
};

/* 0, or ENETUNREACH where a setting cannot be lifted. */
int conntrail__lift_device(int fd, int family);

#endif
