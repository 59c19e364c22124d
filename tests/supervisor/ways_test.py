# SPDX-License-Identifier: MIT
"""Every way to make a process and a call: each is redirected, gets its page, and is told so."""

import os
import socket
import subprocess
import sys

import world

WAYS = os.path.join(world.BUILD, "tests/supervisor/ways")
STATIC = os.path.join(world.BUILD, "tests/supervisor/ways_static")
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ways.c")
MODES = ("plain raw non-blocking limit fork raw-fork thread own-table daemon signals stopped vfork "
         "spawn fexecve clone-vm clone-files").split()
SIX = "2606:2800:220:1::1"


def both_families(w):
    """Servers for both, and a service that takes both."""
    server = ("import http.server, socket, sys\n"
              "class S(http.server.ThreadingHTTPServer): address_family = socket.AF_INET6\n"
              "S(('::1', 0), http.server.SimpleHTTPRequestHandler).serve_forever()\n")
    return w.scenario({
        "programs": [w.origin(), {"name": "six", "command": [
            "sh", "-c", f"cd {w.folder} && exec {sys.executable} -c \"$0\"", server]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": "origin"},
            {"rule": f"tcp {SIX}/128 port 80", "to": "six"}]}]})


def check(w, what, *command):
    done = w.run(both_families(w), *command)
    world.expect(done.returncode == 0 and done.stdout == "hello-world\n", f"{what}: {done}")
    world.expect(w.events("redirected") and w.events("accepted"),
                 f"{what}: {[e['kind'] for e in w.events()]}")
    bad = [e for kind in ("misuse", "refused", "failed") for e in w.events(kind)
           if e["program"] != "six"]  # which asks for its own name
    world.expect(not bad, f"{what}: {bad}")


def compiled(w, name, *flags):
    path = os.path.join(w.folder, name)
    built = subprocess.run(["cc", "-D_GNU_SOURCE", "-pthread", *flags, SOURCE, "-o", path],
                           capture_output=True, text=True, check=False)
    return path if built.returncode == 0 else None


def narrow(w):
    """i386 programs, where this machine can make them."""
    for name, flags in (("i386", ("-m32",)), ("i386 static", ("-m32", "-static"))):
        path = compiled(w, name.replace(" ", "-"), *flags)
        if path is None:
            print(f"not checked: {name}: cc -m32 makes none here (gcc-multilib)")
            continue
        for way in ("plain", "non-blocking", "fork"):
            check(w, f"{name} {way}", path, way, world.WHERE, "80")
        check(w, f"{name} by IPv6", path, "plain", SIX, "80")


def many(w):
    """200 clients, as many at once as the server's backlog has room for, each once."""
    script = f"seq 200 | xargs -P 8 -I NUMBER {WAYS} plain {world.WHERE} 80"
    done = w.run(w.direct(), "bash", "-c", script)
    world.expect(done.stdout == 200 * "hello-world\n", f"200 clients: {done.stdout!r}")
    for kind in ("connecting", "redirected", "accepted"):
        world.expect(len(w.events(kind)) == 200, f"200 clients: {len(w.events(kind))} {kind}")
    check_pairs(w, "200 clients")


def check_pairs(w, what):
    """Each redirected connection is accepted once, and its accepted end names it."""
    began = sorted(e["socket"] for e in w.events("redirected"))
    ended = sorted(e.get("from", 0) for e in w.events("accepted"))
    world.expect(began == ended, f"{what}: redirected {began}, accepted from {ended}")


DEVICE_CLIENT = f"""
import socket, sys
s = socket.socket(); s.settimeout(100)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
s.connect(("{world.WHERE}", 80))
s.sendall(b"GET /hello HTTP/1.0\\r\\n\\r\\n")
print(s.makefile().read().split("\\n\\n")[1], end="")
"""


def kept_to_a_device(w):
    """A socket that is kept to an interface other than the loopback's is redirected all the same."""
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    if not others:
        print("not checked: a socket kept to an interface: there is none but lo")
        return
    check(w, f"kept to {others[-1]}", sys.executable, "-c", DEVICE_CLIENT, others[-1])


LATE_SERVER = """
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
open(sys.argv[1]).read()
while True:
    with s.accept()[0] as c:
        c.recv(1)
        try: c.sendall(c.getsockopt(socket.SOL_IP, 80, 16)[2:8])
        except OSError as e: c.sendall(str(e).encode())
"""
LATE_CLIENT = f"""
import select, socket, sys
made = [socket.socket() for _ in range(4)]
for s in made: s.setblocking(False); s.connect_ex(("{world.WHERE}", 80))
open(sys.argv[1], "w").close()
for s in made:
    if not select.select([], [s], [], 30)[1]: print("nobody answers")
    s.setblocking(True); s.sendall(b"x")  # which has a dropped end of a handshake said again
print([s.recv(100) for s in made] == 4 * [b"\\0P" + socket.inet_aton("{world.WHERE}")])
"""


def late(w):
    """Clients whose first SYN finds the queue of the server full, and who come in a second later: it
    is no accepted connection while it waits, and has its record afterwards."""
    door = os.path.join(w.folder, "door")
    os.mkfifo(door)
    path = w.scenario({
        "programs": [{"name": "late", "command": [sys.executable, "-c", LATE_SERVER, door]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": "late"}]}]})
    done = w.run(path, sys.executable, "-c", LATE_CLIENT, door)
    world.expect(done.stdout == "True\n" and len(w.events("redirected")) == 4, f"late: {done}")
    check_pairs(w, "late")


with world.World() as w:
    os.chmod(w.folder, 0o755)
    os.chmod(os.path.join(w.folder, "hello"), 0o644)
    for mode in MODES:
        check(w, mode, WAYS, mode, world.WHERE, "80")
    for mode in ("plain", "non-blocking", "thread", "vfork", "signals") if os.path.exists(STATIC) else ():
        check(w, f"static {mode}", STATIC, mode, world.WHERE, "80")
    check(w, "IPv6", WAYS, "plain", SIX, "80")
    check(w, "mapped", WAYS, "plain", f"::ffff:{world.WHERE}", "80")
    check(w, "env -i", "env", "-i", WAYS, "plain", world.WHERE, "80")
    if os.geteuid() == 0:
        check(w, "nobody", WAYS, "nobody", world.WHERE, "80")
        if os.path.exists(STATIC):
            check(w, "chroot", STATIC, "chroot", world.WHERE, "80")
    else:
        print("not checked: setuid and chroot want root")
    narrow(w)
    many(w)
    late(w)
    kept_to_a_device(w)
world.finish()
