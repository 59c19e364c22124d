# SPDX-License-Identifier: MIT
"""20,000 connections of 200 processes at once through the proxies of two services; before them, some
of one process, 200 at once."""

import collections
import json
import os
import subprocess
import time

import world

CLIENTS = 200
COUNT = int(os.environ.get("CONNTRAIL_CONNECTIONS", "20000"))
SIZE = 4096
MOST_GROWTH = 1024  # KiB
SECONDS = 900  # for all of it, also on a busy machine; ctest ends it some time later


def serve(w):
    """nginx, the proxies of two vendors, and a supervisor."""
    port = world.free_port()
    conf = os.path.join(w.folder, "nginx.conf")
    os.chmod(w.folder, 0o755)
    with open(os.path.join(w.folder, "data"), "wb") as file:
        file.write(os.urandom(SIZE))
    with open(conf, "w", encoding="ascii") as file:
        file.write(f"""daemon off; pid {w.folder}/pid; error_log {w.folder}/log;
events {{ worker_connections 2048; }}
http {{ access_log off; keepalive_timeout 0; client_body_temp_path {w.folder}/b;
proxy_temp_path {w.folder}/p; fastcgi_temp_path {w.folder}/f; uwsgi_temp_path {w.folder}/u;
scgi_temp_path {w.folder}/s; server {{ listen 127.0.0.1:{port} backlog=1024; root {w.folder}; }} }}
""")
    programs = [{"name": "origin", "command": ["nginx", "-p", w.folder, "-c", conf]}]
    services = []
    for name in ("acme", "bravo"):
        programs.append({"name": name + "-proxy",
                         "command": [world.PROXY, f"127.0.0.1:{world.free_port()}"]})
        services.append({"name": name, "redirect": [
            {"rule": "tcp 93.184.216.0/24 port 80", "to": name + "-proxy"}]})
    scenario = w.scenario({"programs": programs, "services": services,
                           "routes": {f"{world.WHERE}:80": f"127.0.0.1:{port}"}})
    return w.serve(scenario)


def memory_of(process):
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


def curl(w, path, name, count, *options, **pipes):
    """A client of so many connections, whose answers go to out/NAME-NUMBER."""
    return subprocess.Popen(
        [world.COMMAND, "attach", path, "--", "curl", "-sS", "-m", "60", *options,
         "-o", os.path.join(w.folder, "out", f"{name}-#1"),
         f"http://{world.WHERE}/data?{name}-[1-{count}]"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **pipes)


def finish(client, name, end):
    """Its whole error output is small: it does not wait for a reader."""
    try:
        said = client.communicate(timeout=max(end - time.monotonic(), 0.1))[1]
    except subprocess.TimeoutExpired:
        client.kill()
        said = "its time was over: " + client.communicate()[1]
    world.expect(client.returncode == 0, f"{name}: {client.returncode}: {said[-300:]}")


def one_process(w, path, end):
    client = curl(w, path, "one", COUNT // 4, "-Z", "--parallel-max", str(CLIENTS),
                  stdin=subprocess.DEVNULL)
    finish(client, "one process", end)
    return {"one": COUNT // 4}


def all_processes(w, path, end, turn, count):
    """Each stands ready, and waits for the end of its standard input before it connects."""
    clients = {f"{turn}{i}": None for i in range(CLIENTS)}
    for name in clients:
        clients[name] = curl(w, path, name, count, "-K", "-", stdin=subprocess.PIPE)
    for client in clients.values():
        client.stdin.close()
        client.stdin = None  # or communicate() would close it again
    for name, client in clients.items():
        finish(client, name, end)
    return {name: count for name in clients}, [c.pid for c in clients.values()]


def check_answers(w, asked):
    with open(os.path.join(w.folder, "data"), "rb") as file:
        expected = file.read()
    wrong = 0
    for name, count in asked.items():
        for number in range(1, count + 1):
            try:
                with open(os.path.join(w.folder, "out", f"{name}-{number}"), "rb") as file:
                    wrong += file.read() != expected
            except FileNotFoundError:
                wrong += 1
    world.expect(wrong == 0, f"{wrong} of {sum(asked.values())} answers are wrong")


def check_trail(w, total, processes):
    """Line by line: all of it would not fit well into memory."""
    kinds = collections.Counter()
    first, last = {}, {}
    with open(w.trail, encoding="utf-8") as file:
        next(file)
        for line in file:
            event = json.loads(line)
            kinds[event["kind"]] += 1
            if event["kind"] == "connecting":
                first.setdefault(event["process"], event["number"])
                last[event["process"]] = event["number"]
    world.expect(kinds["redirected"] == 2 * total, f"{kinds['redirected']} redirects")
    world.expect(kinds["delivered"] == total, f"{kinds['delivered']} delivered")
    world.expect(not kinds["misuse"] and not kinds["loop"] and not kinds["lost"], f"{kinds}")
    world.expect(all(p in first for p in processes) and
                 max(first[p] for p in processes) < min(last[p] for p in processes),
                 "a process had ended before another one began")


world.need("curl", "nginx")
with world.World() as w:
    os.mkdir(os.path.join(w.folder, "out"))
    with serve(w) as served:
        path, supervisor = served.path, world.children(served.running.pid)[0]
        end = time.monotonic() + SECONDS
        asked = one_process(w, path, end)
        # As many processes as later: what is kept for each of them comes back.
        asked.update(all_processes(w, path, end, "warm", COUNT // CLIENTS // 4)[0])
        before = memory_of(supervisor)
        # What was in use at once is kept for later use; what is never released grows with each turn.
        for turn in ("full", "again", "more"):
            more, processes = all_processes(w, path, end, turn, COUNT // CLIENTS)
            asked.update(more)
            earlier, before = before, memory_of(supervisor)
            if before < earlier + MOST_GROWTH:
                break
        check_answers(w, asked)
    check_trail(w, sum(asked.values()), processes)
    # what grows is the name of each process
    world.expect(before < earlier + MOST_GROWTH, f"memory grew again, from {earlier} to {before} KiB")
    print(f"{sum(asked.values())} connections; memory {earlier} and {before} KiB")
world.finish()
