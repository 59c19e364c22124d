# SPDX-License-Identifier: MIT
"""C++: conntrail.hpp by both compilers without a warning, in an emulation and as a proxy."""
import os
import tempfile

import proxies
from proxies import TOP, world

STRICT = ("-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wold-style-cast",
          "-Wnon-virtual-dtor", "-Woverloaded-virtual", "-Werror", "-pthread")


def compiled(compiler, source, folder, *libraries):
    """The headers of the C API are C: their macros have casts of C."""
    made = os.path.join(folder, f"{os.path.basename(source)}-{compiler}")
    proxies.build(compiler, *STRICT, "-DCONNTRAIL_STATIC", "-I", os.path.join(TOP, "include"),
                  os.path.join(TOP, source), "-o", made,
                  *(proxies.library(name) for name in libraries))
    return made


COMPILERS = ("g++", "clang++")
proxies.skip_without("curl", *COMPILERS)
with tempfile.TemporaryDirectory(prefix="conntrail-cpp-") as folder:
    for each in COMPILERS:
        proxies.passes(compiled(each, "tests/languages/cpp_test.cpp", folder,
                                "libconntrail-emu.a", "libconntrail.a"))
    proxies.serves([compiled(each, "examples/languages/cpp/tcp_proxy.cpp", folder,
                             "libconntrail.a") for each in COMPILERS][-1:])
world.finish()
