# SPDX-License-Identifier: MIT
"""The kernel tells of more sockets that end than the supervisor has room for: what it missed, it asks.

In a network namespace of its own: every supervisor of a namespace is told of every socket there."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

import world

GROUPS = "0000000f"  # the four of the ends of sockets, in /proc/net/netlink
MOST = 100000
LONG = 2.5  # seconds; the supervisor looks for an accepted connection that is gone for two
PIDFD_GETFD = 438
ACCEPTED = 6
# Does what it is told, a line at a time.
PARTY = "import sys\nfor line in sys.stdin:\n    exec(line)\n    print('done', flush=True)"
PREPARE = ("import ctypes, os, signal, socket, struct; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); "
           "where = ('{0}', 80); connect = lambda: socket.create_connection(where); "
           "reset = lambda s: (s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)), s.close())")
# CONNTRAIL_LINUX_CALL with little room: "too small".
TOO_SMALL = ("call = (ctypes.c_uint32 * 10)(16, 1, 40, 0x980000DC); ctypes.CDLL(None).getsockopt("
             "accepted[1].fileno(), 0x434E54, 2, ctypes.create_string_buffer(8), call); assert call[8] == 122")


class Party:
    def __init__(self, path, python=sys.executable):
        self.running = subprocess.Popen([world.COMMAND, "attach", path, "--", python, "-c", PARTY], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.does(PREPARE.format(world.WHERE))

    def does(self, code):
        self.running.stdin.write(code + "\n")
        self.running.stdin.flush()
        said = self.running.stdout.readline()
        world.expect(said == "done\n", f"{code}: {said!r}")

    def ends(self):
        self.running.stdin.close()
        self.running.wait(timeout=world.PATIENCE)
        self.running.stdout.close()


def line_of_events():
    with open("/proc/net/netlink", encoding="ascii") as file:
        return next(line.split() for line in file if line.split()[3] == GROUPS)


def drops():
    return int(line_of_events()[8])


def borrow_events(supervisor):
    """The supervisor's own socket for them."""
    wanted = f"socket:[{line_of_events()[9]}]"
    number = next(int(fd) for fd in os.listdir(f"/proc/{supervisor}/fd")
                  if os.readlink(f"/proc/{supervisor}/fd/{fd}") == wanted)
    pidfd = os.pidfd_open(supervisor)
    own = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, pidfd, number, 0)
    os.close(pidfd)
    return socket.socket(fileno=own)


def overrun(supervisor):
    """Leaves hardly any room, and ends sockets until the kernel has thrown some away."""
    with borrow_events(supervisor) as events:
        events.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for _ in range(MOST):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
        if drops() > 0:
            return True
    return False


def sockets(w, kind, **wanted):
    return [e["socket"] for e in w.events(kind) if all(e[k] == v for k, v in wanted.items())]


def scenario(w, ports):
    """The proxy of acme is exempt from it: what it connects comes to the one of bravo."""
    return w.scenario({"services": [
        {"name": "acme", "exempt_programs": ["proxy"], "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": f"127.0.0.1:{ports[0]}"}]},
        {"name": "bravo", "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": f"127.0.0.1:{ports[1]}"},
            {"rule": "udp 93.184.216.0/24 port 7", "to": f"127.0.0.1:{ports[1]}"}]}]})


def begin(w, proxy, client, ports):
    """Connections that were accepted, and two that were not yet. Answers the sockets of the first."""
    proxy.does(f"listeners = [socket.create_server(('127.0.0.1', p), backlog=64) for p in {ports}]")
    client.does("connections = [connect()]")
    proxy.does("accepted = [listeners[0].accept()[0]]; accepted[0].getsockopt(0x434E54, 16, 4)")
    proxy.does("onward = connect(); back = listeners[1].accept()[0]")
    client.does(f"connections += [connect() for _ in range({ACCEPTED - 1})]")
    proxy.does(f"accepted += [listeners[0].accept()[0] for _ in range({ACCEPTED - 1})]")
    proxy.does(TOO_SMALL)
    client.does("waiting = connect(), connect()")
    world.expect(world.wait_for(lambda: len(sockets(w, "accepted")) == ACCEPTED + 1), f"{w.events()}")
    client.does("datagrams = socket.socket(type=socket.SOCK_DGRAM)")
    client.does("send = lambda: datagrams.sendto(b'x', (where[0], 7))")
    client.does("send(); child = os.fork() or (signal.sigwait([signal.SIGUSR1]), send(), os._exit(0))")
    client.does("datagrams.close()")  # its child has it, which has made no call
    return sockets(w, "accepted", service="acme")


def end_unseen(supervisor, proxy, client):
    os.kill(supervisor, signal.SIGSTOP)
    try:
        world.expect(overrun(supervisor), "nothing was lost")
        lost = drops()
        proxy.does("for s in accepted[:3]: s.close()")
        proxy.does("for _ in range(2): reset(listeners[0].accept()[0])")
        client.does("for s in connections[:2] + [waiting[0]]: s.close()")
        world.expect(world.wait_for(lambda: drops() > lost + 3), "these ends were told of")
        time.sleep(LONG)
    finally:
        os.kill(supervisor, signal.SIGCONT)


def inside():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with world.World() as w:
        ports = [world.free_port(), world.free_port()]
        python = os.path.join(w.folder, "proxy")
        os.symlink(sys.executable, python)
        with w.serve(scenario(w, ports)) as served:
            proxy, client = Party(served.path, python), Party(served.path)
            accepted = begin(w, proxy, client, ports)
            end_unseen(world.children(served.running.pid)[0], proxy, client)
            world.wait_for(lambda: len(sockets(w, "closed")) >= 5, 30)
            late = sockets(w, "accepted", service="acme")[ACCEPTED:]
            closed = sockets(w, "closed")
            world.expect(len(late) == 2 and sorted(closed) == sorted(accepted[:3] + late), f"closed: {w.events()}")
            misuse = {e["socket"]: e["misuse"] for e in w.events("misuse")}
            world.expect(sorted(misuse) == accepted[:2] and "transferred" in misuse[accepted[0]] and
                         "buffer assumed" in misuse[accepted[1]], f"misuse: {misuse}")
            client.does("os.kill(child, signal.SIGUSR1); os.wait()")
            proxy.ends()
            client.ends()
        datagrams = {e["socket"] for e in w.events() if e.get("protocol") == "udp"}
        world.expect(len(datagrams) == 1, f"its child's socket is another one: {datagrams}")
        world.expect(sorted(sockets(w, "closed")) == sorted(sockets(w, "accepted")), f"at the end: {w.events()}")
    world.finish()


world.in_a_namespace(inside)
