# SPDX-License-Identifier: MIT
"""Rust: the crates without a warning and without a crate from elsewhere, each call and as a proxy. `cargo test`
drives a supervisor."""
import os
import shutil
import tempfile

import layouts
import proxies
from proxies import TOP, world


def check_layouts(program):
    lines = [line.split() for line in proxies.build(program, "layouts").splitlines()]
    layouts.are_those_of_c([(words[0], words[1] if len(words) == 3 else None) for words in lines],
                           [int(words[-1]) for words in lines])


proxies.skip_without("curl", "cargo", "rustc", "cc")
LIBRARY = proxies.library("libconntrail.a") or proxies.library("libconntrail.so")
# A libconntrail.so of the build folder is found by the programs, too.
ENVIRONMENT = {"LD_LIBRARY_PATH": os.path.dirname(LIBRARY)}
with tempfile.TemporaryDirectory(prefix="conntrail-rust-") as folder:
    source = proxies.copy_of("rust", folder)
    shutil.copy(os.path.join(TOP, "tests/languages/rust_api.rs"), os.path.join(source, "conntrail/examples"))
    cargo = {"CONNTRAIL_LIB_DIR": os.path.dirname(LIBRARY), "RUSTFLAGS": "-D warnings",
             "CARGO_TARGET_DIR": os.path.join(folder, "target")}
    proxies.build("cargo", "build", "--offline", "--examples", "--jobs", "2", folder=source, **cargo)
    proxies.build("cargo", "test", "--offline", "--package", "control", "--no-run", folder=source, **cargo)
    proxies.shares_a_supervisor(
        ["cargo", "test", "--offline", "--package", "control", "--", "--test-threads=1"], source,
        "test result: ok. 4 passed", **cargo)
    built = os.path.join(folder, "target/debug/examples")
    os.environ.update(ENVIRONMENT)
    check_layouts(os.path.join(built, "rust_api"))
    proxies.calls_each_function([os.path.join(built, "rust_api")])
    proxies.serves([os.path.join(built, "tcp_proxy")])
world.finish()
