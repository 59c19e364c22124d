# SPDX-License-Identifier: MIT
"""What the service does with sockets that cross exec, told by hand: who gets them, until when, and
what is malformed."""

import os
import subprocess
import time

import wire
import world

SITE = wire.address(world.WHERE, 80)
PROXY = wire.address("127.0.0.1", 4711)
YES, BOUND, STREAM, DATAGRAM = 1, 2, 0, 1
BOUND_STATE, CONNECTED_STATE = 1, 4  # conntrail__socket_state
OTHER_VERSION, MOST, PATIENCE = 10092, 16384, 5


def serve(w):
    path = os.path.join(w.folder, "service")
    scenario = w.scenario({"services": [{"name": "acme", "redirect": [
        {"rule": "tcp 93.184.216.0/24 port 80", "to": "127.0.0.1:4711"}]}]})
    running = subprocess.Popen([world.COMMAND, "serve", "--quiet", "--trail", w.trail, "--socket",
                                path, scenario], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    world.expect(running.stdout.readline() != "", "the service did not start")
    return running, path


def accepted(path, port):
    """A client, and a proxy whose socket 2 is a connection from that port."""
    client, proxy = wire.Process(path), wire.Process(path)
    proxy.tell(wire.request(wire.CREATE, 1), wire.request(wire.LISTENING, 1, where=PROXY))
    proxy.ask(wire.request(wire.SYNC))
    client.tell(wire.request(wire.CREATE, 1), wakes=False)
    client.ask(wire.request(wire.CONNECTING, 1, where=SITE))
    client.tell(wire.request(wire.CONNECTED, 1, where=wire.address("127.0.0.1", port)))
    proxy.tell(wire.request(wire.ACCEPTED, 1, (2, 0, 0, 0), wire.address("127.0.0.1", port)))
    return client, proxy


def bequest(testator, *items, version=wire.VERSION, cookie=None):
    return wire.request(wire.BEQUEATH, testator.own, (version, 0, 0, 0),
                        actor=testator.cookie if cookie is None else cookie, payload=b"".join(items))


def say(channel, said):
    """native, flags, bytes, number."""
    channel.send(said)
    reply = wire.REPLY.unpack_from(channel.recv(200000))
    return reply[0], reply[1], reply[2], reply[5]


def bequeath(path, testator, *items):
    """The connection, once the service has said that it keeps them."""
    channel = wire.connect(path)
    said = say(channel, bequest(testator, *items))
    world.expect(said[:2] == (0, YES), f"not kept: {said}")
    return channel


def claim(heir, number, inode, process=4711):
    return say(heir.channel, wire.request(wire.CLAIM, number, (inode & 0xffffffff, inode >> 32, 0, 0),
                                          process=process))


def end(*processes):
    for process in processes:
        process.end()


def test_claim(w, path):
    inode = 0x123456789a
    client, proxy = accepted(path, 5001)
    bequeath(path, proxy, wire.heirloom(2, inode), wire.heirloom(99, 8)).close()
    proxy.end()
    heir = wire.Process(path)
    said = claim(heir, 7, inode - (1 << 36))
    world.expect(said == (0, 0, 0, 0), f"half of its inode is enough: {said}")
    said = claim(heir, 7, inode, process=815)
    world.expect(said == (0, YES, CONNECTED_STATE, STREAM), f"claimed: {said}")
    _, _, _, where, _ = heir.ask(wire.request(wire.DESTINATION, 7, process=815))
    world.expect(where[1] == 80, f"it is another socket: {where}")
    world.expect(claim(heir, 8, inode) == (0, 0, 0, 0), "it was left once, and claimed twice")
    world.expect(claim(heir, 8, 8) == (0, 0, 0, 0), "a socket that nobody had was left")
    world.expect(not w.events("closed"), "closed between the two")
    heir.tell(wire.request(wire.RELEASE, 7))
    heir.ask(wire.request(wire.SYNC))
    end(heir, client)
    for _ in range(200):  # the file is written after the answer
        if w.events("closed"):
            break
        time.sleep(0.01)
    who = [e["process"] for e in w.events("closed")]
    world.expect(who == [815], f"whose it is by now: {who}")


def test_kinds(path):
    one = wire.Process(path)
    one.tell(wire.request(wire.CREATE, 1, (DATAGRAM, 0, 0, 0)), wire.request(wire.BOUND, 1, where=PROXY))
    bequeath(path, one, wire.heirloom(1, 5)).close()
    said = claim(one, 2, 5)
    world.expect(said == (0, YES | BOUND, BOUND_STATE, DATAGRAM), f"a bound datagram socket: {said}")
    one.end()


def test_waiting(path):
    """What a process was just told to have is left, also where it waits for somebody's report."""
    client, proxy = wire.Process(path), wire.Process(path)
    proxy.tell(wire.request(wire.CREATE, 1), wire.request(wire.LISTENING, 1, where=PROXY))
    client.tell(wire.request(wire.CREATE, 1), wakes=False)
    client.ask(wire.request(wire.CONNECTING, 1, where=SITE))
    proxy.tell(wire.request(wire.ACCEPTED, 1, (2, 0, 0, 0), wire.address("127.0.0.1", 5002)))
    channel = wire.connect(path, 0.1)
    channel.send(bequest(proxy, wire.heirloom(2, 6)))
    try:
        channel.recv(1000)
        world.expect(False, "answered before what its process told is done")
    except TimeoutError:
        pass
    client.tell(wire.request(wire.CONNECTED, 1, where=wire.address("127.0.0.1", 5002)))
    channel.settimeout(10)
    channel.recv(1000)
    said = claim(client, 9, 6)
    world.expect(said[1] == YES, f"it was not left: {said}")
    channel.close()
    end(client, proxy)


def test_narrow(path):
    one = wire.Process(path)
    one.tell(*(wire.request(wire.CREATE, n) for n in (1, 2, 3)))
    first = bequeath(path, one, wire.heirloom(1, 11), wire.heirloom(2, 12))
    second = bequeath(path, one, wire.heirloom(3, 13))
    kept = (12).to_bytes(8, "little")
    world.expect(say(first, wire.request(wire.NARROW, payload=kept))[:2] == (0, YES), "not narrowed")
    found = [claim(one, 20 + n, inode)[1] & YES for n, inode in enumerate((11, 12, 13))]
    world.expect(found == [0, 1, 1], f"kept: {found}")
    say(second, wire.request(wire.NARROW))
    more = bequeath(path, one, wire.heirloom(1, 14))
    say(more, wire.request(wire.NARROW))
    world.expect(claim(one, 30, 14)[1] == 0, "taken back, and yet left")
    for channel in (first, second, more):
        channel.close()
    one.end()


def test_malformed(path):
    one = wire.Process(path)
    one.tell(wire.request(wire.CREATE, 1))
    sound = wire.heirloom(1, 21)
    first = {
        "nothing": bequest(one), "half of one": bequest(one, sound[:8]),
        "too many": bequest(one, *[sound] * (wire.BEQUEST_LIMIT + 1)),
        "another's": bequest(one, sound, cookie=one.cookie ^ 1),
        "narrowed, and nothing left": wire.request(wire.NARROW),
        "claimed by nobody": wire.request(wire.CLAIM, 1)}
    for what, frame in first.items():
        channel = wire.connect(path)
        channel.send(frame)
        world.expect(wire.is_sent_away(channel), f"{what}: kept")
    later = {"bytes": wire.request(wire.NARROW, payload=bytes(7)),
             "too many": wire.request(wire.NARROW, payload=bytes(8 * (wire.BEQUEST_LIMIT + 1))),
             "a socket": wire.request(wire.CREATE, 1)}
    for what, frame in later.items():
        channel = bequeath(path, one, sound)
        channel.send(frame)
        world.expect(wire.is_sent_away(channel), f"after a bequest, {what}: kept")
    for what, frame in {"number 0": wire.request(wire.CLAIM, 0, (21, 0, 0, 0)),
                        "a number in use": wire.request(wire.CLAIM, 1, (21, 0, 0, 0)),
                        "by a process": bequest(one, sound)}.items():
        other = wire.Process(path)
        other.tell(wire.request(wire.CREATE, 1))
        other.channel.send(frame)
        world.expect(wire.is_sent_away(other.channel), f"{what}: kept")
        other.end()
    world.expect(claim(one, 2, 21)[1] == YES, "who was sent away took it along")
    channel = wire.connect(path)
    said = say(channel, bequest(one, sound, version=wire.VERSION - 1))
    world.expect(said[0] == OTHER_VERSION, f"another version: {said}")
    one.end()


def test_bounds(path):
    """So many and no more, and all of them for some seconds only."""
    one = wire.Process(path)
    one.tell(wire.request(wire.CREATE, 1))
    one.ask(wire.request(wire.SYNC))
    items = [wire.heirloom(1, n + 1) for n in range(wire.BEQUEST_LIMIT)]
    channel = wire.connect(path)
    kept = 0
    begun = time.monotonic()
    while say(channel, bequest(one, *items))[1] == YES and kept <= MOST:
        kept += len(items)
    world.expect(MOST - kept < 2 * len(items) and kept <= MOST, f"{kept} sockets are kept for others")
    while say(channel, bequest(one, *items))[1] != YES and time.monotonic() - begun < 4 * PATIENCE:
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    world.expect(PATIENCE - 1 < seconds < PATIENCE + 4, f"let go after {seconds} seconds")
    channel.close()
    one.end()


with world.World() as w:
    running, path = serve(w)
    test_claim(w, path)
    test_kinds(path)
    test_waiting(path)
    test_narrow(path)
    test_malformed(path)
    test_bounds(path)
    running.terminate()
    said = running.communicate(timeout=world.PATIENCE)[1]
    world.expect(running.returncode == 0 and "said something malformed" in said, f"{running}: {said}")
world.finish()
