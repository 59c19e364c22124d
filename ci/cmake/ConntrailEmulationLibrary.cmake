# SPDX-License-Identifier: MIT
# conntrail::emulation: the emulated kernel, for tests. It is linked beside the product's library.
include("ConntrailEmulationLibrary-${CONNTRAIL_BACKEND}")
