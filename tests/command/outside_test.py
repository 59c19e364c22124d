# SPDX-License-Identifier: MIT
"""A connection by a raw system call is not redirected; that it was made is told in the trail, once,
however the process comes to its end (X7)."""

import os
import sys

import world

CONNECTED = """
import ctypes, os, socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 0)); client = socket.socket()
to = (b"\\2\\0" + server.getsockname()[1].to_bytes(2, "big") + socket.inet_aton("127.0.0.1") + bytes(8))
libc = ctypes.CDLL(None)
assert libc.syscall(42, client.fileno(), to, len(to)) == 0
"""
ENDS = {
    "close": "client.close()",
    "dup2 over it": "os.dup2(0, client.fileno())",
    "os.closerange": "os.closerange(client.fileno(), client.fileno() + 1)",
    "exit": "keep = server.accept()[0].detach(); server.detach(); client.detach()",
    "exit of C": "libc.exit(0)",
    "_exit": "os._exit(0)",
    "_Exit": "libc._Exit(0)",
    "exec": "os.execvp('true', ['true'])",
    "an exec that fails, and close": """
try: os.execv("/nowhere/at/all", ["x"])
except OSError: client.close()
""",
    "exec of a program that has it": "os.dup2(client.fileno(), 0); os.execvp('true', ['true'])",
    "a child of fork, and close": """
if os.fork() == 0: os._exit(0)
os.wait(); client.close()
""",
    "children of vfork and of posix_spawn, and close": """
subprocess.run(["true"]); os.system("true")
os.waitpid(os.posix_spawnp("true", ["true"], os.environ), 0); client.close()
""",
}
# Nothing ends it that could be seen: then nothing is told, and nothing is told before.
KILL = "os.kill(os.getpid(), 9)"
UNSEEN = {
    "killed": KILL,
    "killed after children of vfork": f"subprocess.run(['true'], close_fds=False); {KILL}",
    "killed as another program that has it": f"""
server.accept()[0].detach(); client.set_inheritable(True)
os.execv(sys.executable, [sys.executable, "-c", "import os; {KILL}"])
""",
}

if os.uname().machine != "x86_64":
    print("skipped: the raw system call is only written for x86_64")
    sys.exit(77)
with world.World() as w:
    for what, how in ENDS.items():
        done = w.run(w.direct(), sys.executable, "-c", CONNECTED + how)
        said = [e for e in w.events("misuse") if "io_uring" in e["misuse"]]
        world.expect(done.returncode == 0 and len(said) == 1, f"{what}: {done} {w.events()}")
    for what, how in UNSEEN.items():
        done = w.run(w.direct(), sys.executable, "-c", CONNECTED + how)
        world.expect(done.returncode == 128 + 9 and not w.events("misuse"), f"{what}: {done}")
    done = w.run(w.direct(), sys.executable, "-c", CONNECTED.replace(
        "assert libc.syscall(42, client.fileno(), to, len(to)) == 0",
        "client.connect(server.getsockname()); idle = socket.socket(); os._exit(0)"))
    world.expect(done.returncode == 0 and not w.events("misuse"),
                 f"nothing was connected past libc: {done} {w.events()}")
world.finish()
