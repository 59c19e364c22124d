# SPDX-License-Identifier: MIT
# An expression for Nix. NEVER RUN: written by Nixpkgs' manual, on a machine without Nix.
{ lib, stdenv, cmake, ninja, pkg-config, libevent, jansson, uthash, doxygen, mandoc, python3 }:

stdenv.mkDerivation {
  pname = "conntrail";
  version = "0.1.0";
  src = lib.cleanSource ../..;

  outputs = [ "out" "dev" "man" ];
  nativeBuildInputs = [ cmake ninja pkg-config doxygen mandoc python3 ];
  buildInputs = [ uthash ];
  # The installed files for CMake and pkg-config ask for them.
  propagatedBuildInputs = [ libevent jansson ];

  cmakeFlags = [
    (lib.cmakeBool "BUILD_SHARED_LIBS" true)
    (lib.cmakeBool "CONNTRAIL_TESTS" false)
    (lib.cmakeBool "CONNTRAIL_EXAMPLES" false)
  ];

  postPatch = "patchShebangs ci";
  postBuild = "(cd .. && ci/reference)";
  postInstall = "install -Dt $man/share/man/man3 ../build/reference/man/man3/*.3";

  meta = {
    description = "Original destinations and WFP redirect records for transparent proxies";
    license = lib.licenses.mit;
    platforms = lib.platforms.linux;
    mainProgram = "conntrail-emu";
  };
}
