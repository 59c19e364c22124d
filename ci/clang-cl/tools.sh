# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# Where clang-cl is, and the headers that stand for Visual Studio's and the Windows SDK's: Wine's for
# the C library, mingw-w64's for Windows. The newest LLVM that ci/setup installs.

llvm=
for version in 22 19 14; do
  if [ -x /usr/lib/llvm-$version/bin/clang-cl ] && [ -x /usr/lib/llvm-$version/bin/lld-link ]; then
    llvm=/usr/lib/llvm-$version/bin
    break
  fi
done
[ -n "$llvm" ] || die "clang-cl and lld-link are missing: run ci/setup clang-cl"
headers=(/imsvc "$PWD/ci/clang-cl/include" /imsvc /usr/include/wine/wine/msvcrt /imsvc /usr/share/mingw-w64/include)
