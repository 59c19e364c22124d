# SPDX-License-Identifier: MIT
"""The structures of the headers, as the C compiler lays them out."""
import os
import tempfile

import proxies


def of_c(members):
    """For pairs of a structure and a member (None: the size of the structure), the numbers of C."""
    lines = [f"sizeof({kind})" if name is None else f"offsetof({kind}, {name})" for kind, name in members]
    lines = [f'printf("%zu\\n", {line});' for line in lines]
    with tempfile.TemporaryDirectory(prefix="conntrail-layouts-") as folder:
        source = os.path.join(folder, "layouts.c")
        with open(source, "w", encoding="ascii") as file:
            file.write('#include <stdio.h>\n#include "conntrail/datagram.h"\n'
                       f"int main(void) {{ {' '.join(lines)} return 0; }}\n")
        proxies.build("cc", "-I", os.path.join(proxies.TOP, "include"), source, "-o", source[:-2])
        return [int(word) for word in proxies.build(source[:-2]).split()]


def are_those_of_c(members, numbers):
    said = of_c(members)
    proxies.world.expect(said == numbers and len(numbers) > 25, f"layouts: C has {said}, and not {numbers}")
