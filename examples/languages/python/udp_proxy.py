#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A transparent UDP proxy with redirect records, by the numbers of include/conntrail/linux.h alone. On
a real Linux it needs TPROXY: behind REDIRECT only connection tracking knows the destination.

    udp_proxy.py ADDRESS:PORT [--transparent]
"""
import errno
import socket
import struct
import sys
import threading

SOL_CONNTRAIL, RECORDS4, CONTEXT4, RECORDS6, CONTEXT6 = 0x434E54, 4, 5, 6, 7
IP_TRANSPARENT, IP_ORIGDSTADDR, IPV6_ORIGDSTADDR = 19, 20, 74
TOLD_BY_KERNEL = (socket.SOL_IP, IP_ORIGDSTADDR), (socket.IPPROTO_IPV6, IPV6_ORIGDSTADDR)
CONTROL_ROOM, IDLE_SECONDS = 1 << 17, 60


def read_address(raw):
    """A sockaddr_in or sockaddr_in6."""
    port, = struct.unpack_from("!H", raw, 2)
    if struct.unpack_from("=H", raw)[0] == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port, 0, *struct.unpack_from("=I", raw, 24)


def enable_messages(listener):
    """Records and context from an emulated kernel, the destination from a real one."""
    is_ipv6 = listener.family == socket.AF_INET6
    try:
        for option in (RECORDS6, CONTEXT6) if is_ipv6 else (RECORDS4, CONTEXT4):
            listener.setsockopt(SOL_CONNTRAIL, option, 1)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.ENOPROTOOPT):
            raise
        listener.setsockopt(*TOLD_BY_KERNEL[is_ipv6], 1)


def read_messages(control, listener):
    """The destination, the address that the datagram was sent to, and the records to send on."""
    destination, local, records = None, None, []
    for level, kind, data in control:
        if level == SOL_CONNTRAIL and kind in (CONTEXT4, CONTEXT6):
            destination = read_address(data)
        elif level == SOL_CONNTRAIL:
            records.append((level, kind, data))
        elif (level, kind) in TOLD_BY_KERNEL:
            local = read_address(data)
            destination = local if local[1] != listener.getsockname()[1] else None
    return destination, local, records


class Flow:
    """A client and a destination. The client sees the destination as the sender of a reply."""

    def __init__(self, listener, client, destination, local):
        self.client, self.destination, self.replies = client, destination, listener
        self.outbound = socket.socket(listener.family, socket.SOCK_DGRAM)
        if local:  # only a socket of the destination's address can answer from there
            self.replies = socket.socket(listener.family, socket.SOCK_DGRAM)
            self.replies.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
            self.replies.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.replies.bind(destination)

    def pass_replies(self, flows, key):
        self.outbound.settimeout(IDLE_SECONDS)
        try:
            while True:
                data, sender = self.outbound.recvfrom(65536)
                if sender[:2] == self.destination[:2]:
                    self.replies.sendto(data, self.client)
        except OSError:  # idle for too long, or no one answers
            if flows.get(key) is self:
                del flows[key]


def serve(listener, flows):
    data, control, lost, client = listener.recvmsg(65536, CONTROL_ROOM)
    destination, local, records = read_messages(control, listener)
    key = client, local
    flow = None if records else flows.get(key)
    if flow is None and (destination is None or lost & socket.MSG_CTRUNC):
        raise ValueError("the datagram was not redirected")
    if flow is not None:
        flow.outbound.sendto(data, flow.destination)
        return
    flow = Flow(listener, client, destination, local)
    flow.outbound.sendmsg([data], records, 0, destination)
    flows[key] = flow
    threading.Thread(target=flow.pass_replies, args=(flows, key), daemon=True).start()


def main():
    host, _, port = sys.argv[1].rpartition(":")
    family, flows = socket.AF_INET6 if ":" in host else socket.AF_INET, {}
    with socket.socket(family, socket.SOCK_DGRAM) as listener:
        if "--transparent" in sys.argv:
            listener.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        enable_messages(listener)
        listener.bind((host.strip("[]"), int(port)))
        print("ready", *listener.getsockname()[:2], flush=True)
        while True:
            try:
                serve(listener, flows)
            except (OSError, ValueError) as error:
                print("udp_proxy.py:", error, file=sys.stderr, flush=True)


main()
