# SPDX-License-Identifier: MIT
"""Names of a scenario: who finds them, who does not, and what is said of names that nobody gave."""

import json
import os
import shutil
import subprocess
import sys

import world

HOSTS = {"example.com": "93.184.216.34", "both.example": ["2001:db8::1", "192.0.2.1", "192.0.2.2"],
         "Six.Example": "2001:db8::6", "many.example": [f"192.0.2.{n}" for n in range(10, 18)]}
# DNS by hand: `ask` sends bytes to port 53 of an address and gives what comes back, b"" for nothing.
BY_HAND = """
import random, socket, struct, sys
def name(text): return b"".join(bytes([len(l)]) + l.encode() for l in text.split(".")) + b"\\0"
def query(text, type=1, cls=1, flags=0x100, count=1, more=b""):
    return struct.pack("!6H", 7, flags, count, 0, 0, 1 if more else 0) + name(text) + struct.pack("!2H", type, cls) + more
def udp(data, where="9.9.9.9"):
    s = socket.socket(socket.AF_INET6 if ":" in where else socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(100)
    s.sendto(data, (where, 53))
    try:
        got, source = s.recvfrom(4096); assert source[:2] == (where, 53), source; return got
    except TimeoutError: return b""
def ignored(bad, good):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(100)
    s.sendto(bad, ("9.9.9.9", 53)); s.sendto(b"\\1\\2" + good[2:], ("9.9.9.9", 53))
    return s.recv(4096)[:2] == b"\\1\\2"
def whole(s, size):
    got = b""
    while len(got) < size:
        more = s.recv(size - len(got))
        if not more: return b""
        got += more
    return got
def answer(s):
    size = whole(s, 2)
    return whole(s, struct.unpack("!H", size)[0]) if size else b""
def tcp(*all, where="9.9.9.9"):
    s = socket.create_connection((where, 53), 100)
    assert s.getpeername()[:2] == (where, 53)
    s.sendall(b"".join(struct.pack("!H", len(data)) + data for data in all)); s.shutdown(socket.SHUT_WR)
    return [answer(s) for _ in all]
def code(got): return got[3] & 15 if got else None
def count(got): return struct.unpack("!H", got[6:8])[0] if got else None
"""
GO = """
package main
import ("context"; "fmt"; "net"; "os"; "sort")
func main() {
    r := net.Resolver{PreferGo: true}
    found, err := r.LookupHost(context.Background(), os.Args[1])
    sort.Strings(found)
    if err != nil { fmt.Println(err.(*net.DNSError).IsNotFound) } else { fmt.Println(found) }
}
"""
MUSL = """
#include <netdb.h>
#include <stdio.h>
int main(int c, char **v) {
    struct addrinfo *found = NULL, wanted = {.ai_socktype = SOCK_STREAM};
    int error = getaddrinfo(v[c - 1], "80", &wanted, &found), count = 0;
    for (; found != NULL; found = found->ai_next) { count++; }
    printf("%d %d\\n", error, count);
}
"""


def scenario(w, **more):
    return w.scenario({"hosts": HOSTS, **more})


def by_hand(w, path, script):
    return w.run(path, sys.executable, "-c", BY_HAND + script)


def fetched(w):
    """A name as a user wants it: to a program of the scenario, in counts that lookups do not change."""
    path = scenario(w, programs=[w.origin(), {"name": "proxy", "command": [world.PROXY, "127.0.0.1"]}],
                    services=[{"name": "acme", "redirect": [{"rule": "tcp 93.184.216.0/24 port 80", "to": "proxy"}]}],
                    routes={f"{world.WHERE}:80": "origin"},
                    expect={"redirected": {"acme": 1}, "delivered": 1, "refused": 0, "connecting": 2})
    done = w.run(path, "curl", "-sS", "-m", "100", "http://EXAMPLE.com/hello")
    world.expect(done.returncode == 0 and done.stdout == "hello-world\n", f"curl: {done}")
    world.expect(not [e for e in w.events() if e.get("protocol") == "udp"], "lookups leave no trace")
    with w.serve(path) as served:
        done = subprocess.run([world.COMMAND, "attach", served.path, "--", "curl", "-sS", "http://example.com/hello"],
                              capture_output=True, text=True, timeout=world.PATIENCE, check=False)
        world.expect(done.stdout == "hello-world\n", f"attached: {done}")
    world.expect(served.code == 0, f"serve: {served.code} {served.said}")


def resolvers(w):
    """glibc, busybox, dig, Python, node, Go's own, musl's: each finds all, and is told what is not there."""
    both = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    path = scenario(w)
    for name, command in (
            ("getent", "getent ahosts both.example | cut -d' ' -f1"),
            ("busybox", "busybox nslookup both.example | sed -n '/^Name/,$s/^Address: *//p'"),
            ("dig", "dig +short both.example A both.example AAAA"),
            ("dig by TCP", "dig +tcp +short @127.0.0.53 both.example A @::1 both.example AAAA"),
            ("dig ANY", "dig +short @2001:db8::53 both.example ANY"),
            ("host", "host both.example 9.9.9.9 | sed -n 's/.* address //p'"),
            ("node", "node -e 'require(\"dns\").lookup(\"both.example\", {all: true}, "
                     "(e, all) => all.forEach(a => console.log(a.address)))'"),
            ("python", f"{sys.executable} -c 'import socket\nfor a in socket.getaddrinfo(\"BOTH.example\", 80): "
                       "print(a[4][0])'")):
        if not shutil.which(name.split()[0]):
            print(f"not checked: {name}: not installed")
            continue
        done = w.run(path, "sh", "-c", command)
        world.expect(sorted(set(done.stdout.split())) == both, f"{name}: {done}")
    done = w.run(path, "sh", "-c", "getent hosts six.example; getent ahostsv4 six.example; echo $?; "
                 "getent hosts nothing.example; echo $?; dig +short example.com MX; dig +short many.example | wc -l")
    world.expect(done.stdout.split() == ["2001:db8::6", "six.example", "2", "2", "8"], f"none of a kind: {done}")


def compiled(w):
    """Resolvers that are part of the program."""
    path = scenario(w)
    for compiler, name, text in (("go", "ask.go", GO), ("musl-gcc", "ask.c", MUSL)):
        if not shutil.which(compiler):
            print(f"not checked: {compiler}: not installed")
            continue
        source, program = os.path.join(w.folder, name), os.path.join(w.folder, "ask")
        with open(source, "w", encoding="ascii") as file:
            file.write(text)
        command = ["go", "build", "-o", program, source] if compiler == "go" else \
                  ["musl-gcc", "-static", "-o", program, source]
        subprocess.run(command, check=True, env={**os.environ, "CGO_ENABLED": "0", "GOCACHE": w.folder + "/cache",
                                                 "GOFLAGS": "-p=2"}, cwd=w.folder)
        found, missing = (w.run(path, program, host).stdout for host in ("both.example", "nothing.example"))
        expected = ("[192.0.2.1 192.0.2.2 2001:db8::1]\n", "true\n") if compiler == "go" else ("0 3\n", "-2 0\n")
        world.expect((found, missing) == expected, f"{compiler}: {found!r} {missing!r}")


def unknown(w):
    """Each once, by name, with what was probably meant; nothing for the names of addresses."""
    done = by_hand(w, scenario(w), """
for text in ("exmaple.com", "exmaple.com", "EXAMPLE.COM", "zzz.invalid", "4.3.2.1.in-addr.arpa", "a\\x1bb.example"):
    print(code(udp(query(text))))
""")
    first = '"exmaple.com" was asked for, which is none of the scenario\'s "hosts"; did you mean "example.com"?'
    texts = [first, '"zzz.invalid" was asked for, which is none of the scenario\'s "hosts"',
             '"a\\x1bb.example" was asked for, which is none of the scenario\'s "hosts"']
    world.expect(done.stdout.split() == ["3", "3", "0", "3", "3", "3"], f"NXDOMAIN: {done}")
    world.expect(done.stderr == "".join(f"conntrail-emu: {text}\n" for text in texts), f"stderr: {done.stderr!r}")
    world.expect([(e["name"], e["text"]) for e in w.events("unknown name")] ==
                 list(zip(("exmaple.com", "zzz.invalid", "a\x1bb.example"), texts)), f"trail: {w.events()}")
    done = subprocess.run([world.COMMAND, "trail", w.trail], capture_output=True, text=True, check=False)
    world.expect(first in done.stdout, f"as text: {done}")


def malformed(w):
    """No answer, or an error; and the next question is answered."""
    done = by_hand(w, scenario(w), """
good = query("example.com")
opt = b"\\0" + struct.pack("!HHIH", 41, 4096, 0, 0)
print(code(udp(query("example.com", more=opt))), count(udp(query("example.com", type=16))), code(udp(query("example.com", cls=3))))
for bad in (good[:12], good[:-1], good[:-5], good[:12] + b"\\xc0\\x0c\\0\\1\\0\\1", good[:12] + b"\\x40" + good[13:],
            good[:12] + b"\\x3f" + good[13:], good[:12] + (b"\\x3f" + b"a" * 63) * 4 + b"\\0\\0\\1\\0\\1",
            query("example.com", count=0), query("example.com", count=2), query("example.com", count=65535)):
    assert code(udp(bad)) == 1 and len(udp(bad)) == 12, bad
print(code(udp(good[:2] + b"\\x28\\0" + good[4:])), code(udp(query(".".join(["a" * 63] * 3 + ["b" * 61])))))
for bad in (b"", b"x", good[:11], query("example.com", flags=0x8180), good + bytes(600)):
    assert ignored(bad, good), bad
for seed in range(300):
    random.seed(seed)
    bad = bytearray(good)
    for _ in range(seed % 7 + 1): bad[random.randrange(len(bad))] = random.randrange(256)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(bad, ("9.9.9.9", 53)); s.close()
    if seed % 50 == 0: assert code(udp(good)) == 0, seed  # so that its queue is never full
print(code(udp(good)), [(code(got), count(got)) for got in tcp(good, query("both.example", 28), query("no.example"))])
s = socket.create_connection(("9.9.9.9", 53), 100)
for at in range(4):
    s.sendall((struct.pack("!H", len(good)) + good)[:-1]); assert code(udp(good)) == 0
    s.sendall(good[-1:]); assert code(answer(s)) == 0, at
for bad in (b"\\0\\0", b"\\x7f\\xff", b"\\2\\1" + bytes(600), b"\\0\\x0b" + good[:11]):
    s = socket.create_connection(("9.9.9.9", 53), 100); s.sendall(bad)
    try: assert s.recv(100) == b"", bad
    except ConnectionResetError: pass
every = [socket.create_connection(("9.9.9.9", 53), 100) for _ in range(70)]
for s in every[:64]: s.close()
for s in every[64:]: s.sendall(struct.pack("!H", len(good)) + good)
print({code(answer(s)) for s in every[64:]})
print(code(udp(good, "8.8.8.8")), code(udp(good, "::1")), code(udp(good, "127.0.0.53")))
""")
    world.expect(done.stdout.splitlines() == ["0 0 5", "4 3", "0 [(0, 1), (0, 1), (3, 0)]", "{0}", "0 0 0"],
                 f"malformed: {done.stdout} {done.stderr[-600:]}")


def others_come_first(w):
    """A redirect of port 53, and a route of one address, are as without hosts."""
    server = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", int(sys.argv[1])))
keep = socket.create_server(("127.0.0.1", 0))
while True:
    d, a = s.recvfrom(2000); s.sendto(d[:2] + b"own", a)
"""
    path = scenario(w, programs=[{"name": "dns", "command": [sys.executable, "-c", server, "${PORT}"]}],
                    services=[{"name": "acme", "redirect": [
                        {"rule": "udp 192.0.2.53 port 53", "to": "127.0.0.1:${dns.PORT}"}]}],
                    routes={"192.0.2.54:53": "127.0.0.1:${dns.PORT}"})
    done = by_hand(w, path, 'good = query("example.com"); print([udp(good, f"192.0.2.{n}")[2:5] for n in (53, 54)], '
                   'code(udp(good, "192.0.2.55")))')
    world.expect(done.stdout == "[b'own', b'own'] 0\n", f"others: {done}")
    world.expect([e["kind"] for e in w.events() if e.get("destination") == "192.0.2.53:53"][:2] ==
                 ["connecting", "redirected"], f"others: {w.events()}")


def without_a_resolver(w):
    """In a network of its own, where resolv.conf is empty, and nscd is there: it is not asked, and that is not said."""
    daemon = os.path.join(w.folder, "daemon.py")
    with open(daemon, "w", encoding="ascii") as file:
        file.write("import os, socket\nos.mkdir('/run/nscd')\ns = socket.socket(socket.AF_UNIX)\n"
                   "s.bind('/run/nscd/socket'); s.listen()\nif os.fork(): os._exit(0)\ns.accept()\n")
    script = (f"ip link set lo up && mount --bind /dev/null /etc/resolv.conf && mount -t tmpfs none /run && "
              f"{sys.executable} {daemon} >/dev/null 2>&1 && exec {world.COMMAND} run --quiet --strict "
              f"{scenario(w)} -- sh -c 'getent hosts example.com; getent hosts six.example'")
    done = subprocess.run(["unshare", "-Urnmpf", "--mount-proc", "--kill-child", "sh", "-c", script], capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False)
    world.expect(done.returncode == 0 and done.stdout.split()[0] == world.WHERE and "2001:db8::6" in done.stdout,
                 f"without a resolver: {done}")
    world.expect(done.stderr == "", f"nscd: {done.stderr}")


def leaves_nothing(w):
    """Its process ends with the run, however that ends; and that it ended is said."""
    path = scenario(w)
    for kill in (False, True):
        running = subprocess.Popen([world.COMMAND, "run", "--quiet", path, "--", "sh", "-c", "echo up; read x"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.stdout.readline()
        own = world.children(world.children(running.pid)[0])
        answers = [child for child in own if world.name_of(child) == "conntrail-emu"]
        world.expect(len(own) == 2 and len(answers) == 1, f"the supervisor's children: {own} {answers}")
        if kill:
            running.kill()
        else:
            os.kill(answers[0], 11)
            world.expect(running.stderr.readline() ==
                         'conntrail-emu: the process that answers for "hosts" has ended\n', "its end is said")
        running.communicate("\n" if not kill else None, timeout=world.PATIENCE)
        world.expect(world.is_gone(path), "something is left")


world.need("curl", "dig")
with world.World() as w:
    for part in (fetched, resolvers, compiled, unknown, malformed, others_come_first, leaves_nothing):
        part(w)
    if subprocess.run(["unshare", "-Urnmpf", "--mount-proc", "true"], check=False).returncode == 0:
        without_a_resolver(w)
    else:
        print("not checked: a network of its own: no namespaces here")
world.finish()
