/* SPDX-License-Identifier: MIT */
#include "native.h"

#include <errno.h>
#include <stddef.h>

#include "../../src/numbers.h"
#include "../frontend/native_calls.h"

/* The first line that fits holds, in either direction. */
static const struct {
  uint32_t native;
  int error;
} pairs[] = {
    {10004, EINTR},           {10009, EBADF},           {10013, EACCES},
    {10013, EPERM},           {10014, EFAULT},          {10022, EINVAL},
    {10024, EMFILE},          {10035, EAGAIN},          {10036, EINPROGRESS},
    {10037, EALREADY},        {10038, ENOTSOCK},        {10039, EDESTADDRREQ},
    {10040, EMSGSIZE},        {10041, EPROTOTYPE},      {10042, ENOPROTOOPT},
    {10043, EPROTONOSUPPORT}, {10044, ESOCKTNOSUPPORT}, {10045, EOPNOTSUPP},
    {10046, EPFNOSUPPORT},    {10047, EAFNOSUPPORT},    {10048, EADDRINUSE},
    {10049, EADDRNOTAVAIL},   {10050, ENETDOWN},        {10051, ENETUNREACH},
    {10052, ENETRESET},       {10053, ECONNABORTED},    {10054, ECONNRESET},
    {10055, ENOBUFS},         {10055, ENOMEM},          {10056, EISCONN},
    {10057, ENOTCONN},        {10058, ESHUTDOWN},       {10059, ETOOMANYREFS},
    {10060, ETIMEDOUT},       {10061, ECONNREFUSED},    {10062, ELOOP},
    {10063, ENAMETOOLONG},    {10064, EHOSTDOWN},       {10065, EHOSTUNREACH},
    {1168, ENOENT},           {995, ECANCELED},         {122, EMSGSIZE},
    {10093, EOPNOTSUPP},
};

int conntrail__errno_of(uint32_t native) {
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (pairs[i].native == native) {
      return pairs[i].error;
    }
  }
  return EIO;
}

uint32_t conntrail__native_of(int error) {
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (pairs[i].error == error) {
      return pairs[i].native;
    }
  }
  return CONNTRAIL__ERROR_GEN_FAILURE;
}

/* ---- For the shared logic: frontend/native_calls.h ------------------------------------------- */

int conntrail__native_error(void) {
  return errno;
}

int conntrail__native_error_of(uint32_t native) {
  return conntrail__errno_of(native);
}

uint32_t conntrail__native_number_of(int error) {
  return conntrail__native_of(error);
}
