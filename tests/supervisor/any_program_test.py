# SPDX-License-Identifier: MIT
"""Real programs of every kind: static ones, plugins, cleaned environments, other languages."""

import os
import shutil
import subprocess
import sys

import world

URL = f"http://{world.WHERE}/hello"
PLUGIN = """
#include <stdlib.h>
int go(const char *command) { return system(command); }
"""
OPENER = """
#include <dlfcn.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
int go(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(80)};
  char text[1000] = "GET /hello HTTP/1.0\\r\\n\\r\\n";
  int s = socket(AF_INET, SOCK_STREAM, 0);
  ssize_t n;
  inet_pton(AF_INET, "93.184.216.34", &a.sin_addr);
  if (connect(s, (void *)&a, sizeof a) || write(s, text, strlen(text)) < 0) return 1;
  while ((n = read(s, text, sizeof text)) > 0) if (write(1, text, n) != n) return 1;
  return 0;
}
int main(int count, char **arguments) {
  void *plugin = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  int (*call)(void) = plugin ? (int (*)(void))dlsym(plugin, "go") : 0;
  return count == 2 && call ? call() : 2;
}
"""
# Without net/http, which takes a minute to compile where it is not compiled yet.
GO = """package main
import ("fmt"; "io"; "net"; "os")
func main() {
  c, e := net.Dial("tcp", os.Args[1] + ":80")
  if e != nil { fmt.Println(e); os.Exit(1) }
  fmt.Fprint(c, "GET /hello HTTP/1.0\\r\\n\\r\\n")
  io.Copy(os.Stdout, c)
}
"""
GO_PROXY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/languages/go")


def check(w, what, *command, **options):
    done = w.run(w.direct(), *command, **options)
    world.expect(done.returncode == 0 and "hello-world" in done.stdout, f"{what}: {done}")
    world.expect(w.events("redirected") and w.events("accepted"),
                 f"{what}: {[e['kind'] for e in w.events()]}")
    world.expect(not w.events("misuse"), f"{what}: {w.events('misuse')}")


def blocked(w, what, *command):
    """It must not pass a block."""
    path = w.scenario({"services": [{"name": "acme", "block": ["tcp 93.184.216.0/24"]}]})
    done = w.run(path, *command)
    world.expect("hello-world" not in done.stdout and w.events("blocked"), f"{what} blocked: {done}")


def write(w, name, text):
    path = os.path.join(w.folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def build(w, *command, within=None, **environment):
    done = subprocess.run(command, cwd=within or w.folder, capture_output=True, text=True, check=False,
                          timeout=600, env={**os.environ, **environment})
    world.expect(done.returncode == 0, f"{command[0]} failed: {done.stderr[-300:]}")
    return done.returncode == 0


def deep_bind(w):
    source = write(w, "opener.c", OPENER)
    if build(w, "cc", "-D_GNU_SOURCE", "-shared", "-fPIC", source, "-o", "plugin.so") and \
            build(w, "cc", "-D_GNU_SOURCE", source, "-o", "opener"):
        opener = os.path.join(w.folder, "opener")
        check(w, "RTLD_DEEPBIND", opener, os.path.join(w.folder, "plugin.so"))


def build_go(w, name, cgo, *source, within=None):
    command = ("go", "build", "-o", os.path.join(w.folder, name), *source)
    return build(w, *command, within=within, CGO_ENABLED=cgo, GO111MODULE="auto", GOPROXY="off", GOFLAGS="-p=2",
                 GOCACHE=os.path.join(w.folder, "cache"))


def go(w):
    """Clients, and the proxies of two vendors, which carry records by the numbers of linux.h."""
    if not shutil.which("go"):
        print("not checked: Go is not installed")
        return
    source = write(w, "client.go", GO)
    for name, cgo in (("go-static", "0"), ("go-cgo", "1")):
        if build_go(w, name, cgo, source) and build_go(w, name + "-proxy", cgo, within=GO_PROXY):
            client = os.path.join(w.folder, name)
            check(w, name, client, world.WHERE)
            blocked(w, name, client, world.WHERE)
            proxy = [client + "-proxy", "PLACE"]
            done = w.run(w.chain(("acme", "bravo"), {"acme": proxy, "bravo": proxy}), client, world.WHERE)
            delivered = [e.get("hops") for e in w.events("delivered")]
            world.expect("hello-world" in done.stdout and delivered == [2], f"{name}: {done} {delivered}")


def php(w):
    if not shutil.which("php"):
        print("not checked: PHP is not installed")
        return
    script = f"$c = curl_init('{URL}'); curl_exec($c);"
    check(w, "php with curl", "php", "-r", script)
    blocked(w, "php with curl", "php", "-r", script)
    check(w, "php's streams", "php", "-r", f"readfile('{URL}');")


def busybox(w):
    if not shutil.which("busybox"):
        print("not checked: busybox is not installed")
        return
    check(w, "busybox", "busybox", "wget", "-q", "-O", "-", URL)
    check(w, "busybox, env -i", "env", "-i", shutil.which("busybox"), "wget", "-q", "-O", "-", URL)


def others(w):
    for name, command in (
            ("env -i", ["env", "-i", shutil.which("curl"), "-sS", "-m", "100", URL]),
            ("setsid", ["setsid", "-w", "curl", "-sS", "-m", "100", URL]),
            ("strace", ["strace", "-f", "-o", "/dev/null", "curl", "-sS", "-m", "100", URL]),
            ("perl", ["perl", "-MIO::Socket::INET", "-e",
                      "$s = IO::Socket::INET->new('93.184.216.34:80') or die; "
                      "print $s \"GET /hello HTTP/1.0\\r\\n\\r\\n\"; print while <$s>"]),
            ("asyncio", [sys.executable, "-c", f"""
import asyncio
async def main():
    r, w = await asyncio.open_connection("{world.WHERE}", 80)
    w.write(b"GET /hello HTTP/1.0\\r\\n\\r\\n"); print(await r.read())
asyncio.run(main())"""])):
        if shutil.which(command[0]) and (name != "setsid" or shutil.which("setsid")):
            check(w, name, *command)
        else:
            print(f"not checked: {name} is not installed")


with world.World() as w:
    os.chmod(w.folder, 0o755)
    others(w)
    busybox(w)
    deep_bind(w)
    php(w)
    go(w)
world.finish()
