# SPDX-License-Identifier: MIT
"""Many threads of one process under the service: a client's, a proxy's, a server's.

Every program here is linked with conntrail, so that this test runs with sanitizers as well: they see
the library's part of a process that is served."""

import os

import world

PROGRAM = os.path.join(world.BUILD, "tests/command/served_threads")
# The preloaded library comes before a sanitizer's own, and stands aside in these programs.
os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")

with world.World() as w:
    scenario = w.scenario({
        "programs": [{"name": "server", "command": [PROGRAM, "serve"]},
                     {"name": "acme-proxy", "command": w.reference("acme", workers=4)},
                     {"name": "bravo-proxy", "command": w.reference("bravo", workers=4)}],
        "services": [{"name": name, "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": name + "-proxy"}]}
            for name in ("acme", "bravo")],
        "routes": {f"{world.WHERE}:80": "server"}})
    done = w.run(scenario, PROGRAM, "ask", world.WHERE, "80")
    world.expect(done.returncode == 0 and done.stdout == "400 of 400\n",
                 f"{done.returncode} {done.stdout} {done.stderr[-4000:]}")
    world.expect("Sanitizer" not in done.stderr, done.stderr[:6000])
    kinds = [e["kind"] for e in w.events()]
    world.expect(kinds.count("delivered") == 400, f"{kinds.count('delivered')} delivered")
    world.expect(kinds.count("redirected") == 800, f"{kinds.count('redirected')} redirected")
    world.expect("loop" not in kinds and "misuse" not in kinds, "a loop or misuse")
world.finish()
