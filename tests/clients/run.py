# SPDX-License-Identifier: MIT
"""Holds the library to real programs, and prints which of them it covers.

run.py --build FOLDER --pki FOLDER --observer FILE [--tap] [NAME]...

Each program (of programs/*.py; all, when none is named) runs without the library and under every
kind of policy, against a server of its protocol. Ends with a line of how many checks passed, and
exits with 1 if one did not. --list prints the names of all programs.
"""

import argparse
import collections
import concurrent.futures
import importlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import judge
import share
import trial

HERE = pathlib.Path(__file__).resolve().parent
# Of each program, by its name: the file that it is in.
KINDS = {}
SHOWN = ("program", "version", "TLS stack", "drives by", "name from", "result")


def programs():
    """All rows, in the order of their files and in these."""
    rows = []
    for file in sorted((HERE / "programs").glob("*.py")):
        own = importlib.import_module(f"programs.{file.stem}").PROGRAMS
        KINDS.update((row.name, file.stem) for row in own)
        rows += own
    twice = {row.name for row in rows if sum(row.name == other.name for other in rows) > 1}
    if twice:
        raise SystemExit(f"run.py: more than one program is called {', '.join(sorted(twice))}")
    return rows


# --- one row, in a process that has its own network


def column(values):
    """What is measured of several handshakes, each once."""
    return ", ".join(dict.fromkeys(value for value in values if value)) or "-"


def describe(told, judged):
    """The columns that are measured: TLS stack, drives by, name from."""
    # The one that the row is about comes first.
    covered = not judged.program.uncovered
    stacks = sorted(told.get("stacks") or [], key=lambda stack: stack["covered"] != covered)
    words = {"openssl": "libssl"}
    stack = " ".join(filter(None, (words.get(s["stack"], s["stack"]), s["version"]))) if (
        s := next(iter(stacks), None)) else "-"
    callers = column(caller for _, caller, _ in judged.drives)
    if callers not in ("-", "?"):
        stack += f", {callers}"
    return (
        stack,
        column(f"{function.replace('?', 'a pointer')}, {bio}" for function, _, bio in judged.drives),
        column(event["name-source"] for event in judged.seen),
    )


def one(program, arguments):
    """Runs one row in the namespaces that we are in: its checks and columns, as JSON."""
    with tempfile.TemporaryDirectory(prefix="clients.") as folder:
        folder = pathlib.Path(folder)
        pki = arguments.pki
        trial.settle(pki, folder, arguments.beside if program.beside else None)
        pins = {name: (pki / f"{name}.pin").read_text().strip() for name in ("api", "int", "nobody")}
        tried = trial.Trial(program, arguments.build, pki, folder)
        judged = judge.Judge(program, pins)
        checks = list(judged.checks(tried, arguments.observer))
        json.dump({"checks": checks, "columns": describe(tried.scan(), judged),
                   "callers": sorted({caller for _, caller, _ in judged.drives}),
                   "functions": sorted({function for function, _, _ in judged.drives}),
                   "bytes": sorted({bio for _, _, bio in judged.drives}),
                   "names": sorted({event["name-source"] for event in judged.seen})}, sys.stdout)
        if arguments.keep:
            shutil.copytree(folder, arguments.keep / program.name.replace("/", "_"), dirs_exist_ok=True)


# --- all of them


def version(program, beside):
    """Of its first package; None: one of them is missing."""
    packages = program.packages
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", *packages.split()],
        capture_output=True, text=True, check=False,
    ).stdout.split("\n")
    installed = dict(line.split()[1:] for line in asked if line.startswith("installed "))
    if set(packages.split()) - set(installed):
        return None
    if not program.beside:
        return installed[packages.split()[0]]
    file = beside / "versions"
    laid = dict(line.split() for line in file.read_text().splitlines()) if file.exists() else {}
    return laid.get(program.beside.split()[0])


def attempt(program, arguments):
    """A process for the row: {"checks": [(name, complaint)], "columns": (...)}."""
    found = version(program, arguments.beside)
    if found is None:
        return {"checks": [("installed", f"of {program.packages} {program.beside}, not all is there")],
                "columns": ("-",) * 3, "version": "-"}
    options = [f"--{name}={getattr(arguments, name)}" for name in ("build", "pki", "observer", "beside", "keep")
               if getattr(arguments, name)]
    done = subprocess.run(
        ["unshare", "-m", "-n", *(["-r"] if os.geteuid() else []),
         "/usr/bin/python3", "-B", __file__, *options, "--one", program.name],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )
    try:
        result = json.loads(done.stdout)
    except ValueError:
        result = {"checks": [("runs", f"exited with {done.returncode}: {done.stderr[-2000:]}")],
                  "columns": ("-",) * 3}
    return {**result, "version": found}


def complaints(result):
    return [(name, what) for name, what in result["checks"] if what]


def table(rows):
    """The programs that are covered, then those that cannot be, with the reason."""
    def cells(program, result):
        verdict = "failed: " + ", ".join(name for name, _ in complaints(result))
        return (program.name, result["version"], *result["columns"],
                verdict if complaints(result) else "refused" if not program.fallback else "plain text")

    def block(head, lines):
        width = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
        for line in (head, *lines):
            print("  ".join(cell.ljust(w) for cell, w in zip(line, width)).rstrip())

    covered = [cells(*row) for row in rows if not row[0].uncovered]
    if covered:
        block(SHOWN, covered)
    lacking = [row for row in rows if row[0].uncovered or row[0].fallback]
    if lacking:
        print("\nnot covered:")
        block(("program", "version", "TLS stack", "why", "result"), [
            (program.name, result["version"], result["columns"][0], program.uncovered or program.fallback,
             "failed" if complaints(result) else "as said")
            for program, result in lacking
        ])


def show(rows):
    """The packages of which a covered row shows that they are: the row's, and of what called libssl."""
    good = [(row, result) for row, result in rows
            if not (row.uncovered or row.fallback or complaints(result))]
    callers = {caller for _, result in good for caller in result["callers"]}
    return {row.packages.split()[0] for row, _ in good} | share.owners(callers)


# What libssl calls the ways by which bytes come in; all others are programs' own.
BYTES = {"socket": "a socket", "socket connect": "a socket", "datagram socket": "a socket",
         "memory buffer": "memory", "BIO pair": "memory"}


def summary(rows):
    """How many covered programs there are of each kind, and in how many ways they came to it."""
    kinds = collections.Counter(
        (KINDS[row.name], "not covered" if row.uncovered or row.fallback else "covered") for row, _ in rows)
    print("\nkind          covered  not covered")
    for kind in dict.fromkeys(kind for kind, _ in kinds):
        print(f"{kind:12}  {kinds[kind, 'covered']:7}  {kinds[kind, 'not covered']:11}")

    def tell(what, key, word=lambda value: value):
        ways = collections.Counter(
            way for _, result in rows for way in {word(value) for value in result.get(key, ())})
        if ways:
            print(f"{what}: " + ", ".join(f"{way} {count}" for way, count in ways.most_common()))

    tell("driven by", "functions", lambda function: function.replace("?", "a pointer"))
    tell("bytes come by", "bytes", lambda bio: BYTES.get(bio, "a BIO of its own"))
    tell("name from", "names")


def check(rows, arguments):
    if arguments.tap:
        print(f"1..{len(rows)}")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        done = []
        for number, (program, result) in enumerate(
                zip(rows, pool.map(lambda row: attempt(row, arguments), rows)), 1):
            done.append((program, result))
            found = complaints(result)
            if arguments.tap:
                print(f"{'not ' if found else ''}ok {number} - {program.name}")
            for name, what in found:
                print(f"# {program.name}: {name}: {what}", file=sys.stdout if arguments.tap else sys.stderr)
    checks = [what for _, result in done for _, what in result["checks"]]
    failed = sum(1 for what in checks if what)
    if not arguments.tap:
        table(done)
        if not arguments.names:
            summary(done)
            print()
            share.tell(show(done))
        print(f"\n{len(rows)} programs, {len(checks)} checks: {len(checks) - failed} passed, {failed} failed")
    return failed > 0 or not checks


def path(text):
    return pathlib.Path(text).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=path, help="the folder of libpinshim.so and pinshim")
    parser.add_argument("--pki", type=path, help="the folder of tests/lib/pki.sh")
    parser.add_argument("--observer", type=path, help="drive.c, built")
    parser.add_argument("--beside", type=path, help="the folder of packages that are not installed")
    parser.add_argument("--jobs", type=int, default=3, help="programs at a time")
    parser.add_argument("--keep", type=path, help="keep what programs said in this folder")
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--list-packages", action="store_true", help="print the packages to install")
    parser.add_argument("--list-beside", action="store_true", help="print the packages for --beside")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    rows = {row.name: row for row in programs()}
    if arguments.list:
        print(*rows, sep="\n")
        return 0
    if arguments.one:
        one(rows[arguments.one], arguments)
        return 0
    unknown = [name for name in arguments.names if name not in rows]
    if unknown:
        raise SystemExit(f"clients.sh: no program is called '{unknown[0]}'; 'scripts/clients.sh --list' prints them")
    chosen = [rows[name] for name in arguments.names or rows]
    for listed in ("packages", "beside"):
        if getattr(arguments, f"list_{listed}"):
            sys.stdout.writelines(sorted({word + "\n" for row in chosen for word in getattr(row, listed).split()}))
            return 0
    return check(chosen, arguments)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    # What was started is ended first.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(130))
    sys.exit(main())
