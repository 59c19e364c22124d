# SPDX-License-Identifier: MIT
"""A proxy that does not know conntrail: it asks SO_ORIGINAL_DST and connects there."""

import socket
import struct
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    with client:
        try:
            original = client.getsockopt(socket.SOL_IP, 80, 16)
            port, address = struct.unpack("!2xH4s8x", original)
            server = socket.create_connection((socket.inet_ntoa(address), port), timeout=10)
        except OSError:
            return
        with server:
            server.settimeout(None)
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()


host, _, number = sys.argv[1].rpartition(":")
listener = socket.create_server((host, int(number)))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
