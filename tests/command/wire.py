# SPDX-License-Identifier: MIT
"""The service's protocol (backend-emu/service/protocol.h), spoken by hand to do it wrong."""

import mmap
import os
import socket
import struct
import time

VERSION = 4
HELLO, HELLO_FORK, CREATE, BOUND, LISTENING, CONNECTING, CONNECTED, ACCEPTED, IOCTL = 1, 2, 3, 5, 6, 7, 8, 12, 13
SENDING, CARRY, REPEATING, WAKE, SYNC = 17, 20, 25, 26, 27
RELEASE, DESTINATION, BEQUEATH, NARROW, CLAIM, OPERATIONS_END = 4, 15, 28, 29, 30, 31
BEQUEST_LIMIT = 128
QUERY_RECORDS, GIVES_OUT, GIVES_BYTES, ANSWER_LIMIT = 0x980000DC, 2, 4, 100 * 1024
REQUEST = struct.Struct("=HHIQII4I16sIHBB16sIHBB64s")
REPLY = struct.Struct("=IIIIQII16sIHBB")


def address(host=None, port=0):
    if host is None:
        return (bytes(16), 0, 0, 0, 0)
    return (socket.inet_aton(host) + bytes(12), 0, port, 4, 0)


def request(operation, number=0, arguments=(0, 0, 0, 0), where=None, payload=b"", size=None,
            second=None, process=4711, user=bytes(64), actor=1):
    head = REQUEST.pack(operation, 0, number, actor, process, len(payload) if size is None else size,
                        *arguments, *(where or address()), *(second or address()), user)
    return head + payload + bytes(-len(payload) % 8)


def heirloom(number, inode, unused=0):
    return struct.pack("=QII", inode, number, unused)


def connect(path, timeout=10):
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.connect(path)
    channel.settimeout(timeout)
    return channel


def join(path):
    channel = connect(path)
    channel.send(request(HELLO, arguments=(VERSION, 0, 0, 0)))
    return channel, channel.recv(200000)


class Process:
    """One that has its ring (backend-emu/service/ring.h), and says what it wants to."""

    PLACES, PLACE, WRITTEN, TAKEN, WAKING, FIRST = 512, 160, 0, 64, 128, 192

    def __init__(self, path, parent=None):
        self.channel = connect(path)
        if parent is None:
            self.channel.send(request(HELLO, arguments=(VERSION, 0, 0, 0)))
            self.begin()
        else:
            self.channel.send(request(HELLO_FORK, parent.own, (VERSION, 0, 0, 0),
                                      actor=parent.cookie))

    def begin(self):
        reply, passed, _, _ = socket.recv_fds(self.channel, 200000, 1)
        _, _, _, _, self.cookie, self.own, *_ = REPLY.unpack_from(reply)
        self.memory = passed[0]
        self.ring = mmap.mmap(self.memory, os.fstat(self.memory).st_size)

    def number(self, at, value=None):
        if value is not None:
            struct.pack_into("=I", self.ring, at, value)
        return struct.unpack_from("=I", self.ring, at)[0]

    def tell(self, *requests, at=None, wakes=True):
        """at: nanoseconds; now, where it does not say."""
        for said in requests:
            written = self.number(self.WRITTEN)
            place = self.FIRST + written % self.PLACES * self.PLACE
            self.ring[place:place + self.PLACE] = struct.pack(
                "=Q", time.monotonic_ns() if at is None else at) + said
            self.number(self.WRITTEN, written + 1)
        if wakes:
            self.channel.send(request(WAKE))

    def ask(self, said):
        self.channel.send(said)
        return self.answer()

    def answer(self):
        """native, flags, number, where, payload."""
        reply = self.channel.recv(200000)
        native, flags, _, size, _, number, _, host, _, port, _, _ = REPLY.unpack_from(reply)
        return native, flags, number, (host[:4], port), reply[REPLY.size:REPLY.size + size]

    def is_answered_within(self, seconds):
        self.channel.settimeout(seconds)
        try:
            self.channel.recv(200000, socket.MSG_PEEK)
            return True
        except TimeoutError:
            return False
        finally:
            self.channel.settimeout(10)

    def end(self):
        self.ring.close()
        os.close(self.memory)
        self.channel.close()


def is_sent_away(channel):
    try:
        return channel.recv(200000) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False
