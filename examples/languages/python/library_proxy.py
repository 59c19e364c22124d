#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A transparent TCP proxy with conntrail.py, on asyncio: the library does what tcp_proxy.py does by numbers.

    library_proxy.py ADDRESS:PORT
"""
import asyncio
import socket
import sys

import conntrail


async def connect_onward(accepted, listener):
    """The records are set before the socket connects."""
    destination = conntrail.original_destination(accepted, listener)
    outbound = socket.socket(accepted.family)
    outbound.setblocking(False)
    try:
        conntrail.transfer_records(accepted, outbound)
        await asyncio.get_running_loop().sock_connect(outbound, destination)
    except OSError:
        outbound.close()
        raise
    return outbound


async def pump(source, sink):
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(source, 65536):
        await loop.sock_sendall(sink, data)
    sink.shutdown(socket.SHUT_WR)


async def serve(accepted, listener):
    with accepted:
        try:
            with await connect_onward(accepted, listener) as outbound:
                await asyncio.gather(pump(accepted, outbound), pump(outbound, accepted))
        except OSError as error:
            print("library_proxy.py:", error, file=sys.stderr, flush=True)


async def main():
    host, _, port = sys.argv[1].rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host.strip("[]"), int(port)), family=family) as listener:
        listener.setblocking(False)
        print("ready", *listener.getsockname()[:2], flush=True)
        serving = set()
        while True:
            accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
            accepted.setblocking(False)
            task = asyncio.create_task(serve(accepted, listener))
            serving.add(task)
            task.add_done_callback(serving.discard)


asyncio.run(main())
