# SPDX-License-Identifier: MIT
"""Java: JUnit 5 drives a supervisor, with the libraries that Debian packages."""
import os
import sys
import tempfile

import proxies
from proxies import world

LIBRARIES = [f"/usr/share/java/{name}.jar" for name in (
    "junit-jupiter-api", "junit-jupiter-engine", "junit-platform-commons", "junit-platform-console",
    "junit-platform-engine", "junit-platform-launcher", "opentest4j", "apiguardian-api", "picocli")]
proxies.skip_without("curl", "java", "javac")
if not all(map(os.path.exists, LIBRARIES)):
    print("skipped: JUnit 5 is not installed")
    sys.exit(77)
with tempfile.TemporaryDirectory(prefix="conntrail-java-") as folder:
    source = proxies.copy_of("java", folder)
    path = ":".join([folder, *LIBRARIES])
    # The files of Debian name others, which need not be installed.
    proxies.build("javac", "-Xlint:all,-path", "-Werror", "-d", folder, "-cp", path, "Control.java", "ControlTest.java",
                  folder=source)
    proxies.shares_a_supervisor(
        ["java", "-Dscenario=../../scenarios/one-service.json", "-cp", path,
         "org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--select-class", "ControlTest"], source,
        "4 tests successful")
world.finish()
