#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Of all that uses libssl in Debian's main, how much do the rows show?

share.py --build FOLDER

Facts come from the package index that apt has, and from `pinshim scan' of the programs of the rows.
A package is *shown* if a row that is covered is of it, or if the object is its through which that
row's program has libssl. A package *stands on* what is shown if it depends on a package that is.
"""

import argparse
import collections
import json
import pathlib
import re
import shutil
import subprocess

import run

# Sections of what others are written with, rather than run.
LIBRARIES = ("libs", "interpreters", "python", "perl", "ruby", "php", "lisp", "java", "javascript", "ocaml", "haskell")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def index():
    """Of each package of main: (section, the names of what it depends on), of all suites together."""
    files = output(
        "apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages", "Origin: Debian",
        "Component: main",
    ).split()
    if not files:
        raise SystemExit("share.py: apt has no index of Debian's main; 'apt-get update' fetches it")
    packages = {}
    for stanza in output("/usr/lib/apt/apt-helper", "cat-file", *files).split("\n\n"):
        fields = dict(re.findall(r"^(Package|Section|Depends|Pre-Depends): (.*)$", stanza, re.M))
        if fields and fields.get("Section") not in ("debug", "libdevel"):
            needs = fields.get("Depends", "") + "," + fields.get("Pre-Depends", "")
            names = {re.match(r"\s*([^\s(:]*)", one).group(1) for one in re.split(r"[,|]", needs)}
            section, before = packages.get(fields["Package"], (fields.get("Section", ""), set()))
            packages[fields["Package"]] = section, before | names
    return packages


def owners(path):
    """The packages that have a file of that name, or whose path ends so."""
    name = pathlib.Path(path).name
    return {
        package.strip().partition(":")[0]
        for line in output("dpkg-query", "-S", f"*/{name}").splitlines()
        for package in line.partition(": ")[0].split(",")
        if line.endswith("/" + name)
    }


def shown(build):
    """The packages that the covered rows show."""
    found = set()
    for row in run.programs():
        if row.uncovered or row.fallback:
            continue
        found.add(row.packages.split()[0])
        path = row.scanned or shutil.which(row.command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
        told = output(build / "pinshim", "scan", "--json", path or row.command[0])
        for stack in json.loads(told)["stacks"] or [] if told else []:
            if stack["stack"] == "openssl" and stack["through"]:
                found |= owners(stack["through"])
    return found


def part(some, of):
    return f"{len(some):,} of {len(of):,} ({100 * len(some) / len(of):.0f} %)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=run.path, required=True, help="the folder of pinshim")
    build = parser.parse_args().build
    packages = index()
    seen = shown(build) & set(packages)
    direct = {name for name, (_, needs) in packages.items() if "libssl3" in needs}
    print(f"Debian 12 main has {len(packages):,} packages for amd64, debugging and development aside.")
    print(f"depend on libssl3 themselves, and are shown themselves: {part(direct & seen, direct)}")

    sections = collections.defaultdict(set)
    for name in direct:
        sections[packages[name][0]].add(name)
    kinds = {section for section, names in sections.items() if names & seen}
    print(f"their kinds, by Debian's sections, of which at least one is shown: {part(kinds, sections)}")
    print("  " + ", ".join(
        f"{section} {len(names & seen)}/{len(names)}"
        for section, names in sorted(sections.items(), key=lambda item: (-len(item[1]), item[0]))
    ))

    # What others stand on: libraries that use libssl, and runtimes under the name that rows know.
    bases = {name for name in direct | seen if packages[name][0] in LIBRARIES}
    users = {name for name, (_, needs) in packages.items() if needs & bases or name in direct}
    standing = {name for name in users if name in seen or packages[name][1] & seen & bases}
    print(f"depend on libssl3, or on a library or runtime that uses it, and stand on one that is shown: "
          f"{part(standing, users)}")
    many = collections.Counter({base: sum(base in needs for _, needs in packages.values()) for base in bases & seen})
    print("  " + ", ".join(f"{base} {count:,}" for base, count in many.most_common(20)))
    lacking = collections.Counter({base: sum(base in needs for _, needs in packages.values()) for base in bases - seen})
    print("  not shown: " + ", ".join(f"{base} {count:,}" for base, count in lacking.most_common(20)))


if __name__ == "__main__":
    main()
