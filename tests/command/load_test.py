# SPDX-License-Identifier: MIT
"""20,000 connections of one curl, 200 at once, through the proxies of two services."""

import os
import subprocess

import world

COUNT = int(os.environ.get("CONNTRAIL_CONNECTIONS", "20000"))
SIZE = 4096


def serve(w):
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
    path = os.path.join(w.folder, "service")
    running = subprocess.Popen([world.COMMAND, "serve", "--quiet", "--trail", w.trail, "--socket",
                                path, scenario], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    running.stdout.readline()
    return running, path


def memory_of(process):
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


def fetch(w, path, first, last):
    done = subprocess.run(
        [world.COMMAND, "attach", path, "--", "curl", "-sS", "-Z", "--parallel-max", "200",
         "-m", "60", "-o", os.path.join(w.folder, "out", "#1"),
         f"http://{world.WHERE}/data?[{first}-{last}]"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False)
    world.expect(done.returncode == 0, f"curl: {done.returncode}: {done.stderr[-300:]}")


world.need("curl", "nginx")
with world.World() as w:
    os.mkdir(os.path.join(w.folder, "out"))
    running, path = serve(w)
    fetch(w, path, 1, COUNT // 4)
    before = memory_of(running.pid)
    fetch(w, path, COUNT // 4 + 1, COUNT)
    after = memory_of(running.pid)
    with open(os.path.join(w.folder, "data"), "rb") as file:
        expected = file.read()
    wrong = 0
    for number in range(1, COUNT + 1):
        with open(os.path.join(w.folder, "out", str(number)), "rb") as file:
            wrong += file.read() != expected
    world.expect(wrong == 0, f"{wrong} of {COUNT} answers are wrong")
    running.terminate()
    running.wait(timeout=world.PATIENCE)
    running.stdout.close()
    kinds = [e["kind"] for e in w.events()]
    world.expect(kinds.count("redirected") == 2 * COUNT, f"{kinds.count('redirected')} redirects")
    world.expect(kinds.count("delivered") == COUNT, f"{kinds.count('delivered')} delivered")
    world.expect("misuse" not in kinds and "loop" not in kinds and "lost" not in kinds,
                 f"{kinds.count('misuse')} misuses, {kinds.count('loop')} loops")
    # pid numbers of a scenario's programs are few; what grows is per connection
    world.expect(after < before + 1024, f"memory grew from {before} to {after} KiB")
world.finish()
