# SPDX-License-Identifier: MIT
"""curl through the proxies of three vendors, in all orders, and with one that knows nothing."""

import itertools
import sys

import world

world.need("curl")
SOUND = {name: [world.PROXY, "PLACE"] for name in ("acme", "bravo", "cargo")}


def fetch(w, order, proxies):
    done = w.run(w.chain(order, proxies), "curl", "-sS", "-m", "20",
                 f"http://{world.WHERE}/hello")
    return done, w.events()


with world.World() as w:
    for order in itertools.permutations(SOUND):
        done, events = fetch(w, order, SOUND)
        world.expect(done.stdout == "hello-world\n", f"{order}: {done.stderr}")
        took = [e["service"] for e in events if e["kind"] == "redirected"]
        world.expect(sorted(took) == sorted(order), f"{order}: redirected by {took}")
        world.expect(not [e for e in events if e["kind"] in ("loop", "misuse")], f"{order}: loop")
    for ignorant in SOUND:
        proxies = dict(SOUND)
        proxies[ignorant] = [sys.executable, world.FORGETFUL, "PLACE"]
        for order in itertools.permutations(SOUND):
            done, events = fetch(w, order, proxies)
            world.expect(done.returncode != 0, f"{order} with {ignorant}: delivered all the same")
            loops = [e for e in events if e["kind"] == "loop"]
            world.expect(loops and loops[0].get("forgetful") == ignorant,
                         f"{order}: not {ignorant} but {loops} forgot")
world.finish()
