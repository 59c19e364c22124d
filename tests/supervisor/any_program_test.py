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
GO = """package main
import ("fmt"; "io"; "net/http")
func main() {
  r, e := http.Get("http://93.184.216.34/hello")
  if e != nil { panic(e) }
  b, _ := io.ReadAll(r.Body)
  fmt.Print(string(b))
}
"""


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


def build(w, *command, **environment):
    done = subprocess.run(command, cwd=w.folder, capture_output=True, text=True, check=False,
                          timeout=240, env={**os.environ, **environment})
    if done.returncode != 0:
        print(f"not checked: {command[0]} failed: {done.stderr[-300:]}")
    return done.returncode == 0


def deep_bind(w):
    source = write(w, "opener.c", OPENER)
    if build(w, "cc", "-D_GNU_SOURCE", "-shared", "-fPIC", source, "-o", "plugin.so") and \
            build(w, "cc", "-D_GNU_SOURCE", source, "-o", "opener"):
        opener = os.path.join(w.folder, "opener")
        check(w, "RTLD_DEEPBIND", opener, os.path.join(w.folder, "plugin.so"))


def go(w):
    if not shutil.which("go"):
        print("not checked: Go is not installed")
        return
    write(w, "client.go", GO)
    for name, cgo in (("go-static", "0"), ("go-cgo", "1")):
        if build(w, "go", "build", "-o", name, "client.go", CGO_ENABLED=cgo, GO111MODULE="off",
                 GOCACHE=os.path.join(w.folder, "cache"), GOFLAGS="-p=2"):
            check(w, name, os.path.join(w.folder, name))
            blocked(w, name, os.path.join(w.folder, name))


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
            ("env -i", ["env", "-i", shutil.which("curl"), "-sS", "-m", "20", URL]),
            ("setsid", ["setsid", "-w", "curl", "-sS", "-m", "20", URL]),
            ("strace", ["strace", "-f", "-o", "/dev/null", "curl", "-sS", "-m", "20", URL]),
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
