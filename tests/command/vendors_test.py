# SPDX-License-Identifier: MIT
"""curl through the proxies of three vendors, in all orders, and with one that knows nothing."""

import itertools
import sys

import world

world.need("curl", "nginx")
VENDORS = ("acme", "bravo", "cargo")


def fetch(w, order, proxies):
    done = w.run(w.chain(order, proxies), "curl", "-sS", "-m", "100",
                 f"http://{world.WHERE}/hello")
    return done, w.events()


def check_sound(w, proxies):
    for order in itertools.permutations(VENDORS):
        done, events = fetch(w, order, proxies)
        world.expect(done.stdout == "hello-world\n", f"{order}: {done.stderr}")
        took = [e["service"] for e in events if e["kind"] == "redirected"]
        world.expect(sorted(took) == sorted(order), f"{order}: redirected by {took}")
        world.expect(not [e for e in events if e["kind"] in ("loop", "misuse")], f"{order}: loop")


def check_ignorant(w, proxies, ignorant, command):
    proxies = {**proxies, ignorant: command}
    for order in itertools.permutations(VENDORS):
        done, events = fetch(w, order, proxies)
        world.expect(done.returncode != 0, f"{order} with {ignorant}: delivered all the same")
        loops = [e for e in events if e["kind"] == "loop"]
        world.expect(loops and loops[0].get("untransferred_by") == ignorant,
                     f"{order}: not {ignorant} with {command[0]} but {loops} forgot")


def check_contexts(w):
    """Both layouts that conntrail knows lead to the destination; without one the system's own
    SO_ORIGINAL_DST does (clause D2)."""
    for layout in ("two addresses", "one address", "none"):
        scenario = w.scenario({
            "programs": [w.origin(), {"name": "proxy", "command": w.reference("proxy")}],
            "services": [{"name": "acme", "context": layout, "redirect": [
                {"rule": "tcp 93.184.216.0/24 port 80", "to": "proxy"}]}],
            "routes": {f"{world.WHERE}:80": "origin"}})
        done = w.run(scenario, "curl", "-sS", "-m", "100", f"http://{world.WHERE}/hello")
        world.expect(done.stdout == "hello-world\n", f"{layout}: {done}")
        asked = len(w.events("original destination queried"))
        world.expect(asked == (layout == "none"), f"{layout}: SO_ORIGINAL_DST asked {asked} times")


with world.World() as w:
    check_contexts(w)
    reference = {name: w.reference(name) for name in VENDORS}
    check_sound(w, reference)
    check_sound(w, {**reference, "bravo": [world.PROXY, "PLACE"]})
    for ignorant in VENDORS:
        check_ignorant(w, reference, ignorant, [sys.executable, world.FORGETFUL, "PLACE"])
        check_ignorant(w, reference, ignorant, w.nginx_stream(ignorant))
world.finish()
