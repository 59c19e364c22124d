/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_PLATFORM_H
#define CONNTRAIL_PLATFORM_H

/**
 * @file
 * The one public header that asks which system it is compiled for: socket type, address
 * structures, and how public symbols are marked.
 */

#ifdef _WIN32
#include <winsock2.h>
/* winsock2.h comes first: windows.h would otherwise pull in the older winsock.h. */
#include <ws2tcpip.h>

/** What the system calls a socket. Same width as libevent's evutil_socket_t. */
typedef SOCKET conntrail_socket;
/** No socket. */
#define CONNTRAIL_INVALID_SOCKET INVALID_SOCKET
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/** What the system calls a socket. The same type as libevent's evutil_socket_t. */
typedef int conntrail_socket;
/** No socket. */
#define CONNTRAIL_INVALID_SOCKET (-1)
#endif

/**
 * @def CONNTRAIL_API
 * Marks a public function. A program that links the static library on Windows defines
 * CONNTRAIL_STATIC; the CMake targets and the .pc file do so for it.
 */
#if defined(_WIN32) && !defined(CONNTRAIL_STATIC)
#ifdef CONNTRAIL_BUILDING
#define CONNTRAIL_API __declspec(dllexport)
#else
#define CONNTRAIL_API __declspec(dllimport)
#endif
#elif defined(__GNUC__) && !defined(_WIN32)
#define CONNTRAIL_API __attribute__((visibility("default")))
#else
#define CONNTRAIL_API
#endif

/**
 * @def CONNTRAIL_EVENT_API
 * Marks a function of conntrail-event, which is a static library on Windows whatever conntrail is.
 */
#ifdef _WIN32
#define CONNTRAIL_EVENT_API
#else
#define CONNTRAIL_EVENT_API CONNTRAIL_API
#endif

#endif
