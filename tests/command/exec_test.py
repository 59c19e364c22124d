# SPDX-License-Identifier: MIT
"""Sockets that a process keeps across exec: inetd's kind of server, real and by hand; execs that
fail, or whose program does not know; sockets that are handed to a later program."""

import os
import socket
import subprocess
import sys

import exec_calls
import world

PROGRAM = os.path.join(world.BUILD, "tests/command/hands_over")
ANSWER = """
import socket
s = socket.socket(fileno=0)
original = s.getsockopt(socket.SOL_IP, 80, 16)
port, host = original[2:4], original[4:8]
"""
SAY = ANSWER + "s.sendall(socket.inet_ntoa(host).encode() + b'\\n')\n"
# A proxy that forgets the records: it connects to where its client wanted to go, and no more.
CONNECT = ANSWER + "socket.create_connection((socket.inet_ntoa(host), int.from_bytes(port, 'big')))\n"
SERVE = """
import os, socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
handler = [sys.executable, "-c", sys.argv[2]]
"""
ACCEPT = SERVE + "while True:\n  c, _ = listener.accept()\n  "
BY_FORK = ACCEPT + """
  if os.fork() == 0:
    os.dup2(c.fileno(), 0); os.dup2(c.fileno(), 1); os.execv(handler[0], handler)
  c.close(); os.wait()
"""
BY_SUBPROCESS = ACCEPT + "subprocess.run(handler, stdin=c); c.close()"
BY_PASSING = ACCEPT + """
  fd = c.fileno(); handler[2] = sys.argv[2].replace("fileno=0", f"fileno={fd}")
  subprocess.run(handler, pass_fds=[fd]); c.close()
"""
BY_SPAWN = ACCEPT + """
  os.waitpid(os.posix_spawn(handler[0], handler, os.environ,
             file_actions=[(os.POSIX_SPAWN_DUP2, c.fileno(), 0)]), 0); c.close()
"""
# Fails thrice, and then is the handler itself.
FAILING = ACCEPT + """
  os.set_inheritable(c.fileno(), True)
  for path in ("/nowhere/at/all", "/", "/dev/null"):
    try: os.execv(path, [path])
    except OSError: pass
  try: subprocess.run(["/nowhere/at/all"], pass_fds=[c.fileno()])
  except OSError: pass
  try: os.posix_spawn("/nowhere/at/all", ["x"], os.environ)
  except OSError: pass
  code = sys.argv[2].replace("fileno=0", f"fileno={c.detach()}"); exec(code); s.close()
"""
# Connects onward before it has asked where its client wanted to go, and after it.
TWICE = """
import socket
s = socket.socket(fileno=0); to = socket.socket(), socket.socket()
before = to[0].connect_ex(("93.184.216.34", 80)); s.getsockopt(socket.SOL_IP, 80, 16)
s.sendall(f"{before} {to[1].connect_ex(('93.184.216.34', 80)) != 0}".encode())
"""
FIRST_ONLY = SERVE + """
c, _ = listener.accept(); process = subprocess.Popen(handler, stdin=c); c.close()
while True: process = process, listener.accept()
"""
# Starts programs that do not get it.
OTHERS = ACCEPT + """
  if os.fork() == 0: os.execvp("true", ["true"])
  os.wait(); subprocess.run(["true"]); os.system("true")
  subprocess.run(["true"], pass_fds=[listener.fileno()])
  os.waitpid(os.posix_spawnp("true", ["true"], os.environ), 0)
  code = sys.argv[2].replace("fileno=0", f"fileno={c.detach()}"); exec(code); s.close()
"""
# The listening socket, and one connection that waits, go on to the next program.
UPGRADE = """
import os, socket, sys
generation, fd = int(sys.argv[2]), int(sys.argv[3])
listener = socket.socket(fileno=fd) if fd else socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.set_inheritable(True)
c, _ = listener.accept()
c.sendall(socket.inet_ntoa(c.getsockopt(socket.SOL_IP, 80, 16)[4:8]).encode() + b"\\n"); c.close()
os.execv(sys.executable, [sys.executable, "-c", os.environ["CODE"], "0", str(generation + 1),
                          str(listener.fileno())])
"""
DATAGRAMS = """
import os, socket, sys
if len(sys.argv) > 1:
  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", int(sys.argv[1])))
  keep = socket.create_server(("127.0.0.1", 0))  # last: the client is started once this listens
  s.recv(100, socket.MSG_PEEK)
  os.dup2(s.fileno(), 0); os.execv(sys.executable, [sys.executable, "-c", os.environ["CODE"]])
s = socket.socket(fileno=0)
while True:
  data, where = s.recvfrom(100); s.sendto(b"answer to " + data, where)
"""
# Two destinations of one socket that one proxy has: one of them needs a relay socket. Before and after.
# There is no server, so that no process but its own needs it.
CARRIED = """
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, fileno=0 if len(sys.argv) == 1 else None)
for where in ("192.0.2.53", "192.0.2.54"): s.sendto(where.encode(), (where, 53))
if len(sys.argv) > 1:
  os.dup2(s.fileno(), 0); os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
SIX = """
import socket
s = socket.socket(fileno=0)
s.sendall(socket.inet_ntop(socket.AF_INET6, s.getsockopt(41, 80, 28)[8:24]).encode())
"""


def python(code, *arguments):
    return [sys.executable, "-c", code, *arguments]


def ask(w, count, *command, **options):
    return w.run(exec_calls.scenario(w, *command), *python(exec_calls.ASK, str(count)), **options)


def try_python(w):
    for what, server in (("fork", BY_FORK), ("subprocess", BY_SUBPROCESS), ("pass_fds", BY_PASSING),
                         ("os.posix_spawn", BY_SPAWN)):
        exec_calls.expect_answers(ask(w, 2, *python(server, "0", SAY)), 2, what)
        exec_calls.expect_handed_over(w, 2, what)
    exec_calls.expect_answers(ask(w, 1, *python(BY_FORK, "0", SAY.replace("=0", "=1"))), 1,
                              "its other descriptor")
    ask(w, 1, *python(BY_SUBPROCESS, "0", CONNECT))
    loops = w.events("loop")
    handlers = {e["process"] for e in w.events("original destination queried")}
    world.expect(loops and {e["process"] for e in loops} <= handlers,
                 f"a handler that connects onward without records: {w.events()}")


def try_decisions(w):
    """A program that was started with a connection continues it, whether it asks about it or not."""
    done = w.run(exec_calls.scenario(w, *python(FIRST_ONLY, "0", TWICE)), *python(exec_calls.ASK, "1"))
    loops = w.events("loop")
    world.expect(done.stdout == "111 True" and loops, f"a loop that is not seen: {done} {loops}")


def try_servers(w):
    """Servers that everybody has, with a handler that knows of conntrail no more than they do."""
    handler = os.path.join(w.folder, "handler.py")
    with open(handler, "w", encoding="ascii") as file:
        file.write(SAY)
    for server in ("socat", "tcpserver"):
        port = str(world.free_port())
        command = {"socat": ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork",
                             f"EXEC:{sys.executable} {handler},nofork"],
                   "tcpserver": ["tcpserver", "-HRl0", "127.0.0.1", port, sys.executable, handler]}
        exec_calls.expect_answers(ask(w, 2, *command[server]), 2, server)
        exec_calls.expect_handed_over(w, 2, server)


def try_unchanged(w):
    """Execs that fail, or whose programs do not get it: a connection ends when it always did."""
    for what, server in (("execs that fail", FAILING), ("other programs", OTHERS)):
        exec_calls.expect_answers(ask(w, 2, *python(server, "0", SAY)), 2, what)
        kinds = [e["kind"] for e in w.events()]
        world.expect(kinds.count("closed") == 2 and not w.events("misuse"), f"{what}: {kinds}")


def try_upgrade(w):
    done = ask(w, 4, *python(UPGRADE, "0", "1", "0"), env={**os.environ, "CODE": UPGRADE})
    exec_calls.expect_answers(done, 4, "a listening socket that is handed on")
    world.expect(len(w.events("accepted")) == 4, f"handed on: {w.events()}")


def try_datagrams(w):
    port = world.free_port(socket.SOCK_DGRAM)
    scenario = w.scenario({
        "programs": [{"name": "udp", "command": python(DATAGRAMS, str(port))}],
        "services": [{"name": "acme", "redirect": [
            {"rule": "udp 192.0.2.0/24 port 53", "to": f"127.0.0.1:{port}"}]}]})
    done = w.run(scenario, *python(
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(100)\n"
        "s.sendto(b'me', ('192.0.2.53', 53)); print(*s.recvfrom(100))"),
        env={**os.environ, "CODE": DATAGRAMS})
    world.expect(done.stdout == "b'answer to me' ('192.0.2.53', 53)\n", f"UDP: {done}")
    said = [e["misuse"] for e in w.events("misuse")]  # X9
    world.expect(len(w.events("accepted")) == len(said) == 1 and "messages enabled" in said[0],
                 f"UDP: that its records came is not in the trail: {w.events()}")
    silent = DATAGRAMS.replace("; s.sendto(", "; print(")
    done = w.run(scenario, *python(CARRIED, CARRIED), env={**os.environ, "CODE": silent})
    to = [e["destination"] for e in w.events("redirected")]
    world.expect(done.returncode == 0 and to == ["192.0.2.53:53", "192.0.2.54:53"],
                 f"relay sockets: {to} {done}")


def try_ipv6(w):
    server = BY_SUBPROCESS.replace("127.0.0.1", "::1").replace(
        "(sys.argv[1])))", "(sys.argv[1])), family=socket.AF_INET6)")
    scenario = w.scenario({"programs": [{"name": "inetd", "command": python(server, "0", SIX)}],
                           "services": [{"name": "acme", "redirect": [
                               {"rule": "tcp 2001:db8::/32 port 80", "to": "inetd"}]}]})
    done = w.run(scenario, *python("import socket\nprint(socket.create_connection("
                                   "('2001:db8::7', 80)).makefile().read())"))
    world.expect(done.stdout == "2001:db8::7\n", f"IPv6: {done}")


def try_others(w):
    """Whatever program gets it, its bytes arrive, and its end is in the trail."""
    source, binary = os.path.join(w.folder, "static.c"), os.path.join(w.folder, "static")
    with open(source, "w", encoding="ascii") as file:
        file.write('#include <unistd.h>\nint main(void) { return write(0, "static\\n", 7) != 7; }\n')
    world.expect(os.system(f"gcc -static -o {binary} {source}") == 0, "gcc -static")
    for what, change, said in (("static", ("handler,", f"['{binary}'],"), "static\n"),
                               ("no environment", ("stdin=c", "stdin=c, env={}"), "other\n")):
        server = python(BY_SUBPROCESS.replace(*change), "0", "import os; os.write(0, b'other\\n')")
        with w.serve(exec_calls.scenario(w, *server)) as served:
            done = subprocess.run([world.COMMAND, "attach", served.path, "--", *python(exec_calls.ASK, "1")],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=world.PATIENCE, check=False)
            world.expect(done.stdout == said, f"{what}: {done}")
            world.expect(world.wait_for(lambda: len(w.events("closed")) == 1), f"{what}: not closed")


world.need("socat", "tcpserver", "gcc")
with world.World() as w:
    exec_calls.try_calls(w, PROGRAM)
    exec_calls.try_among_threads(w, PROGRAM, 30)
    try_python(w)
    try_decisions(w)
    try_servers(w)
    try_unchanged(w)
    try_upgrade(w)
    try_datagrams(w)
    try_ipv6(w)
    try_others(w)
world.finish()
