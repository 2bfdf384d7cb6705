#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What others wrote in a statically linked leaktrack: a bill of materials (SPDX 2.3, JSON), and the terms of each part.

    contents.py LINK_MAP VERSION TERMS_FOLDER OUTPUT

The linker's map names the archives that it took members from, and dpkg the packages that these belong to. Packages of
headers are found by one header of each. Each package's copyright file goes to TERMS_FOLDER.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

# Compiled in without an archive: only headers.
HEADERS = ["/usr/include/CLI/CLI.hpp", "/usr/include/nlohmann/json.hpp", "/usr/include/protozero/pbf_writer.hpp",
           "/usr/include/toml++/toml.h", "/usr/include/boost/math/distributions.hpp"]
HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "../../tools/report/html")  # its bundle is checked in


def used_archives(link_map):
    """The archives outside the build that gave at least one member, and the start files."""
    used = set()
    with open(link_map, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(("Discarded input sections", "Memory Configuration")):
                break
            found = re.match(r"(/\S+\.a)\(", line)
            if found:
                used.add(os.path.realpath(found.group(1)))
    return sorted(path for path in used if path.startswith("/usr/"))


def owner(path):
    """(package, version, source package) of a file; None if no package has it."""
    for name in {path, path.replace("/usr/lib/", "/lib/", 1)}:
        found = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            package = found.stdout.split(": ")[0].split(",")[0]
            fields = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\t${Version}\t${source:Package}", package],
                                    capture_output=True, text=True, check=True).stdout
            return tuple(fields.split("\t"))
    return None


def packages_inside(link_map):
    found, unknown = {}, []
    for path in used_archives(link_map) + HEADERS:
        package = owner(path)
        if package is None:
            unknown.append(path)
        else:
            found[package[0]] = package
    if unknown:
        sys.exit("contents: no package has " + ", ".join(unknown))
    return [found[name] for name in sorted(found)]


def page_libraries():
    """What the HTML report's script contains: the dependencies of its sources."""
    with open(os.path.join(PAGE, "package.json"), encoding="utf-8") as file:
        return sorted(json.load(file)["dependencies"].items())


def copy_terms(packages, folder):
    os.makedirs(folder, exist_ok=True)
    for name, _, _ in packages:
        shutil.copyfile(f"/usr/share/doc/{name}/copyright", os.path.join(folder, name))
    shutil.copyfile(os.path.join(PAGE, "dist/LICENSES.txt"), os.path.join(folder, "html-report"))


def spdx_package(name, version, license_name, url):
    reference = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
    return {"SPDXID": reference, "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": "NOASSERTION", "licenseDeclared": license_name,
            "copyrightText": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url}]}


def document(version, packages, libraries):
    own = spdx_package("leaktrack", version, "Apache-2.0", f"pkg:generic/leaktrack@{version}")
    others = [spdx_package(name, its_version, "NOASSERTION", f"pkg:deb/debian/{name}@{its_version}?source={source}")
              for name, its_version, source in packages]
    others += [spdx_package("html-report-" + name, its_version, "NOASSERTION", f"pkg:npm/{name}@{its_version}")
               for name, its_version in libraries]
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"])))
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own["SPDXID"]}]
    relations += [{"spdxElementId": own["SPDXID"], "relationshipType": "STATIC_LINK", "relatedSpdxElement": other["SPDXID"]}
                  for other in others]
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"leaktrack-{version}",
            "documentNamespace": f"https://spdx.org/spdxdocs/leaktrack-{version}",
            "creationInfo": {"created": created, "creators": ["Tool: leaktrack-package"]},
            "packages": [own] + others, "relationships": relations}


def main():
    link_map, version, terms, output = sys.argv[1:5]
    packages = packages_inside(link_map)
    copy_terms(packages, terms)
    with open(output, "w", encoding="utf-8") as file:
        json.dump(document(version, packages, page_libraries()), file, indent=1, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main()
