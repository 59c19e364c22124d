# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # work, top, and what ways.sh needs are the caller's
# How tests/packaging/run-places builds and runs everything with musl, by musl-gcc: what conntrail needs is compiled
# from Debian's own sources. Unit tests of glibc's own calls (fcntl64, strerrorname_np) are left out.

musl=$work/musl

# musl-gcc knows musl's headers alone: the kernel's and uthash's come from here.
musl_headers() {
  mkdir -p "$musl/headers"
  cp /usr/include/ut*.h "$musl/headers"
  ln -sfn -t "$musl/headers" /usr/include/linux /usr/include/asm-generic "/usr/include/$(gcc -print-multiarch)/asm"
}

# musl_dependency NAME OPTIONS...: configures, builds and installs what was unpacked as NAME-VERSION.
musl_dependency() {
  local name=$1
  shift
  cmake -G Ninja -S "$musl/sources/$name"-* -B "$musl/build-$name" -DCMAKE_C_COMPILER=musl-gcc \
    "-DCMAKE_C_FLAGS=-isystem $musl/headers" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$musl/prefix" "$@" &&
    cmake --build "$musl/build-$name" && cmake --install "$musl/build-$name"
}

musl_dependencies() {
  musl_headers && fetch_sources "$musl/sources" libevent jansson check &&
    musl_dependency jansson -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF &&
    musl_dependency libevent -DEVENT__DISABLE_OPENSSL=ON -DEVENT__DISABLE_TESTS=ON -DEVENT__DISABLE_SAMPLES=ON \
      -DEVENT__DISABLE_BENCHMARK=ON -DEVENT__LIBRARY_TYPE=STATIC &&
    musl_dependency check -DBUILD_TESTING=OFF -DCHECK_ENABLE_SUBUNIT=OFF || return 1
  # Debian's check.pc names a library that its autotools build has, and this one does not.
  sed -i 's/-lcheck_pic/-lcheck/' "$musl/prefix/lib/pkgconfig/check.pc"
  rm "$musl"/prefix/lib/libcheck.so*
}

# Its own CMSG_NXTHDR converts signs.
with_musl() {
  export PKG_CONFIG_LIBDIR=$musl/prefix/lib/pkgconfig
  cmake -G Ninja -S "$top" -B "$work/build-musl" -DCONNTRAIL_WERROR=ON -DCMAKE_C_COMPILER=musl-gcc \
    "-DCMAKE_C_FLAGS=-isystem $musl/headers -isystem $musl/prefix/include -Wno-sign-conversion" \
    "-DCMAKE_EXE_LINKER_FLAGS=-L$musl/prefix/lib" "-DCONNTRAIL_UTHASH_INCLUDE_DIR=$musl/headers" &&
    cmake --build "$work/build-musl" --target conntrail conntrail-event conntrail_emulation conntrail-emu \
      conformance examples/all
}

musl_transfers() {
  transfers_by musl musl-gcc
}

musl_statically() {
  fails_with "in this process libc is linked statically, and nothing can stand in front of it: link the program \
without -static; conntrail's own libraries may be static" transfers_by musl "musl-gcc -static"
}

musl_tests() {
  ctest --test-dir "$work/build-musl" --no-tests=error --output-on-failure --parallel "$(processors)" \
    -R '^examples\.|^conformance\.[a-z0-9_]+\.documented$'
}

# Nothing but musl's libc, a static busybox, and what was built.
musl_root() {
  local root=$musl/root
  rm -rf "$root"
  mkdir -p "$root"/{bin,lib,proc,sys,dev,root,tmp,www}
  cp "$(readlink -f /lib/ld-musl-*.so.1)" "$root/lib/$(basename /lib/ld-musl-*.so.1)"
  cp "$(command -v busybox)" "$work/build-musl/backend-emu/cli/conntrail-emu" \
    "$work/build-musl/examples/minimal_proxy" "$work/program-musl" "$root/bin/"
  for name in sh mount umount pivot_root env; do
    ln -s busybox "$root/bin/$name"
  done
  echo hello-world >"$root/www/page"
  cat >"$root/scenario.json" <<'END'
{"programs": [{"name": "origin", "command": ["/bin/busybox", "httpd", "-f", "-p", "127.0.0.1:8080", "-h", "/www"]},
              {"name": "acme-proxy", "command": ["/bin/minimal_proxy", "127.0.0.1"]}],
 "services": [{"name": "acme", "redirect": [{"rule": "tcp 93.184.216.0/24 port 80", "to": "acme-proxy"}]}],
 "routes": {"93.184.216.34:80": "origin"}}
END
  in_root "$root" /bin/program-musl && in_root "$root" /bin/conntrail-emu doctor
}

musl_root_runs() {
  local said
  said=$(timeout 120 bash -c '. "$1" && in_root "$2" /bin/conntrail-emu run --quiet /scenario.json -- \
    /bin/busybox wget -q -O - http://93.184.216.34/page' bash "$top/ci/lib/roots.sh" "$musl/root")
  echo "$said"
  grep -qx hello-world <<<"$said"
}
