# SPDX-License-Identifier: MIT
"""Python: conntrail.py by ctypes, each call and as a proxy; and what pip would install. unittest and pytest
drive a supervisor."""
import os
import subprocess
import sys

import layouts
import proxies
from proxies import world

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = proxies.library("libconntrail.so")
if LIBRARY is None:
    print("skipped: this build has no shared library")
    sys.exit(77)
proxies.skip_without("curl", "cc", "pytest")
ENVIRONMENT = {"CONNTRAIL_LIBRARY": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1"}


def check_layouts():
    os.environ["CONNTRAIL_LIBRARY"] = LIBRARY
    sys.path.insert(0, os.path.join(proxies.EXAMPLES, "python"))
    import conntrail
    members, numbers = [], []
    for name, kind in (("buffer", conntrail._Buffer), ("message", conntrail._Message), ("flow", conntrail._Flow)):
        members.append((f"conntrail_{name}", None))
        numbers.append(conntrail.ctypes.sizeof(kind))
        for member, _ in kind._fields_:
            members.append((f"conntrail_{name}", member))
            numbers.append(getattr(kind, member).offset)
    layouts.are_those_of_c(members, numbers)


def under_one_supervisor():
    """The example proxy, in tests that share a supervisor."""
    proxy = [sys.executable, os.path.join(proxies.EXAMPLES, "python/library_proxy.py"), proxies.ANYWHERE]
    with world.World() as w:
        programs = [w.origin(), *({"name": name + "-proxy", "command": proxy} for name in proxies.VENDORS)]
        done = subprocess.run(
            [world.COMMAND, "run", "--quiet", "--fail-on", "none", "--control", os.path.join(w.folder, "control"),
             w.scenario({"programs": programs}), "--", sys.executable, os.path.join(HERE, "python_supervised.py")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * world.PATIENCE, check=False,
            env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.path.join(proxies.EXAMPLES, "python")})
        world.expect(done.returncode == 0 and "Ran 4 tests" in done.stderr, f"under one supervisor: {done.stderr}")


def example_suite():
    """control_test.py by pytest, as PROGRAM."""
    with world.World() as w:
        done = subprocess.run(
            [world.COMMAND, "run", "--quiet", "--fail-on", "none", "--control", os.path.join(w.folder, "control"),
             os.path.join(proxies.TOP, "examples/scenarios/one-service.json"), "--",
             "pytest", "-p", "no:cacheprovider", os.path.join(proxies.EXAMPLES, "python/control_test.py")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * world.PATIENCE, check=False,
            env={**os.environ, **ENVIRONMENT})
        world.expect(done.returncode == 0 and " 6 passed" in done.stdout, f"pytest: {done}")


check_layouts()
proxies.calls_each_function([sys.executable, os.path.join(HERE, "python_api.py")], **ENVIRONMENT)
under_one_supervisor()
example_suite()
world.finish()
