# SPDX-License-Identifier: MIT
"""
conntrail.py, each function once: a client, a proxy and a server in one program under conntrail-emu.

    python_api.py PROXY_PORT UDP_PROXY_PORT UDP_SERVER_PORT
"""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/languages/python"))
import conntrail  # noqa: E402 (it stands in another folder)
from conntrail import Status  # noqa: E402

WHERE = "93.184.216.34"
PROXY_PORT, UDP_PROXY_PORT, UDP_SERVER_PORT = map(int, sys.argv[1:])


def expect(condition, what):
    if not condition:
        sys.exit(f"python_api.py: {what}")


def raised_by(call, *arguments):
    """The status of the error, and whether it speaks of the outbound socket."""
    try:
        return call(*arguments), None
    except conntrail.Error as error:
        expect(error.args[0] and str(error), "an error says what is wrong")
        return error.status, error.is_outbound


def connect_through(listener):
    client = socket.create_connection((WHERE, 80))
    accepted, _ = listener.accept()
    return client, accepted


def check_tcp(listener):
    client, accepted = connect_through(listener)
    with client, accepted, socket.socket() as outbound:
        expect(conntrail.original_destination(accepted) == (WHERE, 80), "the destination")
        expect(conntrail.original_destination(accepted.fileno(), listener) == (WHERE, 80), "with a listener")
        records, context = conntrail.query_records(accepted), conntrail.query_context(accepted)
        expect(len(records) > 3000 and type(records) is bytes, f"records of {len(records)} bytes")
        expect(conntrail.decode_context(context) == (WHERE, 80), f"context {context}")
        expect(conntrail.decode_context(b"own") is None, "another layout")
        conntrail.set_records(outbound, records)
        expect(conntrail.transfer_records(accepted, outbound) is True, "a transfer")
        expect(raised_by(conntrail.set_records, outbound, b"no records") == (Status.INVALID, False), "bad records")
        expect(raised_by(conntrail.query_records, outbound) == (Status.NOT_CONNECTED, False), "not connected")
        expect(raised_by(conntrail.transfer_records, accepted, listener) == (Status.INVALID, True), "to a listener")
        expect(raised_by(conntrail.prepare_listener, outbound, 8) == (Status.INVALID, False), "an unknown flag")
        conntrail.prepare_listener(outbound)


def check_decoder(listener):
    client, accepted = connect_through(listener)
    with client, accepted:
        def find(decode):
            return conntrail.original_destination(accepted, listener, decode)

        def fail(_):
            raise KeyError("of the decoder")
        expect(find(lambda context: ("2001:db8::1", 4711)) == ("2001:db8::1", 4711, 0, 0), "a layout of one's own")
        expect(raised_by(find, lambda _: None) == (Status.UNKNOWN_LAYOUT, False), "no layout")
        try:
            find(fail)
            expect(False, "an exception of the decoder")
        except KeyError:
            pass


def check_not_redirected():
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(listener.getsockname()) as client, \
            listener.accept()[0] as accepted, socket.socket() as outbound:
        expect(client and conntrail.query_records(accepted) is None, "no records")
        expect(conntrail.query_context(accepted) is None, "no context")
        expect(conntrail.transfer_records(accepted, outbound) is False, "nothing to transfer")
        expect(raised_by(conntrail.original_destination, accepted) == (Status.NOT_REDIRECTED, False), "direct")


def check_datagrams(proxy, server):
    conntrail.enable_messages(proxy)
    with socket.socket(type=socket.SOCK_DGRAM) as client, socket.socket(type=socket.SOCK_DGRAM) as outbound:
        client.sendto(b"ask", (WHERE, 53))
        peeked = conntrail.receive(proxy, flags=conntrail.MESSAGE_PEEK)
        first = conntrail.receive(proxy)
        expect(peeked.data == first.data == b"ask", f"data {first.data}")
        expect(len(first.records) > 3000 and first.context and first.lost == 0, "records and context")
        expect(first.local is None, f"local {first.local}")
        with conntrail.Flow(proxy, first) as flow:
            expect(flow.destination == (WHERE, 53) and flow.peer == first.peer, f"flow {flow.destination}")
            conntrail.send(outbound, first.data, flow.destination, first.records)
            cut = conntrail.receive(server, size=2)
            expect(cut.data == b"as" and cut.lost == conntrail.LOST_DATA, f"cut: {cut.data} {cut.lost}")
            flow.reply(b"answer")
        expect(client.recvfrom(100) == (b"answer", (WHERE, 53)), "the answer's sender")
        proxy.setblocking(False)
        expect(raised_by(conntrail.receive, proxy) == (Status.WOULD_BLOCK, False), "no datagram")


def udp_at(port):
    made = socket.socket(type=socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", port))
    return made


expect(conntrail.version() == 0x000100, "the version")
expect(raised_by(conntrail.query_records, -1) == (Status.NOT_SOCKET, False), "no descriptor")
with socket.create_server(("127.0.0.1", PROXY_PORT)) as tcp, udp_at(UDP_PROXY_PORT) as udp, \
        udp_at(UDP_SERVER_PORT) as behind:
    check_tcp(tcp)
    check_decoder(tcp)
    check_not_redirected()
    check_datagrams(udp, behind)
print("ok")
