# SPDX-License-Identifier: MIT
"""Holds the library to real programs, and prints which of them it covers.

run.py --build FOLDER --pki FOLDER --observer FILE [--tap] [NAME]...

Each program (of programs/*.py; all, when none is named) runs without the library and under every
kind of policy, against a server of its protocol. Ends with a line of how many checks passed, and
exits with 1 if one did not. --list prints the names of all programs.
"""

import argparse
import concurrent.futures
import importlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import judge
import trial

HERE = pathlib.Path(__file__).resolve().parent
SHOWN = ("program", "version", "TLS stack", "drives by", "name from", "result")


def programs():
    """All rows, in the order of their files and in these."""
    rows = []
    for file in sorted((HERE / "programs").glob("*.py")):
        rows += importlib.import_module(f"programs.{file.stem}").PROGRAMS
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
        trial.settle(pki, folder)
        pins = {name: (pki / f"{name}.pin").read_text().strip() for name in ("api", "int", "nobody")}
        tried = trial.Trial(program, arguments.build, pki, folder)
        judged = judge.Judge(program, pins)
        checks = list(judged.checks(tried, arguments.observer))
        json.dump({"checks": checks, "columns": describe(tried.scan(), judged)}, sys.stdout)
        if arguments.keep:
            shutil.copytree(folder, arguments.keep / program.name.replace("/", "_"), dirs_exist_ok=True)


# --- all of them


def version(packages):
    """Of the first package; None: one of them is missing."""
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", *packages.split()],
        capture_output=True, text=True, check=False,
    ).stdout.split("\n")
    installed = dict(line.split()[1:] for line in asked if line.startswith("installed "))
    return None if set(packages.split()) - set(installed) else installed[packages.split()[0]]


def attempt(program, arguments):
    """A process for the row: {"checks": [(name, complaint)], "columns": (...)}."""
    found = version(program.packages)
    if found is None:
        return {"checks": [("installed", f"of {program.packages}, not all is installed")],
                "columns": ("-",) * 3, "version": "-"}
    options = [f"--{name}={getattr(arguments, name)}" for name in ("build", "pki", "observer")]
    if arguments.keep:
        options.append(f"--keep={arguments.keep}")
    done = subprocess.run(
        ["unshare", "-m", "-n", "/usr/bin/python3", "-B", __file__, *options, "--one", program.name],
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
        print(f"\n{len(rows)} programs, {len(checks)} checks: {len(checks) - failed} passed, {failed} failed")
    return failed > 0 or not checks


def path(text):
    return pathlib.Path(text).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=path, help="the folder of libpinshim.so and pinshim")
    parser.add_argument("--pki", type=path, help="the folder of tests/lib/pki.sh")
    parser.add_argument("--observer", type=path, help="drive.c, built")
    parser.add_argument("--jobs", type=int, default=3, help="programs at a time")
    parser.add_argument("--keep", type=path, help="keep what programs said in this folder")
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--list", action="store_true")
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
        raise SystemExit(f"run.py: no program is called '{unknown[0]}'; --list prints them")
    return check([rows[name] for name in arguments.names or rows], arguments)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
