# SPDX-License-Identifier: MIT
"""The service's protocol (backend-emu/service/protocol.h), spoken by hand to do it wrong."""

import socket
import struct

VERSION = 2
HELLO, CREATE, LISTENING, CONNECTING, CONNECTED, ACCEPTED, IOCTL = 1, 3, 6, 7, 8, 12, 13
QUERY_RECORDS, GIVES_OUT, GIVES_BYTES, ANSWER_LIMIT = 0x980000DC, 2, 4, 100 * 1024
REQUEST = struct.Struct("=HHIQII4I16sIHBB16sIHBB64s")


def address(host=None, port=0):
    if host is None:
        return (bytes(16), 0, 0, 0, 0)
    return (socket.inet_aton(host) + bytes(12), 0, port, 4, 0)


def request(operation, number=0, arguments=(0, 0, 0, 0), where=None, payload=b"", size=None):
    head = REQUEST.pack(operation, 0, number, 1, 4711, len(payload) if size is None else size,
                        *arguments, *(where or address()), *address(), bytes(64))
    return head + payload + bytes(-len(payload) % 8)


def connect(path, timeout=10):
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.connect(path)
    channel.settimeout(timeout)
    return channel


def join(path):
    channel = connect(path)
    channel.send(request(HELLO, arguments=(VERSION, 0, 0, 0)))
    return channel, channel.recv(200000)


def is_sent_away(channel):
    try:
        return channel.recv(200000) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False
