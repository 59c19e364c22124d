# SPDX-License-Identifier: MIT
"""Databases, with their own clients and load generators."""

import glob
import os
import shutil

from program import WHERE, Missing, program
import program as tests

AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "env", "LC_ALL=C"]
PSQL = f"-h {WHERE} -U postgres"


@program("redis", "redis-server", "redis-cli", "redis-benchmark")
def redis(test):
    port = str(tests.world.free_port())
    server = {"name": "redis", "command": ["redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "",
                                           "--dir", test.folder]}
    scenario = test.two_vendors([server], {f"{WHERE}:6379": "redis"})
    done = test.supervise(scenario, "sh", "-c", f"redis-cli -h {WHERE} set key hello-world && redis-cli -h {WHERE} get key")
    test.got(done, "OK\nhello-world\n")
    test.delivered(2)
    done = test.supervise(scenario, "redis-benchmark", "-h", WHERE, "-n", "2000", "-c", "20", "-t", "set,get", "--csv")
    test.got(done, '"GET"')
    test.delivered(40, at_least=True)
    test.told()


def newest_postgres():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise Missing("not installed: postgresql")
    return found[-1]


def cluster(test):
    """A new database, and the command of its server, which refuses to be root's."""
    programs = newest_postgres()
    data = os.path.join(test.folder_of("postgres", "postgres"), "data")
    test.build(*AS_POSTGRES, programs + "/initdb", "-A", "trust", "-D", data, within="/")
    return [programs + "/postgres", "-D", data, "-p", str(tests.world.free_port()), "-c",
            "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]


def postgres_answers(test, server_as=(), **how):
    """pgbench with a connection for each client, then for each transaction. A first client waits until the server
    has read its files."""
    server = {"name": "postgres", "ready_within": 60, "command": [*server_as, *cluster(test)]}
    scenario = test.two_vendors([server], {f"{WHERE}:5432": "postgres"})
    for command, text, connections in (
            (f"psql {PSQL} -tAc \"select 'hello-' || inet_client_addr()\"", "hello-127.0.0.1", 1),
            (f"pgbench {PSQL} -i -q", "", 1),
            (f"pgbench {PSQL} -c 8 -j 2 -t 50", "transactions actually processed: 400/400", 8),
            (f"pgbench {PSQL} -c 4 -t 10 -C", "transactions actually processed: 40/40", 40)):
        wait = (f"for i in $(seq 200); do pg_isready -q {PSQL} && break; sleep 0.1; done; "
                f"export PGDATABASE=postgres; exec {command}")
        test.got(test.supervise(scenario, "sh", "-c", wait, **how), text)
        test.delivered(connections + 1, at_least=True)
        test.told()


@program("postgres", "setpriv", "psql", "pgbench", root=True)
def postgres(test):
    """Its server changes its user."""
    postgres_answers(test, server_as=AS_POSTGRES)


@program("postgres unprivileged", "setpriv", "psql", "pgbench")
def postgres_unprivileged(test):
    """All of it is the user's whose server it is."""
    shutil.chown(test.folder, "postgres")
    postgres_answers(test, before=AS_POSTGRES, cwd="/")
