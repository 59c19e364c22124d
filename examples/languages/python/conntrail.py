# SPDX-License-Identifier: MIT
"""
conntrail by ctypes: the C API of conntrail.h and datagram.h with exceptions, bytes and addresses.

    destination = conntrail.original_destination(accepted, listener)
    outbound = socket.socket(accepted.family)
    conntrail.transfer_records(accepted, outbound)
    outbound.connect(destination)

The library is CONNTRAIL_LIBRARY of the environment, or libconntrail.so (conntrail.dll) where the
system finds it. A socket is a socket.socket, or a descriptor. The headers say what each call does.
"""
import ctypes
import enum
import os
import socket
import struct
import sys

__version__ = "0.1.0"

LARGEST_BLOB = 65536
USUAL_BLOB = 1024
LISTEN_TRANSPARENT = 1
MESSAGE_PEEK = 1
LOST_DATA, LOST_RECORDS, LOST_CONTEXT, LOST_CONTROL, LOST_MALFORMED = 1, 2, 4, 8, 16
OUTBOUND_OFFSET = 1000


class Status(enum.IntEnum):
    """status.h. The OUTBOUND twin of a failure is OUTBOUND_OFFSET below it."""

    OK = 0
    OK_NOTHING_TO_TRANSFER = 1
    FAULT = -1
    INVALID = -2
    NOT_SOCKET = -3
    NOT_CONNECTED = -4
    INVALID_MESSAGE = -5
    NOT_INITIALISED = -6
    NOT_REDIRECTED = -20
    NO_CONTEXT = -21
    BUFFER_TOO_SMALL = -22
    LIMIT = -23
    UNKNOWN_LAYOUT = -24
    DATA_TRUNCATED = -25
    CONTROL_TRUNCATED = -26
    WOULD_BLOCK = -27
    PENDING = -28
    TIMED_OUT = -29
    TOO_LARGE = -30
    DESTINATION_UNKNOWN = -31
    DESTINATION_IS_PROXY = -32
    ACCESS = -40
    IN_PROGRESS = -41
    INTERRUPTED = -42
    NET_DOWN = -43
    ABORTED = -44
    CONNECT_FAILED = -45
    UNREACHABLE = -46
    DESTINATION_ACCESS = -47
    UNKNOWN = -59
    NOT_SUPPORTED = -60
    NO_PROTOCOL_OPTION = -61
    MULTIPATH = -62
    VERSION_MISMATCH = -63
    NO_MEMORY = -80


class Error(OSError):
    """A call that failed. status is a Status; is_outbound says which socket of a transfer refused."""

    def __init__(self, status):
        self.native = _library.conntrail_native_error()
        self.is_outbound = status <= -OUTBOUND_OFFSET
        self.status = Status(_library.conntrail_status_cause(status))
        super().__init__(_library.conntrail_status_sentence(status).decode())


_socket = ctypes.c_size_t if sys.platform == "win32" else ctypes.c_int
_NO_SOCKET = _socket(-1).value
_storage = ctypes.c_uint64 * 16  # a struct sockaddr_storage has 128 bytes, and the alignment of these


class _Buffer(ctypes.Structure):
    """struct conntrail_buffer"""

    _fields_ = [("bytes", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class _Message(ctypes.Structure):
    """struct conntrail_message"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("peer", _storage), ("local", _storage),
                ("payload", ctypes.POINTER(_Buffer)), ("payload_count", ctypes.c_size_t),
                ("payload_size", ctypes.c_size_t),
                ("records", ctypes.c_void_p), ("records_capacity", ctypes.c_size_t),
                ("records_size", ctypes.c_size_t),
                ("context", ctypes.c_void_p), ("context_capacity", ctypes.c_size_t),
                ("context_size", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_capacity", ctypes.c_size_t),
                ("control_size", ctypes.c_size_t),
                ("flags", ctypes.c_uint), ("lost", ctypes.c_uint),
                ("library_socket", _socket), ("library_call", ctypes.c_void_p)]


class _Flow(ctypes.Structure):
    """struct conntrail_flow"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("peer", _storage), ("local", _storage),
                ("destination", _storage), ("library_socket", _socket)]


DECODER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(_storage),
                           ctypes.c_void_p)
_size, _pointer, _status = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
_sized, _stored = ctypes.POINTER(_size), ctypes.POINTER(_storage)
_messaged, _flowed = ctypes.POINTER(_Message), ctypes.POINTER(_Flow)

_FUNCTIONS = {
    "conntrail_version": (ctypes.c_uint32,),
    "conntrail_status_name": (ctypes.c_char_p, _status),
    "conntrail_status_sentence": (ctypes.c_char_p, _status),
    "conntrail_status_cause": (_status, _status),
    "conntrail_native_error": (ctypes.c_uint32,),
    "conntrail_query_records": (_status, _socket, _pointer, _size, _sized),
    "conntrail_query_context": (_status, _socket, _pointer, _size, _sized),
    "conntrail_set_records": (_status, _socket, _pointer, _size),
    "conntrail_transfer_records": (_status, _socket, _socket),
    "conntrail_original_destination_by": (_status, _socket, _socket, _pointer, _pointer, _stored),
    "conntrail_decode_context": (_status, _pointer, _size, _stored),
    "conntrail_prepare_listener": (_status, _socket, ctypes.c_uint),
    "conntrail_enable_messages": (_status, _socket),
    "conntrail_recvmsg": (_status, _socket, _messaged),
    "conntrail_sendmsg": (_status, _socket, _messaged),
    "conntrail_datagram_destination": (_status, _socket, _messaged, _pointer, _pointer, _flowed),
    "conntrail_reply": (_status, _socket, _flowed, ctypes.POINTER(_Buffer), _size),
    "conntrail_flow_end": (None, _flowed),
}


def _load():
    name = "conntrail.dll" if sys.platform == "win32" else "libconntrail.so"
    library = ctypes.CDLL(os.environ.get("CONNTRAIL_LIBRARY", name))
    for function, (result, *arguments) in _FUNCTIONS.items():
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library


_library = _load()


def _check(status):
    if status < 0:
        raise Error(status)
    return status


def _number(of):
    """The descriptor of a socket.socket; a descriptor itself; None is no socket."""
    if of is None:
        return _NO_SOCKET
    return of if isinstance(of, int) else of.fileno()


def _address(storage):
    """As Python has addresses: (host, port), and two numbers more for IPv6. None is family 0."""
    raw = bytes(storage)
    family, = struct.unpack_from("=H", raw)
    port, = struct.unpack_from("!H", raw, 2)
    if family == socket.AF_INET:
        return socket.inet_ntop(family, raw[4:8]), port
    if family == socket.AF_INET6:
        flow, = struct.unpack_from("!I", raw, 4)
        return socket.inet_ntop(family, raw[8:24]), port, flow, *struct.unpack_from("=I", raw, 24)
    return None


def _write_address(storage, address):
    host, port = address[:2]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    raw = struct.pack("=H", family) + struct.pack("!H", port)
    if family == socket.AF_INET:
        raw += socket.inet_pton(family, host)
    else:
        flow, scope = (*address[2:], 0, 0)[:2]
        raw += struct.pack("!I", flow) + socket.inet_pton(family, host) + struct.pack("=I", scope)
    ctypes.memmove(ctypes.byref(storage), raw, len(raw))


def _decoder(decode):
    """A function for C, and the list in which it leaves an exception."""
    raised = []

    def call(context, size, destination, _):
        try:
            found = decode(ctypes.string_at(context, size))
            if found is None:
                return Status.UNKNOWN_LAYOUT
            _write_address(destination.contents, found)
            return Status.OK
        except BaseException as error:  # no exception may pass frames of C
            raised.append(error)
            return Status.UNKNOWN_LAYOUT
    return DECODER(call), raised


def version():
    """0x00MMmmpp"""
    return _library.conntrail_version()


def _query(function, accepted):
    capacity = USUAL_BLOB
    while True:  # twice at most: the largest buffer is never too small
        found, size = ctypes.create_string_buffer(capacity), _size(0)
        status = function(_number(accepted), found, capacity, ctypes.byref(size))
        if status == Status.BUFFER_TOO_SMALL and capacity < LARGEST_BLOB:
            capacity = LARGEST_BLOB
        elif status in (Status.NOT_REDIRECTED, Status.NO_CONTEXT):
            return None
        else:
            _check(status)
            return found.raw[:size.value]


def query_records(accepted):
    """bytes; None if the connection was not redirected."""
    return _query(_library.conntrail_query_records, accepted)


def query_context(accepted):
    """bytes; None if the connection was not redirected, or has no context."""
    return _query(_library.conntrail_query_context, accepted)


def set_records(outbound, records):
    _check(_library.conntrail_set_records(_number(outbound), records, len(records)))


def transfer_records(accepted, outbound):
    """Before connect. False if the accepted socket has no records."""
    status = _check(_library.conntrail_transfer_records(_number(accepted), _number(outbound)))
    return status != Status.OK_NOTHING_TO_TRANSFER


def original_destination(accepted, listener=None, decode=None):
    """An address for connect(). decode(bytes) returns an address, or None for another layout."""
    found = _storage()
    passed, raised = _decoder(decode) if decode else (None, [])
    status = _library.conntrail_original_destination_by(
        _number(accepted), _number(listener), ctypes.cast(passed, _pointer), None, ctypes.byref(found))
    if raised:
        raise raised[0]
    _check(status)
    return _address(found)


def decode_context(context):
    """An address; None for another layout."""
    found = _storage()
    status = _library.conntrail_decode_context(context, len(context), ctypes.byref(found))
    if status == Status.UNKNOWN_LAYOUT:
        return None
    _check(status)
    return _address(found)


def prepare_listener(listener, flags=0):
    _check(_library.conntrail_prepare_listener(_number(listener), flags))


def enable_messages(listener):
    _check(_library.conntrail_enable_messages(_number(listener)))


def _pieces(data):
    kept = ctypes.create_string_buffer(data, len(data))
    return (_Buffer * 1)(_Buffer(ctypes.addressof(kept), len(data))), kept


def _fresh_message():
    return _Message(struct_size=ctypes.sizeof(_Message), library_socket=_NO_SOCKET)


class Message:
    """A datagram that was received: data, peer, local, records, context, lost."""

    def __init__(self, listener, size=65536, flags=0):
        rooms = [ctypes.create_string_buffer(room) for room in (size, LARGEST_BLOB, LARGEST_BLOB)]
        whole = (_Buffer * 1)(_Buffer(ctypes.addressof(rooms[0]), size))
        self._native = native = _fresh_message()
        native.payload, native.payload_count, native.flags = whole, 1, flags
        native.records, native.context = map(ctypes.addressof, rooms[1:])
        native.records_capacity = native.context_capacity = LARGEST_BLOB
        status = _library.conntrail_recvmsg(_number(listener), ctypes.byref(native))
        if status not in (Status.DATA_TRUNCATED, Status.CONTROL_TRUNCATED, Status.INVALID_MESSAGE):
            _check(status)
        self._rooms = rooms
        self.peer, self.local, self.lost = _address(native.peer), _address(native.local), native.lost
        sizes = native.payload_size, native.records_size, native.context_size
        self.data, self.records, self.context = (room.raw[:n] for room, n in zip(rooms, sizes))


def receive(listener, size=65536, flags=0):
    """One datagram, as a Message. Error with WOULD_BLOCK if none is there."""
    return Message(listener, size, flags)


def send(outbound, data, peer=None, records=b""):
    """One datagram, with the records of a flow's first one. peer None: where it is connected."""
    native = _fresh_message()
    native.payload, kept = _pieces(data)
    native.payload_count = 1
    held = ctypes.create_string_buffer(records, len(records) or 1)
    native.records, native.records_size = ctypes.addressof(held), len(records)
    if peer:
        _write_address(native.peer, peer)
    _check(_library.conntrail_sendmsg(_number(outbound), ctypes.byref(native)))
    del kept


class Flow:
    """A client and its destination, of the flow's first Message. close() it at its end."""

    def __init__(self, listener, first):
        self._native = _Flow(struct_size=ctypes.sizeof(_Flow), library_socket=_NO_SOCKET)
        self._listener = listener
        _check(_library.conntrail_datagram_destination(
            _number(listener), ctypes.byref(first._native), None, None, ctypes.byref(self._native)))
        self.peer, self.destination = _address(self._native.peer), _address(self._native.destination)

    def reply(self, data):
        """To the client, which sees the destination as the sender."""
        pieces, _kept = _pieces(data)
        _check(_library.conntrail_reply(_number(self._listener), ctypes.byref(self._native), pieces, 1))

    def close(self):
        _library.conntrail_flow_end(ctypes.byref(self._native))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
