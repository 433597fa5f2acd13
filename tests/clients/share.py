# SPDX-License-Identifier: MIT
"""Of all that uses libssl in Debian's main, how much do the rows show?

A package is shown if it is the first of a row that is covered, or has the object that called libssl
when that row's program made a handshake. What there is to be shown is taken from apt's package index.
"""

import collections
import re
import subprocess
import sys

TLS = "libssl3"
# Sections of interpreters and of their modules.
RUNTIMES = ("interpreters", "python", "perl", "ruby", "php", "lisp", "java", "javascript", "ocaml", "haskell")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def index():
    """Of each package of main: (section, the names of what it depends on), of all suites together."""
    files = output(
        "apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages", "Origin: Debian",
        "Component: main",
    ).split()
    packages = {}
    for stanza in output("/usr/lib/apt/apt-helper", "cat-file", *files).split("\n\n") if files else ():
        fields = dict(re.findall(r"^(Package|Section|Depends|Pre-Depends): (.*)$", stanza, re.M))
        if fields and fields.get("Section") not in ("debug", "libdevel"):
            needs = fields.get("Depends", "") + "," + fields.get("Pre-Depends", "")
            names = {re.match(r"\s*([^\s(:]*)", one).group(1) for one in re.split(r"[,|]", needs)}
            section, before = packages.get(fields["Package"], (fields.get("Section", ""), set()))
            packages[fields["Package"]] = section, before | names
    return packages


def owners(names):
    """The packages that have a file with one of these NAMES."""
    names = {name for name in names if re.fullmatch(r"[\w.+-]+", name)}
    if not names:
        return set()
    found = set()
    for line in output("dpkg-query", "-S", *(f"*/{name}" for name in names)).splitlines():
        packages, _, path = line.partition(": ")
        if path.rpartition("/")[2] in names:
            found |= {package.strip().partition(":")[0] for package in packages.split(",")}
    return found


def part(some, of):
    return f"{len(some):,} of {len(of):,} ({100 * len(some) / len(of):.0f} %)"


def reach(packages, start, goal):
    """Whether START needs GOAL, by however many others."""
    known, new = {start}, [start]
    while new:
        for name in packages.get(new.pop(), ("", ()))[1]:
            if name == goal:
                return True
            if name not in known:
                known.add(name)
                new.append(name)
    return False


def tell(seen):
    """Prints the shares of SEEN, the packages that are shown."""
    packages = index()
    if not packages:
        print("share.py: apt has no index of Debian's main to count from; 'apt-get update' fetches it", file=sys.stderr)
        return
    seen = seen & set(packages)
    direct = {name for name, (_, needs) in packages.items() if TLS in needs}
    print(f"Debian 12 main has {len(packages):,} packages, debugging and development aside.")
    print(f"depend on {TLS} themselves (it has libcrypto, too: not all make TLS), and are shown themselves: "
          f"{part(direct & seen, direct)}")

    sections = collections.defaultdict(set)
    for name in direct:
        sections[packages[name][0]].add(name)
    kinds = {section for section, names in sections.items() if names & seen}
    print(f"their kinds, by Debian's sections, of which at least one is shown: {part(kinds, sections)}")
    print("  " + ", ".join(
        f"{section} {len(names & seen)}/{len(names)}"
        for section, names in sorted(sections.items(), key=lambda item: (-len(item[1]), item[0]))
    ))

    users = collections.defaultdict(set)
    for name, (_, needs) in packages.items():
        for needed in needs:
            users[needed].add(name)

    def counts(names):
        of = sorted(names, key=lambda name: (-len(users[name]), name))
        return ", ".join(f"{name} {len(users[name]):,}" for name in of[:20] if users[name])

    libraries = {name for name in direct if packages[name][0] == "libs"}
    on_any = direct.union(*(users[name] for name in libraries))
    on_shown = (direct & seen).union(*(users[name] for name in libraries & seen))
    print(f"depend on {TLS}, or on a library that does, and are shown or depend on one that is: {part(on_shown, on_any)}")
    print("  " + counts(libraries & seen))
    runtimes = {name for name in seen if packages[name][0] in RUNTIMES and reach(packages, name, TLS)}
    print("depend on a runtime or a module of one that is shown, whether they make TLS or not: "
          f"{len(set().union(*(users[name] for name in runtimes))):,}")
    print("  " + counts(runtimes))
