# SPDX-License-Identifier: MIT
"""Real programs, unmodified, under conntrail-emu: each is redirected, and gets what it asked for."""

import json
import os
import shutil
import subprocess
import sys

import world

# Program, its command, and what its output must hold.
URL = f"http://{world.WHERE}/hello"
POLL = """
import select, socket
s = socket.socket(); s.setblocking(False)
try: s.connect(("93.184.216.34", 80))
except BlockingIOError: pass
p = %s; p.register(s, %s); p.poll(); assert not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
assert s.getpeername() == ("93.184.216.34", 80), s.getpeername()
s.setblocking(True); s.sendall(b"GET /hello HTTP/1.0\\r\\n\\r\\n")
print(s.makefile().read())
"""
SELECT = POLL.replace("p = %s; p.register(s, %s); p.poll()", "select.select([], [s], [], 10)")
THREADS = """
import threading, urllib.request
def get():
    for _ in range(5): got.append(urllib.request.urlopen("http://93.184.216.34/hello").read())
got = []; all = [threading.Thread(target=get) for _ in range(8)]
[t.start() for t in all]; [t.join() for t in all]
print(len(got) == 40 and set(got) == {b"hello-world\\n"} and "hello-world")
"""
FORK = """
import os, socket
s = socket.socket()
if os.fork() == 0:
    s.connect(("93.184.216.34", 80)); s.sendall(b"GET /hello HTTP/1.0\\r\\n\\r\\n")
    print(s.makefile().read(), flush=True); os._exit(0)
os.wait()
"""
SHARED = """
import os, socket, time
all = [socket.socket() for _ in range(50)]
if os.fork() == 0: os._exit(0)
os.wait(); time.sleep(0.1)
more = [socket.socket() for _ in range(50)]
for s in all + more: s.connect(("93.184.216.34", 80))
for s in all: s.sendall(b"GET /hello HTTP/1.0\\r\\n\\r\\n")
print({s.makefile().read()[-12:] for s in all})
"""
PROGRAMS = [
    ("curl", ["curl", "-sS", "-m", "100", URL]),
    ("wget", ["wget", "-q", "-O", "-", "-T", "100", "-t", "1", URL]),
    ("node", ["node", "-e", f"require('http').get('{URL}', r => r.pipe(process.stdout))"]),
    ("bash", ["bash", "-c", f"exec 3<>/dev/tcp/{world.WHERE}/80; "
              "printf 'GET /hello HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"]),
    ("socat", ["sh", "-c", "printf 'GET /hello HTTP/1.0\\r\\n\\r\\n' | "
               f"socat -t 10 - TCP:{world.WHERE}:80"]),
    ("poll", [sys.executable, "-c", POLL % ("select.poll()", "select.POLLOUT")]),
    ("epoll", [sys.executable, "-c", POLL % ("select.epoll()", "select.EPOLLOUT")]),
    ("select", [sys.executable, "-c", SELECT]),
    ("threads", [sys.executable, "-c", THREADS]),
    ("fork", [sys.executable, "-c", FORK]),
    ("a child that ends first", [sys.executable, "-c", SHARED]),
    ("children", ["sh", "-c", f"curl -sS -m 100 {URL}; wget -q -O - -t 1 {URL}"]),
]


def try_all(w):
    for name, command in PROGRAMS:
        if not shutil.which(command[0]):
            world.expect(False, f"{name}: not installed; ci/setup suite installs it")
            continue
        done = w.run(w.direct(), *command)
        world.expect(done.returncode == 0 and "hello-world" in done.stdout, f"{name}: {done}")
        world.expect(w.events("redirected"), f"{name}: not redirected")
        world.expect(w.events("accepted"), f"{name}: not accepted")
        world.expect(not w.events("misuse"), f"{name}: {w.events('misuse')}")


def nginx(w):
    """As proxy of the service: it knows nothing of records, so the trail shows its loop; as server."""
    port, back = world.free_port(), world.free_port()
    conf = os.path.join(w.folder, "nginx.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(f"""daemon off; master_process on; worker_processes 2; pid {w.folder}/pid;
error_log {w.folder}/log; events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {w.folder}/b; proxy_temp_path {w.folder}/p;
fastcgi_temp_path {w.folder}/f; uwsgi_temp_path {w.folder}/u; scgi_temp_path {w.folder}/s;
server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{world.WHERE}:80; }} }}
server {{ listen 127.0.0.1:{back}; root {w.folder}; }} }}
""")
    os.chmod(w.folder, 0o755)
    program = {"name": "nginx", "command": ["nginx", "-p", w.folder, "-c", conf]}
    service = {"name": "acme", "redirect": [
        {"rule": "tcp 93.184.216.0/24 port 80", "to": f"127.0.0.1:{back}"}]}
    done = w.run(w.scenario({"programs": [program], "services": [service]}),
                 "curl", "-sS", "-m", "100", f"http://127.0.0.1:{port}/hello")
    world.expect(done.stdout == "hello-world\n", f"nginx as client and server: {done}")
    world.expect([e for e in w.events("redirected") if e.get("program") == "nginx"],
                 "nginx' own connection was not redirected")
    service["redirect"][0]["to"] = f"127.0.0.1:{port}"
    done = w.run(w.scenario({"programs": [program], "services": [service],
                             "routes": {f"{world.WHERE}:80": f"127.0.0.1:{back}"}}),
                 "curl", "-sS", "-m", "100", f"http://{world.WHERE}/hello")
    world.expect("hello-world" not in done.stdout, "nginx as a proxy: no records, yet delivered")
    world.expect(w.events("loop"), f"nginx as a proxy: no loop in {[e['kind'] for e in w.events()]}")


def dig(w):
    place = world.free_port(world.socket.SOCK_DGRAM)
    server = os.path.join(w.folder, "dns.py")
    with open(server, "w", encoding="ascii") as file:
        file.write("""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", int(sys.argv[1])))
keep = socket.create_server(("127.0.0.1", 0))  # last: the client is started once this listens
while True:
    d, a = s.recvfrom(2000); q = d[12:]; n = q.index(b"\\0") + 5
    s.sendto(d[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0" + q[:n] +
             b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\1\\2\\3\\4", a)
""")
    scenario = w.scenario({
        "programs": [{"name": "dns", "command": [sys.executable, server, str(place)]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": "udp 192.0.2.53 port 53", "to": f"127.0.0.1:{place}"}]}]})
    done = w.run(scenario, "dig", "+short", "+tries=1", "+time=20", "@192.0.2.53", "example.com")
    world.expect(done.stdout.strip() == "1.2.3.4", f"dig: {done}")
    world.expect(w.events("redirected"), "dig: not redirected")
    relay = os.path.join(w.folder, "relay.json")
    relays = [world.free_port(world.socket.SOCK_DGRAM) for _ in range(2)]
    commands = []
    for port in relays:
        path = relay + str(port)
        with open(path, "w", encoding="ascii") as file:
            json.dump({"listen": [{"udp": f"127.0.0.1:{port}"}, {"tcp": "127.0.0.1:0"}]}, file)
        commands.append([world.REFERENCE, path])
    scenario = w.scenario({
        "programs": [{"name": "dns", "command": [sys.executable, server, str(place)]},
                     {"name": "acme-relay", "command": commands[0]},
                     {"name": "bravo-relay", "command": commands[1]}],
        "services": [{"name": name, "record_padding": 30000, "redirect": [
            {"rule": "udp 192.0.2.53 port 53", "to": f"127.0.0.1:{port}"}]}
            for name, port in zip(("acme", "bravo"), relays)],
        "routes": {"192.0.2.53:53": f"127.0.0.1:{place}"}})
    # Once each: a second try would be a flow of its own.
    done = w.run(scenario, "sh", "-c", "for i in 1 2 3; do dig +short +tries=1 +time=18 "
                 "@192.0.2.53 example.com; done")
    world.expect(done.stdout.split() == ["1.2.3.4"] * 3, f"dig through two relays: {done}")
    took = [e["service"] for e in w.events("redirected")]
    world.expect(sorted(took) == ["acme"] * 3 + ["bravo"] * 3, f"dig: redirected by {took}")
    kinds = [e["kind"] for e in w.events()]
    world.expect(kinds.count("records received") >= 6 and kinds.count("delivered") == 3
                 and "loop" not in kinds and "misuse" not in kinds, f"dig: {kinds}")


def git(w):
    """A clone over http, of a repository that any web server can serve."""
    repository = os.path.join(w.folder, "repository.git")
    inside = ["git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@b"]
    tree = subprocess.run(["git", "init", "-q", "--bare", repository], check=True)
    tree = subprocess.run([*inside, "hash-object", "-w", "-t", "tree", "/dev/null"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()
    commit = subprocess.run([*inside, "commit-tree", "-m", "first", tree], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.strip()
    subprocess.run([*inside, "update-ref", "HEAD", commit], check=True)
    subprocess.run([*inside, "update-server-info"], check=True)
    clone = os.path.join(w.folder, "clone")
    done = w.run(w.direct(), "git", "clone", "-q", f"http://{world.WHERE}/repository.git", clone)
    world.expect(done.returncode == 0, f"git clone: {done}")
    head = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], stdout=subprocess.PIPE,
                          text=True, check=False).stdout.strip()
    world.expect(head == commit, f"git: cloned {head!r} instead of {commit!r}")
    world.expect(w.events("redirected"), "git: not redirected")


def openssl(w):
    """TLS through the proxy, with what the server's certificate is signed by."""
    key, certificate = os.path.join(w.folder, "key"), os.path.join(w.folder, "certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                    "/CN=conntrail", "-keyout", key, "-out", certificate, "-days", "2"],
                   stderr=subprocess.DEVNULL, check=True)
    port = world.free_port()
    server = ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-www",
              "-key", key, "-cert", certificate]
    scenario = w.scenario({
        "programs": [{"name": "tls", "command": server},
                     {"name": "proxy", "command": w.reference("proxy")}],
        "services": [{"name": "acme", "redirect": [
            {"rule": f"tcp {world.WHERE} port 443", "to": "proxy"}]}],
        "routes": {f"{world.WHERE}:443": "tls"}})
    done = w.run(scenario, "sh", "-c", "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client "
                 f"-connect {world.WHERE}:443 -CAfile {certificate} -verify_return_error -ign_eof")
    world.expect(done.returncode == 0 and "HTTP/1.0 200" in done.stdout, f"openssl: {done}")
    world.expect("Verify return code: 0 (ok)" in done.stdout, f"openssl: {done.stdout}")
    world.expect(w.events("delivered"), "openssl: not delivered")


def iperf(w):
    """Four streams beside its control connection, to a server at [::] that takes both families."""
    port = world.free_port()
    scenario = w.scenario({
        "programs": [{"name": "iperf", "command": ["iperf3", "-s", "-p", str(port)]}],
        "services": [{"name": "acme", "redirect": [
            {"rule": f"tcp {world.WHERE} port 5201", "to": "iperf"}]}]})
    done = w.run(scenario, "iperf3", "-c", world.WHERE, "-P", "4", "-t", "1", "-J")
    world.expect(done.returncode == 0, f"iperf3: {done.stdout[-500:]} {done.stderr[-500:]}")
    world.expect(len(w.events("redirected")) == 5, f"iperf3: {len(w.events('redirected'))} redirects")
    moved = json.loads(done.stdout)["end"]["sum_received"]["bytes"] if done.returncode == 0 else 0
    world.expect(moved > 1 << 20, f"iperf3: {moved} bytes")


def both_families(w):
    """A rule without an address, a route, and one server for both families."""
    server = os.path.join(w.folder, "both.py")
    with open(server, "w", encoding="ascii") as file:
        file.write("import socket\n"
                   "s = socket.create_server(('', 0), family=socket.AF_INET6, dualstack_ipv6=True)\n"
                   "while True:\n  c, a = s.accept(); c.sendall(a[0].encode()); c.close()\n")
    program = {"name": "both", "command": [sys.executable, server]}
    ask = ("import socket, sys\nfor a in sys.argv[1:]:\n"
           "  print(socket.create_connection((a, 80)).makefile().read())\n")
    by_rule = {"programs": [program], "services": [
        {"name": "acme", "redirect": [{"rule": "tcp any port 80", "to": "both"}]}]}
    by_route = {"programs": [program], "routes": {"192.0.2.1:80": "both",
                                                  "[2001:db8::1]:80": "both"}}
    for name, content in (("rule", by_rule), ("route", by_route)):
        done = w.run(w.scenario(content), sys.executable, "-c", ask, "192.0.2.1", "2001:db8::1")
        world.expect(done.stdout.split() == ["::ffff:127.0.0.1", "::1"], f"by {name}: {done}")


# At [::] or [::1] for IPV6 alone; with a pipe's path at 127.0.0.1 as well, known by its end.
IPV6_ONLY = """
import select, socket, sys
every = [socket.create_server(("127.0.0.1", 0))] if len(sys.argv) > 2 else []
every.append(socket.create_server((sys.argv[1], 0), family=socket.AF_INET6, dualstack_ipv6=False))
if len(sys.argv) > 2:
    open(sys.argv[2], "w").close()
while True:
    for s in select.select(every, [], [])[0]:
        c, a = s.accept(); c.sendall(a[0].encode()); c.close()
"""
AFTER = "import socket, sys; open(sys.argv[1]).read(); s = socket.create_server(('127.0.0.1', 0))" \
        "; s.accept()"
ASK = """
import socket, sys
for a in sys.argv[1:]:
    try: print(socket.create_connection((a, 80), 20).makefile().read())
    except OSError: print("none")
"""


def ipv6_only(w):
    """Who listens at [::] with IPV6_V6ONLY is not there for IPv4, and is refused by name."""
    for name, rest in (
            ("192.0.2.0/24", {"services": [{"name": "acme", "redirect": [
                {"rule": "tcp 192.0.2.0/24 port 80", "to": "only6"}]}]}),
            ("192.0.2.1:80", {"routes": {"[2001:db8::1]:80": "only6", "192.0.2.1:80": "only6"}})):
        for host, is_said in (("::", True), ("::1", False)):
            program = {"name": "only6", "command": [sys.executable, "-c", IPV6_ONLY, host]}
            done = w.run(w.scenario({"programs": [program], **rest}), "true")
            world.expect(done.returncode == 125 and f'"{name}' in done.stderr.replace("tcp ", "") and
                         f'"only6" listens for IPv6 alone, at [{host}]:' in done.stderr and
                         ("IPV6_V6ONLY" in done.stderr) == is_said, f"IPv6 at {host}: {done}")
    pipe = os.path.join(w.folder, "pipe")
    os.mkfifo(pipe)
    programs = [{"name": "only6", "command": [sys.executable, "-c", IPV6_ONLY, "::"]},
                {"name": "after", "command": [sys.executable, "-c", AFTER, pipe]}]
    service = {"name": "acme", "redirect": [{"rule": "tcp any port 80", "to": "only6"}]}
    for count, expected in ((1, ["none", "::1"]), (2, ["127.0.0.1", "::1"])):
        programs[0]["command"][4:] = [pipe] * (count - 1)
        done = w.run(w.scenario({"programs": programs[:count], "services": [service]}),
                     sys.executable, "-c", ASK, "192.0.2.1", "2001:db8::1")
        world.expect(done.stdout.split() == expected, f"{count} of {programs}: {done}")


with world.World() as w:
    try_all(w)
    nginx(w)
    dig(w)
    git(w)
    openssl(w)
    iperf(w)
    both_families(w)
    ipv6_only(w)
world.finish()
