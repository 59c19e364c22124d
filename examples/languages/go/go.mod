// SPDX-License-Identifier: MIT
module conntrail/tcp_proxy

go 1.19
