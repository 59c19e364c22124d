/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_NUMBERS_H
#define CONNTRAIL_NUMBERS_H

/*
 * Numbers of Windows that the library, its backends and the emulated kernel share. No code.
 * backend-win/wfp_codes.h compares them with the SDK's where it has them.
 */

#include <stdint.h>

/* [D] winerror.h, winsock2.h, fwpmtypes.h: errors, by their names there. */
#define CONNTRAIL__WSA_NOT_ENOUGH_MEMORY UINT32_C(8)
#define CONNTRAIL__ERROR_GEN_FAILURE UINT32_C(31)
#define CONNTRAIL__ERROR_INSUFFICIENT_BUFFER UINT32_C(122)
#define CONNTRAIL__WSA_OPERATION_ABORTED UINT32_C(995)
#define CONNTRAIL__WSA_IO_PENDING UINT32_C(997)
#define CONNTRAIL__ERROR_NOT_FOUND UINT32_C(1168)
#define CONNTRAIL__WSAEINTR UINT32_C(10004)
#define CONNTRAIL__WSAEBADF UINT32_C(10009)
#define CONNTRAIL__WSAEACCES UINT32_C(10013)
#define CONNTRAIL__WSAEFAULT UINT32_C(10014)
#define CONNTRAIL__WSAEINVAL UINT32_C(10022)
#define CONNTRAIL__WSAEMFILE UINT32_C(10024)
#define CONNTRAIL__WSAEWOULDBLOCK UINT32_C(10035)
#define CONNTRAIL__WSAEINPROGRESS UINT32_C(10036)
#define CONNTRAIL__WSAEALREADY UINT32_C(10037)
#define CONNTRAIL__WSAENOTSOCK UINT32_C(10038)
#define CONNTRAIL__WSAEDESTADDRREQ UINT32_C(10039)
#define CONNTRAIL__WSAEMSGSIZE UINT32_C(10040)
#define CONNTRAIL__WSAEPROTOTYPE UINT32_C(10041)
#define CONNTRAIL__WSAENOPROTOOPT UINT32_C(10042)
#define CONNTRAIL__WSAEPROTONOSUPPORT UINT32_C(10043)
#define CONNTRAIL__WSAESOCKTNOSUPPORT UINT32_C(10044)
#define CONNTRAIL__WSAEOPNOTSUPP UINT32_C(10045)
#define CONNTRAIL__WSAEPFNOSUPPORT UINT32_C(10046)
#define CONNTRAIL__WSAEAFNOSUPPORT UINT32_C(10047)
#define CONNTRAIL__WSAEADDRINUSE UINT32_C(10048)
#define CONNTRAIL__WSAEADDRNOTAVAIL UINT32_C(10049)
#define CONNTRAIL__WSAENETDOWN UINT32_C(10050)
#define CONNTRAIL__WSAENETUNREACH UINT32_C(10051)
#define CONNTRAIL__WSAENETRESET UINT32_C(10052)
#define CONNTRAIL__WSAECONNABORTED UINT32_C(10053)
#define CONNTRAIL__WSAECONNRESET UINT32_C(10054)
#define CONNTRAIL__WSAENOBUFS UINT32_C(10055)
#define CONNTRAIL__WSAEISCONN UINT32_C(10056)
#define CONNTRAIL__WSAENOTCONN UINT32_C(10057)
#define CONNTRAIL__WSAESHUTDOWN UINT32_C(10058)
#define CONNTRAIL__WSAETOOMANYREFS UINT32_C(10059)
#define CONNTRAIL__WSAETIMEDOUT UINT32_C(10060)
#define CONNTRAIL__WSAECONNREFUSED UINT32_C(10061)
#define CONNTRAIL__WSAELOOP UINT32_C(10062)
#define CONNTRAIL__WSAENAMETOOLONG UINT32_C(10063)
#define CONNTRAIL__WSAEHOSTDOWN UINT32_C(10064)
#define CONNTRAIL__WSAEHOSTUNREACH UINT32_C(10065)
#define CONNTRAIL__WSAVERNOTSUPPORTED UINT32_C(10092)
#define CONNTRAIL__WSANOTINITIALISED UINT32_C(10093)
#define CONNTRAIL__FWP_E_NOT_FOUND UINT32_C(0x80320008)

/*
 * Linux' errors beside Windows': X(errno's name, the name above without its prefix). The first line
 * that fits holds, in either direction.
 */
#define CONNTRAIL__ERRNO_MAP(X)                                                                    \
  X(EINTR, WSAEINTR)                                                                               \
  X(EBADF, WSAEBADF)                                                                               \
  X(EACCES, WSAEACCES)                                                                             \
  X(EPERM, WSAEACCES)                                                                              \
  X(EFAULT, WSAEFAULT)                                                                             \
  X(EINVAL, WSAEINVAL)                                                                             \
  X(EMFILE, WSAEMFILE)                                                                             \
  X(ENFILE, WSAEMFILE)                                                                             \
  X(EAGAIN, WSAEWOULDBLOCK)                                                                        \
  X(EINPROGRESS, WSAEINPROGRESS)                                                                   \
  X(EALREADY, WSAEALREADY)                                                                         \
  X(ENOTSOCK, WSAENOTSOCK)                                                                         \
  X(EDESTADDRREQ, WSAEDESTADDRREQ)                                                                 \
  X(EMSGSIZE, WSAEMSGSIZE)                                                                         \
  X(EPROTOTYPE, WSAEPROTOTYPE)                                                                     \
  X(ENOPROTOOPT, WSAENOPROTOOPT)                                                                   \
  X(EPROTONOSUPPORT, WSAEPROTONOSUPPORT)                                                           \
  X(ESOCKTNOSUPPORT, WSAESOCKTNOSUPPORT)                                                           \
  X(EOPNOTSUPP, WSAEOPNOTSUPP)                                                                     \
  X(EPFNOSUPPORT, WSAEPFNOSUPPORT)                                                                 \
  X(EAFNOSUPPORT, WSAEAFNOSUPPORT)                                                                 \
  X(EADDRINUSE, WSAEADDRINUSE)                                                                     \
  X(EADDRNOTAVAIL, WSAEADDRNOTAVAIL)                                                               \
  X(ENETDOWN, WSAENETDOWN)                                                                         \
  X(ENOSYS, WSAENETDOWN) /* a supervisor that is gone (P4) */                                      \
  X(ENETUNREACH, WSAENETUNREACH)                                                                   \
  X(ENETRESET, WSAENETRESET)                                                                       \
  X(ECONNABORTED, WSAECONNABORTED)                                                                 \
  X(ECONNRESET, WSAECONNRESET)                                                                     \
  X(ENOBUFS, WSAENOBUFS)                                                                           \
  X(ENOMEM, WSAENOBUFS)                                                                            \
  X(EISCONN, WSAEISCONN)                                                                           \
  X(ENOTCONN, WSAENOTCONN)                                                                         \
  X(ESHUTDOWN, WSAESHUTDOWN)                                                                       \
  X(ETOOMANYREFS, WSAETOOMANYREFS)                                                                 \
  X(ETIMEDOUT, WSAETIMEDOUT)                                                                       \
  X(ECONNREFUSED, WSAECONNREFUSED)                                                                 \
  X(ELOOP, WSAELOOP)                                                                               \
  X(ENAMETOOLONG, WSAENAMETOOLONG)                                                                 \
  X(EHOSTDOWN, WSAEHOSTDOWN)                                                                       \
  X(EHOSTUNREACH, WSAEHOSTUNREACH)                                                                 \
  X(ENOENT, ERROR_NOT_FOUND)                                                                       \
  X(ECANCELED, WSA_OPERATION_ABORTED)                                                              \
  X(EMSGSIZE, ERROR_INSUFFICIENT_BUFFER)                                                           \
  X(EOPNOTSUPP, WSANOTINITIALISED)

/* [D] mstcpip.h, _WSAIOW(IOC_VENDOR, 220..222); older SDKs and mingw-w64 10 lack them. */
#define CONNTRAIL__QUERY_RECORDS UINT32_C(0x980000DC)
#define CONNTRAIL__QUERY_CONTEXT UINT32_C(0x980000DD)
#define CONNTRAIL__SET_RECORDS UINT32_C(0x980000DE)

/* [D] ws2ipdef.h: where records and context of messages are asked for, and how they arrive. */
enum {
  CONNTRAIL__IP_LEVEL = 0,
  CONNTRAIL__IPV6_LEVEL = 41,
  CONNTRAIL__RECORDS_OPTION = 60,
  CONNTRAIL__CONTEXT_OPTION = 70
};

/* [S] A context in the field is one or two SOCKADDR_STORAGEs as a Windows driver writes them, on
 * every system (D1, D3). [D] ws2def.h, ws2ipdef.h: the size of one, its families, and where the
 * parts stand. The family is little-endian, the port big-endian, the scope little-endian. */
enum {
  CONNTRAIL__STORAGE_SIZE = 128,
  CONNTRAIL__WINDOWS_INET = 2,
  CONNTRAIL__WINDOWS_INET6 = 23,
  CONNTRAIL__PORT_AT = 2,
  CONNTRAIL__INET_ADDRESS_AT = 4,
  CONNTRAIL__INET6_FLOW_AT = 4,
  CONNTRAIL__INET6_ADDRESS_AT = 8,
  CONNTRAIL__INET6_SCOPE_AT = 24
};

#endif
