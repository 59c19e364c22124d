/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_WFP_CODES_H
#define CONNTRAIL_WFP_CODES_H

/*
 * What older SDKs and mingw-w64 10 lack, each with its source. Where the SDK has the name, the
 * numbers are compared when this is compiled.
 */

#include "../src/backend.h"
#include "win.h"

/* [D] Windows SDK mstcpip.h: _WSAIOW(IOC_VENDOR, 220), 221 and 222. */
#ifndef SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS
#define SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS _WSAIOW(IOC_VENDOR, 220)
#endif
#ifndef SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT
#define SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT _WSAIOW(IOC_VENDOR, 221)
#endif
#ifndef SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS
#define SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS _WSAIOW(IOC_VENDOR, 222)
#endif

/* [D] Windows SDK ws2def.h, since the SDK of Server 2022. */
#ifndef SO_ORIGINAL_DST
#define SO_ORIGINAL_DST 0x300F
#endif

/* [D] The same header: SOL_SOCKET - 4 and SOL_SOCKET - 5. [S] Envoy passes these levels. */
#ifndef SOL_IP
#define SOL_IP (SOL_SOCKET - 4)
#endif
#ifndef SOL_IPV6
#define SOL_IPV6 (SOL_SOCKET - 5)
#endif

/* [D] Windows SDK ws2ipdef.h, since Windows 8. */
#ifndef IP_WFP_REDIRECT_RECORDS
#define IP_WFP_REDIRECT_RECORDS 60
#endif
#ifndef IP_WFP_REDIRECT_CONTEXT
#define IP_WFP_REDIRECT_CONTEXT 70
#endif
#ifndef IPV6_WFP_REDIRECT_RECORDS
#define IPV6_WFP_REDIRECT_RECORDS 60
#endif
#ifndef IPV6_WFP_REDIRECT_CONTEXT
#define IPV6_WFP_REDIRECT_CONTEXT 70
#endif

_Static_assert((uint32_t)SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS == CONNTRAIL__QUERY_RECORDS,
               "query of records");
_Static_assert((uint32_t)SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT == CONNTRAIL__QUERY_CONTEXT,
               "query of the context");
_Static_assert((uint32_t)SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS == CONNTRAIL__SET_RECORDS,
               "setting records");
_Static_assert(SO_ORIGINAL_DST == 0x300F, "original destination");
_Static_assert(SOL_IP == 0xFFFB && SOL_IPV6 == 0xFFFA, "levels of the original destination");

_Static_assert((int)IP_WFP_REDIRECT_RECORDS == 60 && (int)IPV6_WFP_REDIRECT_RECORDS == 60 &&
                   (int)IP_WFP_REDIRECT_CONTEXT == 70 && (int)IPV6_WFP_REDIRECT_CONTEXT == 70,
               "messages of records and context");

/* The seam counts in uint32_t what Windows counts in DWORD. */
_Static_assert(sizeof(DWORD) == sizeof(uint32_t), "DWORD");
/* [D] A context of one SOCKADDR_STORAGE is 128 bytes, of two 256 (clause D1). */
_Static_assert(sizeof(SOCKADDR_STORAGE) == 128, "SOCKADDR_STORAGE");

#endif
