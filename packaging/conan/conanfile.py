# SPDX-License-Identifier: MIT
"""A recipe for Conan 2. NEVER RUN: written by Conan's documentation, on a machine without Conan."""
import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, get, rmdir

# The attribute "languages" is of 2.4.
required_conan_version = ">=2.4"


class ConntrailConan(ConanFile):
    name = "conntrail"
    version = "0.1.0"
    license = "MIT"
    description = "Original destinations and WFP redirect records for transparent proxies"
    topics = ("proxy", "wfp", "tproxy", "testing")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "fPIC": [True, False], "event": [True, False], "emulation": [True, False]}
    default_options = {"shared": False, "fPIC": True, "event": False, "emulation": False}
    languages = "C"

    def config_options(self):
        if self.settings.os == "Windows":
            del self.options.fPIC

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def validate(self):
        if self.settings.os not in ("Linux", "Windows"):
            raise ConanInvalidConfiguration("conntrail runs on Linux and on Windows")
        if self.settings.os == "Windows" and self.options.shared and self.options.emulation:
            raise ConanInvalidConfiguration("no emulation can take over the calls of a DLL: use shared=False")

    def requirements(self):
        if self.options.event:
            self.requires("libevent/2.1.12", transitive_headers=True)
        if self.options.emulation:
            self.requires("uthash/2.3.0", visible=False)

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25]")

    def layout(self):
        cmake_layout(self, src_folder="src")

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["CONNTRAIL_EVENT"] = bool(self.options.event)
        toolchain.cache_variables["CONNTRAIL_EMULATION"] = bool(self.options.emulation)
        for part in ("CONNTRAIL_EMU_FILES", "CONNTRAIL_EMU_COMMAND", "CONNTRAIL_TESTS", "CONNTRAIL_EXAMPLES"):
            toolchain.cache_variables[part] = False
        # It would find the system's own libevent before Conan's.
        toolchain.cache_variables["CMAKE_DISABLE_FIND_PACKAGE_PkgConfig"] = True
        if self.options.emulation:
            folder = self.dependencies["uthash"].cpp_info.includedirs[0]
            toolchain.cache_variables["CONNTRAIL_UTHASH_INCLUDE_DIR"] = folder
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        # The package's own files for CMake are used: on Windows the emulation is objects, in an order that counts.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs.append(os.path.join("lib", "cmake", "conntrail"))
        self.cpp_info.libs = ["conntrail-event", "conntrail"] if self.options.event else ["conntrail"]
        if not self.options.shared:
            self.cpp_info.defines = ["CONNTRAIL_STATIC"]
        if self.settings.os == "Windows":
            self.cpp_info.system_libs = ["ws2_32"]
