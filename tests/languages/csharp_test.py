# SPDX-License-Identifier: MIT
"""C#: Conntrail.cs by mono's compiler without a warning, each method and as a proxy."""
import os
import sys
import tempfile

import proxies
from proxies import TOP, world

LIBRARY = proxies.library("libconntrail.so")
if LIBRARY is None:
    print("skipped: this build has no shared library")
    sys.exit(77)
proxies.skip_without("curl", "mcs", "mono")
ENVIRONMENT = {"LD_LIBRARY_PATH": os.path.dirname(LIBRARY)}
BINDING = os.path.join(proxies.EXAMPLES, "csharp/Conntrail.cs")


def compiled(source, folder):
    made = os.path.join(folder, os.path.basename(source).replace(".cs", ".exe"))
    proxies.build("mcs", "-warnaserror", "-warn:4", f"-out:{made}", BINDING, os.path.join(TOP, source))
    return ["mono", made]


with tempfile.TemporaryDirectory(prefix="conntrail-csharp-") as folder:
    proxies.calls_each_function(compiled("tests/languages/csharp_api.cs", folder), **ENVIRONMENT)
    proxies.serves(compiled("examples/languages/csharp/TcpProxy.cs", folder), **ENVIRONMENT)
world.finish()
