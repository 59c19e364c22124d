# SPDX-License-Identifier: MIT
"""python3 ci/lib/reference XML-FOLDER HEADER-FOLDER OUTPUT VERSION DATE: for ci/reference."""
import os
import shutil
import sys

import manual
import pages
import source


def main():
    xml_folder, header_folder, output, version, date = sys.argv[1:]
    headers = source.read(xml_folder, header_folder)
    pages.Pages(headers, version).write(os.path.join(output, "html"))
    shutil.copy(os.path.join(os.path.dirname(__file__), "style.css"), os.path.join(output, "html"))
    manual.Manual(headers, version, date).write(os.path.join(output, "man", "man3"))


main()
