/* SPDX-License-Identifier: MIT */
#include "net.h"

const char *net_result_name(net_result result) {
  static const char *const names[] = {
#define NET_RESULT_NAME(name) #name,
      NET_RESULT_MAP(NET_RESULT_NAME)
#undef NET_RESULT_NAME
  };
  return names[result];
}
