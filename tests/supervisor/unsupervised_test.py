# SPDX-License-Identifier: MIT
"""What a program does that cannot be supervised is one line in the trail, and --strict makes it exit code 126:
filters of its own, another listener, another architecture, and files whose rights it does not get."""

import errno
import os
import shutil
import struct
import subprocess
import sys

import world

FILTERS = os.path.join(world.BUILD, "tests/supervisor/filters")
WAYS = os.path.join(world.BUILD, "tests/supervisor/ways")
CAP_SYS_ADMIN = 21
HIDES = "its own seccomp filter"
# What is told, and what the program gets.
FILTERED = {
    "harmless": (None, 0), "usual": (None, 0), "masked": (None, 0), "question": (None, errno.EFAULT),
    "too-far": (None, errno.EINVAL),
    "refuses": (HIDES, 0), "refuses-prctl": (HIDES, 0), "refuses-i386": (HIDES, 0), "refuses-i386-prctl": (HIDES, 0),
    "kills": (HIDES, 0), "depends": (HIDES, 0), "asks": (HIDES, 0), "calculates": (HIDES, 0),
    "strict": (None, errno.EINVAL),
    "listener": ("supervise system calls itself", errno.EBUSY), "x32": ("x32", errno.ENOSYS),
}
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable  # which anybody may execute
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
# fexecve(), and twice: it is told once.
BY_DESCRIPTOR = ("import os, sys\nfd = os.open(sys.argv[1], os.O_RDONLY)\n"
                 "for _ in range(2):\n    if os.fork() == 0: os.execve(fd, ['x'], {})\n    os.wait()")
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)  # CAP_NET_RAW, permitted and effective


def told(w):
    return [e["text"] for e in w.events("unsupervised")]


def filters(w):
    for way, (wanted, error) in FILTERED.items():
        done = w.run(w.scenario({}), FILTERS, way)
        texts = told(w)
        world.expect(done.stdout == f"{error}\n", f"{way}: {done}")
        world.expect([wanted in t for t in texts] == [True] if wanted else not texts, f"{way}: {texts}")
        world.expect(all(t in done.stderr for t in texts), f"{way}, on stderr: {done.stderr}")
    both = w.run(w.scenario({}), "sh", "-c", f"{FILTERS} refuses; {FILTERS} refuses; {FILTERS} listener")
    world.expect(len(told(w)) == 2, f"each once: {both} {told(w)}")
    for way, code in (("harmless", 0), ("refuses", 126), ("listener", 126), ("x32", 126)):
        done = subprocess.run([world.COMMAND, "run", "--quiet", "--strict", w.scenario({}), "--", FILTERS, way],
                              capture_output=True, text=True, check=False, timeout=world.PATIENCE)
        world.expect(done.returncode == code, f"--strict {way}: {done}")


def each_program(w):
    """A program's reasons are its own: the next one is told of as well."""
    with w.serve(w.scenario({})) as served:
        for _ in range(2):
            subprocess.run([world.COMMAND, "attach", served.path, "--", FILTERS, "refuses"], check=True,
                           stdout=subprocess.DEVNULL, timeout=world.PATIENCE)
    world.expect(len(told(w)) == 2, f"two programs: {told(w)}")


def make(w, name, mode, source=WAYS):
    path = os.path.join(w.folder, name)
    shutil.copy(source, path)
    os.chmod(path, mode)
    return path


def run_as_nobody(w, *words):
    trail = os.path.join(w.folder, "nobodys")
    if os.path.exists(trail):
        os.unlink(trail)
    done = subprocess.run([*NOBODY, world.COMMAND, "run", "--strict", "--trail", trail, w.scenario({}), "--", *words],
                          capture_output=True, text=True, check=False, timeout=world.PATIENCE, cwd=w.folder)
    w.trail = trail
    return done


def rights(w):
    if os.geteuid() != 0 or not shutil.which("setpriv") or os.statvfs(w.folder).f_flag & os.ST_NOSUID:
        print("not checked: files that give rights want root, setpriv, and a file system that lets them")
        return
    os.chmod(w.folder, 0o777)
    user, group = make(w, "set-user", 0o4755), make(w, "set-group", 0o2755)
    capable, plain = make(w, "capable", 0o755), make(w, "plain", 0o2745)
    os.setxattr(capable, "security.capability", CAPABILITY)
    for name, words in ((user, ["sh", "-c", f"{user} none; :"]), ("./set-user", ["sh", "-c", "./set-user none; :"]),
                        (user, [user, "none"]), (group, ["sh", "-c", f"{group} none; :"]),
                        (capable, ["sh", "-c", f"{capable} none; :"]),
                        (user, [PYTHON, "-c", BY_DESCRIPTOR, user])):
        done = run_as_nobody(w, *words)
        texts = told(w)
        world.expect(len(texts) == 1 and texts[0].startswith(f"{name} has the set-user-id bit"), f"{words}: {texts}")
        world.expect(done.returncode == 126, f"{words}: {done}")
    run_as_nobody(w, "sh", "-c", f"{plain} none; :")
    world.expect(not told(w), f"a plain file: {told(w)}")
    # Who may put a filter on others leaves them their rights.
    if not world.has_capability(CAP_SYS_ADMIN):
        print("not checked: files that keep their rights want CAP_SYS_ADMIN")
        return
    w.run(w.scenario({}), *NOBODY, user, "none")
    world.expect(not told(w), f"with its rights: {told(w)}")


def attached_rights(w):
    """What was attached is looked at when it makes a call that is answered."""
    if os.geteuid() != 0 or not shutil.which("setpriv") or os.statvfs(w.folder).f_flag & os.ST_NOSUID:
        return
    user = make(w, "attached", 0o4755)
    w.trail = os.path.join(w.folder, "attached-trail")
    command = [*NOBODY, world.COMMAND, "serve", "--fail-on", "none", "--quiet", "--trail", w.trail, w.scenario({})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/") as serving:
        path = serving.stdout.readline().strip().partition("=")[2]
        subprocess.run([*NOBODY, world.COMMAND, "attach", path, "--", user, "plain", "127.0.0.1", "1"],
                       stdout=subprocess.DEVNULL, check=False, timeout=world.PATIENCE)
        serving.terminate()
    texts = told(w)
    world.expect(len(texts) == 1 and "attached has the set-user-id bit" in texts[0], f"attached: {texts}")


with world.World() as w:
    os.chmod(w.folder, 0o755)
    filters(w)
    each_program(w)
    rights(w)
    attached_rights(w)
world.finish()
