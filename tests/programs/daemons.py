# SPDX-License-Identifier: MIT
"""Processes of other kinds: daemons, other users and roots, namespaces of their own, ssh."""

import os
import shutil

from program import AS_NOBODY, PYTHON, URL, WHERE, expect, need, program
import program as tests

DAEMON = f"""
import os, sys, urllib.request
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.chdir("/"); os.closerange(0, 100)
page = urllib.request.urlopen("{URL}").read()
open(sys.argv[1], "wb").write(page)
"""
NAMESPACE = "network namespace"
OWN_FILTER = "its own seccomp filter"
RIGHTS = "has the set-user-id bit, the set-group-id bit or capabilities; it runs without them"


@program("daemon")
def daemon(test):
    """It forks twice, and closes whatever it had."""
    test.page(PYTHON, "-c", DAEMON, test.path("page"), options=["--wait-all"], output="")
    expect(test.read("page") == "hello-world\n", "the daemon wrote another page")


@program("start-stop-daemon", "start-stop-daemon", "curl")
def start_stop_daemon(test):
    test.page("start-stop-daemon", "--start", "--background", "--make-pidfile", "--pidfile", test.path("pid"), "--exec",
              shutil.which("curl"), "--", "-sS", "-o", test.path("page"), URL, options=["--wait-all"], output="")
    expect(test.read("page") == "hello-world\n", "the daemon wrote another page")


@program("chroot", "busybox", "chroot", root=True)
def chroot(test):
    root = test.folder_of("root")
    shutil.copy(shutil.which("busybox"), root)
    test.page("chroot", root, "/busybox", "wget", "-q", "-O", "-", URL)


@program("other user", "setpriv", "curl", root=True)
def other_user(test):
    test.page(*AS_NOBODY, "curl", "-sS", URL)


@program("unprivileged", "setpriv", "curl")
def nobody(test):
    """conntrail-emu itself is nobody's."""
    test.page("curl", "-sS", URL, **test.unprivileged())


@program("sudo", "sudo", "curl", root=True)
def sudo(test):
    test.page("sudo", "-n", "-u", "nobody", "curl", "-sS", URL)


@program("sudo unprivileged", "sudo", "setpriv")
def sudo_unprivileged(test):
    done = test.supervise(test.two_vendors(), "sudo", "-n", "true", **test.unprivileged())
    expect(done.returncode == 1 and "no new privileges" in done.stderr, f"{done}")
    test.told(RIGHTS)


@program("ping", "ping", root=True)
def ping(test):
    """It sends neither TCP nor UDP: refused, with its rights and without them."""
    for how, told in (({}, ["raw socket"]), (test.unprivileged(), ["raw socket", RIGHTS])):
        done = test.supervise(test.two_vendors(), "ping", "-c", "1", "-W", "1", WHERE, **how)
        expect(done.returncode == 2, f"{done}")
        test.told(*told)


@program("su", "su", "curl", root=True)
def su(test):
    test.page("su", "-s", "/bin/sh", "nobody", "-c", f"curl -sS {URL}")


@program("network namespace", "unshare", "curl", root=True)
def namespace(test):
    """Its loopback is another one: what connects there is told by name."""
    done = test.supervise(test.two_vendors(), "unshare", "--net", "curl", "-sS", "-m", "20", URL)
    expect(done.returncode not in (0, 28), f"{done}")
    test.told(NAMESPACE)


@program("bubblewrap", "bwrap", "curl")
def bubblewrap(test):
    test.page("bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--unshare-user", "curl", "-sS", URL)
    done = test.supervise(test.two_vendors(), "bwrap", "--dev-bind", "/", "/", "--unshare-all", "curl", "-sS", "-m", "20", URL)
    expect(done.returncode not in (0, 28), f"{done}")
    test.told(NAMESPACE)


@program("ssh", "ssh", "ssh-keygen", "unshare", root=True)
def ssh(test):
    """sshd, whose sandbox has a filter of its own, wants a folder of the system's, which it has in a mount namespace."""
    need("/usr/sbin/sshd")
    for name in ("host", "user"):
        test.build("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", test.path(name))
    conf = test.write("sshd_config", f"""
ListenAddress 127.0.0.1:{tests.world.free_port()}
HostKey {test.path("host")}
AuthorizedKeysFile {test.path("user.pub")}
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
""")
    server = {"name": "sshd", "command": ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /run && "
                                          f"mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f {conf}"]}
    scenario = test.two_vendors([server], {f"{WHERE}:22": "sshd"})
    test.got(test.supervise(scenario, "ssh", "-F", "none", "-i", test.path("user"), "-o", "StrictHostKeyChecking=no", "-o",
                            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", f"root@{WHERE}",
                            f"cat {test.path('hello')}"), "hello-world")
    test.delivered()
    test.told(OWN_FILTER)
