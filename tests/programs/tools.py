# SPDX-License-Identifier: MIT
"""Programs that watch others, on either side; sanitizers; io_uring; a browser."""

import os

from program import AS_NOBODY, URL, WHERE, Missing, expect, program
import program as tests
from daemons import OWN_FILTER
from languages import WAYS

CURL = ["curl", "-sS", "-m", "60", URL]
URING_CLIENT = r"""
#include <arpa/inet.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As programs do that use io_uring where there is one: by system calls otherwise. */
static int connect_by_ring(int s, const struct sockaddr_in *to) {
  struct io_uring ring;
  struct io_uring_cqe *end;
  if (io_uring_queue_init(8, &ring, 0) < 0) {
    puts("no ring");
    return connect(s, (const struct sockaddr *)to, sizeof *to);
  }
  io_uring_prep_connect(io_uring_get_sqe(&ring), s, (const struct sockaddr *)to, sizeof *to);
  io_uring_submit(&ring);
  return io_uring_wait_cqe(&ring, &end) < 0 ? -1 : end->res;
}

int main(int count, char **words) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
  char text[1000] = "GET /hello HTTP/1.0\r\n\r\n";
  int s = socket(AF_INET, SOCK_STREAM, 0);
  ssize_t size;
  if (count != 2 || inet_pton(AF_INET, words[1], &to.sin_addr) != 1 || connect_by_ring(s, &to) != 0) return 1;
  if (write(s, text, strlen(text)) < 0) return 2;
  while ((size = read(s, text, sizeof text)) > 0) fwrite(text, 1, (size_t)size, stdout);
  return 0;
}
"""


@program("strace outside", "strace", "curl")
def strace_outside(test):
    """It traces conntrail-emu and all that it starts."""
    log = test.path("strace.log")
    test.page(*CURL, before=["strace", "-f", "-o", log])
    expect(f'connect(' in test.read("strace.log") and WHERE in test.read("strace.log"), "no connect in strace's log")


@program("strace inside", "strace", "curl")
def strace_inside(test):
    test.page("strace", "-f", "-o", test.path("strace.log"), *CURL)
    lines = [l for l in test.read("strace.log").splitlines() if "connect(" in l and WHERE in l]
    expect(lines, "strace shows another address")


@program("valgrind inside", "valgrind", "curl")
def valgrind_inside(test):
    test.page("valgrind", "-q", *CURL)


@program("valgrind outside", "valgrind", "curl")
def valgrind_outside(test):
    """Valgrind has no seccomp(): conntrail-emu says that it cannot supervise."""
    done = test.supervise(test.two_vendors(), *CURL, before=["valgrind", "-q", "--trace-children=no"])
    expect(done.returncode == 125 and done.stderr, f"{done}")


@program("gdb inside", "gdb", "curl")
def gdb_inside(test):
    test.page("gdb", "-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex", "set breakpoint pending on", "-ex", "break connect", "-ex", "run", "-ex",
              "bt 1", "-ex", "delete", "-ex", "continue", "--args", *CURL)


@program("gdb outside", "gdb", "curl")
def gdb_outside(test):
    """The debugger follows the supervisor's child, conntrail-emu's program."""
    test.page(*CURL, before=["gdb", "-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex", "run", "--args"])


@program("sanitizers", "cc")
def sanitizers(test):
    for name in ("address", "thread"):
        test.build("cc", "-D_GNU_SOURCE", "-pthread", f"-fsanitize={name}", WAYS, "-o", name)
        for way in ("plain", "non-blocking", "thread", "fork"):
            test.page(test.path(name), way, WHERE, "80")


@program("io_uring", "cc")
def io_uring(test):
    """There is none under a supervisor, and the program falls back."""
    if not os.path.exists("/usr/include/liburing.h"):
        raise Missing("not installed: liburing-dev")
    test.write("ring.c", URING_CLIENT)
    test.build("cc", "-D_GNU_SOURCE", "ring.c", "-luring", "-o", "ring")
    done = test.page(test.path("ring"), WHERE)
    expect("no ring\n" in done.stdout, f"a ring passes the supervisor: {done.stdout}")


@program("wget", "wget")
def wget(test):
    test.page("wget", "-q", "-O", "-", "-t", "1", URL)


def chromium_dumps(test, *options, around=(), **more):
    home = test.folder_of("home", 65534)
    test.write("hello.html", "hello-world")
    done = test.supervise(test.two_vendors(), *around, "env", f"HOME={home}", "chromium", "--headless", "--disable-gpu",
                          "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={home}/data", *options,
                          "--dump-dom", URL + ".html", **more)
    test.got(done, "hello-world")
    test.delivered(1, at_least=True)


@program("chromium without sandbox", "chromium")
def chromium(test):
    chromium_dumps(test, "--no-sandbox")


@program("chromium", "chromium", "setpriv", root=True)
def chromium_sandbox(test):
    """With its sandbox: it refuses to be root's."""
    chromium_dumps(test, around=AS_NOBODY)


@program("chromium unprivileged", "chromium", "setpriv")
def chromium_unprivileged(test):
    """With its sandbox, where conntrail-emu is nobody's as well."""
    chromium_dumps(test, **test.unprivileged())


@program("firefox", "firefox-esr", "setpriv", root=True)
def firefox(test):
    """With its sandbox, whose filters the trail names."""
    home = test.folder_of("home", 65534)
    profile = test.folder_of("home/profile", 65534)
    test.write("hello.html", "hello-world")
    done = test.supervise(test.two_vendors(), *AS_NOBODY, "env", f"HOME={home}", "firefox-esr", "--headless", "--no-remote",
                          "--profile", profile, "--screenshot", f"{home}/page.png", URL + ".html")
    expect(done.returncode == 0 and os.path.getsize(f"{home}/page.png") > 0, f"no picture of the page: {done}")
    test.delivered(1, at_least=True)
    test.told(OWN_FILTER)
