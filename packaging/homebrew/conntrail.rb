# SPDX-License-Identifier: MIT
# A formula for Homebrew on Linux. NEVER RUN: written by Homebrew's documentation, on a machine without Homebrew.
class Conntrail < Formula
  desc "Original destinations and WFP redirect records for transparent proxies"
  # Of the release's tarball (ci/release prints its checksum): there is no release yet.
  homepage ""
  url ""
  sha256 ""
  license "MIT"

  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "pkgconf" => :build
  depends_on "uthash" => :build
  depends_on "jansson"
  depends_on "libevent"
  depends_on :linux

  def install
    system "cmake", "-G", "Ninja", "-S", ".", "-B", "build", "-DBUILD_SHARED_LIBS=ON",
           "-DCONNTRAIL_TESTS=OFF", "-DCONNTRAIL_EXAMPLES=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    (testpath/"test.c").write <<~C
      #include <conntrail/conntrail.h>
      int main(void) { return conntrail_version() == CONNTRAIL_VERSION ? 0 : 1; }
    C
    system ENV.cc, "test.c", "-I#{include}", "-L#{lib}", "-lconntrail", "-o", "test"
    system "./test"
    assert_match version.to_s, shell_output("#{bin}/conntrail-emu --version")
  end
end
