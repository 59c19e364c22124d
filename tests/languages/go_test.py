# SPDX-License-Identifier: MIT
"""Go without cgo: the proxy of Linux runs, that of Windows is compiled and vetted. `go test` drives a supervisor."""
import os
import tempfile

import proxies
from proxies import world

proxies.skip_without("curl", "go")
with tempfile.TemporaryDirectory(prefix="conntrail-go-") as folder:
    source = proxies.copy_of("go", folder)
    go = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "CGO_ENABLED": "0"}
    world.expect(proxies.build("gofmt", "-l", ".", folder=source) == "", "gofmt would write it otherwise")
    for system in ("linux", "windows"):
        for action in (("vet", "."), ("build", "-o", f"tcp_proxy.{system}", ".")):
            proxies.build("go", *action, folder=source, GOOS=system, **go)
    proxies.build("go", "vet", "./...", folder=source, **go)
    proxies.shares_a_supervisor(["go", "test", "-count=1", "-v", "./control"], source,
                                "--- PASS: TestAProgramInTheBackgroundIsWaitedFor", **go)
    proxies.serves([os.path.join(source, "tcp_proxy.linux")])
world.finish()
