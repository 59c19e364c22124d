# SPDX-License-Identifier: MIT
vcpkg_from_github(
  OUT_SOURCE_PATH SOURCE_PATH
  REPO conntrail/conntrail
  REF "v${VERSION}"
  # Of the release's archive: there is no release yet.
  SHA512 0
  HEAD_REF main)

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
  FEATURES
    event CONNTRAIL_EVENT
    emulation CONNTRAIL_EMULATION
    emulation-files CONNTRAIL_EMU_FILES)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    ${FEATURE_OPTIONS}
    -DCONNTRAIL_EMU_COMMAND=OFF
    -DCONNTRAIL_EXAMPLES=OFF
    -DCONNTRAIL_TESTS=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH "lib/cmake/conntrail")
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
