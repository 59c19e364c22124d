# SPDX-License-Identifier: MIT
"""python3 ci/lib/sbom.py TARBALL VERSION DATE: what is in a release, and what it needs, as SPDX 2.3 in JSON."""
import hashlib
import json
import os
import subprocess
import sys
import tarfile

# Name, module of pkg-config, licence, how it is related, for what.
NEEDED = [
    ("libevent", "libevent_core", "BSD-3-Clause", "OPTIONAL_DEPENDENCY_OF", "conntrail::event"),
    ("jansson", "jansson", "MIT", "OPTIONAL_DEPENDENCY_OF", "conntrail::emulation-files and conntrail-emu"),
    ("uthash", None, "BSD-1-Clause", "BUILD_DEPENDENCY_OF", "conntrail::emulation, compiled in"),
    ("check", "check", "LGPL-2.1-or-later", "TEST_DEPENDENCY_OF", "the tests"),
]


def version_here(module):
    if module is None:
        return "NOASSERTION"
    asked = subprocess.run(["pkg-config", "--modversion", module], capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else "NOASSERTION"


def digests(content):
    return [{"algorithm": name.upper(), "checksumValue": hashlib.new(name, content).hexdigest()}
            for name in ("sha1", "sha256")]


def files_of(tarball):
    with tarfile.open(tarball) as archive:
        for number, entry in enumerate(member for member in archive.getmembers() if member.isfile()):
            content = archive.extractfile(entry).read()
            yield {"SPDXID": f"SPDXRef-File-{number}", "fileName": "./" + entry.name.split("/", 1)[1],
                   "checksums": digests(content), "licenseConcluded": "MIT",
                   "copyrightText": "2026 the conntrail authors"}


def verification_code(files):
    sums = sorted(file["checksums"][0]["checksumValue"] for file in files)
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def relationship(element, relation):
    return {"spdxElementId": f"SPDXRef-{element}", "relationshipType": relation,
            "relatedSpdxElement": "SPDXRef-conntrail"}


def main():
    tarball, version, date = sys.argv[1:]
    files = list(files_of(tarball))
    with open(tarball, "rb") as file:
        sums = digests(file.read())
    product = {
        "SPDXID": "SPDXRef-conntrail", "name": "conntrail", "versionInfo": version,
        "packageFileName": os.path.basename(tarball), "downloadLocation": "NOASSERTION", "checksums": sums,
        "filesAnalyzed": True, "packageVerificationCode": {"packageVerificationCodeValue": verification_code(files)},
        "licenseConcluded": "MIT", "licenseDeclared": "MIT", "licenseInfoFromFiles": ["MIT"],
        "copyrightText": "2026 the conntrail authors", "hasFiles": [file["SPDXID"] for file in files],
    }
    needed = [{
        "SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": version_here(module),
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": licence,
        "licenseDeclared": licence, "copyrightText": "NOASSERTION", 
        "comment": f"for {purpose}; the version of this build",
    } for name, module, licence, _, purpose in NEEDED]
    related = [relationship("DOCUMENT", "DESCRIBES")]
    related += [relationship(name, relation) for name, _, _, relation, _ in NEEDED]
    json.dump({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"conntrail-{version}",
        "documentNamespace": f"urn:conntrail:{version}:{sums[1]['checksumValue']}",
        "creationInfo": {"created": date, "creators": ["Tool: conntrail ci/release"]},
        "packages": [product] + needed, "files": files, "relationships": related,
    }, sys.stdout, indent=1)
    print()


main()
