/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_TESTS_TORTURE_NATIVE_H
#define CONNTRAIL_TESTS_TORTURE_NATIVE_H

/* From now on the calls of the emulation to the system can fail. */
void torture_replace_native(void);

#endif
