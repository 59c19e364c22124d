/* SPDX-License-Identifier: MIT */
#include "colour.h"

colours colours_choose(bool wanted) {
  return wanted ? (colours){"\033[1m", "\033[32m", "\033[1;31m", "\033[33m", "\033[2m", "\033[0m"}
                : (colours){"", "", "", "", "", ""};
}
