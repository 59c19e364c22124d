# SPDX-License-Identifier: MIT
"""Finished proxies, which know nothing of records: alone, their loop is named within ten rounds; a service that
exempts them by name has its page. And servers that are clients as well."""

import os

from program import URL, WHERE, expect, program
import program as tests

MOST_ENTRIES = 10


def place():
    return f"127.0.0.1:{tests.world.free_port()}"


def fetch(to):
    """A client that waits until its proxy listens, where that is an address: conntrail-emu waits for programs."""
    curl = f"exec curl -sS -m 60 {URL}"
    if to == "acme-proxy":
        return ["sh", "-c", curl]
    listening = f"ss -Hltn sport = :{to.rpartition(':')[2]} | grep -q ."
    return ["sh", "-c", f"for i in $(seq 300); do {listening} && break; sleep 0.1; done; {curl}"]


def transparent(test, proxy, others=(), onward="acme-proxy", to="acme-proxy"):
    """ONWARD is the program that connects to the destination; TO, where the service redirects to."""
    content = {
        "programs": [test.origin(), *others, {"name": "acme-proxy", "command": proxy, "ready_within": 60}],
        "services": [{"name": "acme", "redirect": [{"rule": f"tcp {WHERE} port 80", "to": to}]}],
        "routes": {f"{WHERE}:80": "origin"}}
    done = test.supervise(test.scenario(content), *fetch(to))
    entries, loops = len(test.events("redirected")), test.events("loop")
    expect("hello-world" not in done.stdout, f"without records it came: {done.stdout}")
    expect(loops and all(e["service"] == "acme" for e in loops), f"no loop is named; {entries} entries; {done.stderr[-800:]}")
    expect(0 < entries <= MOST_ENTRIES, f"{entries} entries before the loop is named")
    content["services"][0]["exempt_programs"] = [onward]
    test.got(test.supervise(test.scenario(content), *fetch(to)), "hello-world")
    expect({e["program"] for e in test.events("exempted")} == {onward}, "another program was exempted")
    test.told()


@program("haproxy transparent", "haproxy", "curl")
def haproxy(test):
    """Its server 0.0.0.0 is wherever the client wanted to go."""
    transparent(test, ["haproxy", "-db", "-f", test.write("haproxy.cfg", f"""
defaults
  mode tcp
  timeout connect 30s
  timeout client 60s
  timeout server 60s
listen transparent
  bind {place()}
  server there 0.0.0.0:0
""")])


@program("haproxy", "haproxy", "curl")
def haproxy_front(test):
    """As client of both vendors, with a connection for each request."""
    here = place()
    front = {"name": "haproxy", "command": ["haproxy", "-db", "-f", test.write("haproxy.cfg", f"""
defaults
  mode http
  timeout connect 30s
  timeout client 60s
  timeout server 60s
listen front
  bind {here}
  option http-server-close
  server there {WHERE}:80
""")]}
    scenario = test.two_vendors([test.origin(), front])
    done = test.supervise(scenario, "curl", "-sS", "-m", "60", f"http://{here}/hello", f"http://{here}/hello")
    test.got(done, "hello-world\nhello-world\n")
    test.delivered(2)
    test.told()


@program("nginx", "nginx", "curl")
def nginx(test):
    """As client of both vendors, and as their server."""
    front, back = place(), place()
    folders = " ".join(f"{kind}_temp_path {test.folder}/temporary;" for kind in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = test.write("nginx.conf", f"""
daemon off; worker_processes 2; pid {test.folder}/pid; error_log {test.folder}/log; events {{ }}
http {{ access_log off; {folders}
server {{ listen {front}; location / {{ proxy_pass http://{WHERE}:80; }} }}
server {{ listen {back}; root {test.folder}; }} }}
""")
    server = {"name": "nginx", "command": ["nginx", "-p", test.folder, "-c", conf]}
    scenario = test.two_vendors([server], {f"{WHERE}:80": back})
    done = test.supervise(scenario, "curl", "-sS", "-m", "60", f"http://{front}/hello", f"http://{front}/hello")
    test.got(done, "hello-world\nhello-world\n")
    test.delivered(2)
    test.told()


def squid_command(test, ports):
    folder = test.folder_of("squid", "proxy")
    conf = test.write("squid.conf", f"""
{ports}
http_access allow all
cache deny all
cache_effective_user proxy
pid_filename {folder}/pid
cache_log {folder}/cache.log
access_log none
coredump_dir {folder}
netdb_filename none
pinger_enable off
visible_hostname localhost
shutdown_lifetime 0 seconds
""")
    return ["squid", "-N", "-n", "conntrail" + os.path.basename(test.folder).replace("-", "").replace("_", ""), "-f", conf]


@program("squid transparent", "squid", "curl")
def squid_transparent(test):
    """It wants a port for clients that know of it as well."""
    here = place()
    transparent(test, squid_command(test, f"http_port {place()}\nhttp_port {here} intercept"), to=here)


@program("squid", "squid", "curl")
def squid(test):
    """As the proxy that the client is told of: its own connection goes through both vendors."""
    here = place()
    server = {"name": "squid", "ready_within": 60, "command": squid_command(test, f"http_port {here}")}
    done = test.supervise(test.two_vendors([test.origin(), server]), "curl", "-sS", "-m", "60", "-x", f"http://{here}", URL)
    test.got(done, "hello-world")
    test.delivered()
    test.told()


@program("mitmproxy transparent", "mitmdump", "curl")
def mitmproxy(test):
    port = str(tests.world.free_port())
    transparent(test, ["mitmdump", "-q", "--mode", "transparent", "--listen-host", "127.0.0.1", "--listen-port", port,
                       "--set", "confdir=" + test.folder_of("mitmproxy")])


@program("redsocks tinyproxy", "redsocks", "tinyproxy", "curl")
def redsocks(test):
    """Two processes: redsocks asks tinyproxy to connect."""
    near, far = place(), place()
    conf = test.write("redsocks.conf", """
base { log_debug = off; log_info = off; log = stderr; daemon = off; redirector = iptables; }
redsocks { local_ip = 127.0.0.1; local_port = %s; ip = 127.0.0.1; port = %s; type = http-connect; }
""" % (near.rpartition(":")[2], far.rpartition(":")[2]))
    tiny = test.write("tinyproxy.conf", f"""
Listen 127.0.0.1
Port {far.rpartition(":")[2]}
Timeout 60
LogFile "{test.folder}/tinyproxy.log"
MaxClients 100
""")
    server = {"name": "tinyproxy", "command": ["tinyproxy", "-d", "-c", tiny]}
    transparent(test, ["redsocks", "-c", conf], [server], "tinyproxy")


@program("socat exec", "socat", "curl")
def socat(test):
    """A process for each connection, which starts another program; that one connects."""
    transparent(test, ["socat", f"TCP-LISTEN:{tests.world.free_port()},bind=127.0.0.1,fork,reuseaddr",
                       f"EXEC:socat - TCP\\:{WHERE}\\:80"])
