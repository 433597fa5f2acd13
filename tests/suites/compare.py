#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Judges the runs of other projects' test suites that scripts/suites.sh made, test by test.

    compare.py settled [OPTION]... SUITE FOLDER    exits 1 when it takes more runs to know
    compare.py verdict [OPTION]... SUITE FOLDER    prints what was found as JSON
    compare.py table FOLDER...                     prints the verdicts as TAP, and a table in comments

FOLDER holds a folder STATE.NUMBER for each run: `bare' is without the library, other states are with
it. In it are `outcomes' (lines OUTCOME NAME), `seconds', `output', and for some states `events'.

A test is flaky when runs without the library differ. It differs under the library when an outcome is
seen there that is never seen without, or when the usual outcome is not seen at all. A suite is
disturbed when it takes more than 1.5 times as long. Nothing is ever left out: a test that did not run
has the outcome `absent'."""

import argparse
import collections
import json
import pathlib
import re
import statistics
import sys

SLOW = 1.5
# Seconds that come of whatever else the machine does.
NOISE = 2
# What a run must never say: the library has nothing to tell, and the loader could load it.
WORDS = re.compile(rb"^pinshim: .*|.*ERROR: ld\.so: object.*|.*symbol lookup error.*", re.M)


class Run:
    def __init__(self, folder):
        self.state = folder.name.split(".")[0]
        self.seconds = float((folder / "seconds").read_text())
        self.words = [match.decode("utf-8", "replace") for match in WORDS.findall((folder / "output").read_bytes())]
        self.outcomes = {}
        seen = collections.Counter()
        # Several tests of one name are told apart by what became of them, not by their order.
        for line in sorted(filter(None, (folder / "outcomes").read_text("utf-8", "replace").split("\n"))):
            outcome, name = line.split(" ", 1)
            seen[name] += 1
            if seen[name] > 1:
                name += f" ({seen[name]})"
            self.outcomes[name] = outcome
        events = folder / "events"
        self.handshakes = len(events.read_bytes().splitlines()) if events.exists() else 0


def runs_of(folder):
    runs = collections.defaultdict(list)
    for path in sorted(pathlib.Path(folder).glob("*.[0-9]*")):
        run = Run(path)
        runs[run.state].append(run)
    return runs


def seen_in(runs, name):
    return collections.Counter(run.outcomes.get(name, "absent") for run in runs)


def told(counts):
    return ", ".join(f"{outcome} {count}x" for outcome, count in counts.most_common())


def is_slow(runs, bare):
    """Two runs are judged by the slower one, more of them by what is usual."""
    usual = max if len(bare) < 3 else statistics.median
    ours, theirs = (usual([run.seconds for run in group]) for group in (runs, bare))
    return ours > SLOW * theirs and ours - theirs > NOISE


def judge(folder):
    runs = runs_of(folder)
    bare = runs.pop("bare", [])
    if len(bare) < 2 or not runs:
        sys.exit(f"compare.py: {folder} has {len(bare)} runs without the library and {len(runs)} states with it")
    names = sorted({name for group in [bare, *runs.values()] for run in group for name in run.outcomes})
    found = {"flaky": [], "states": {}, "ran": len(names)}
    without = {name: seen_in(bare, name) for name in names}
    for name in names:
        if len(without[name]) > 1:
            found["flaky"].append(f"{name}: {told(without[name])}")
    for state, group in runs.items():
        differences = []
        for name in names:
            under = seen_in(group, name)
            usual = without[name].most_common(1)[0][0]
            if set(under) - set(without[name]) or (len(group) > 2 and usual not in under):
                differences.append(f"{name}: {told(without[name])}; under the library {told(under)}")
        found["states"][state] = {
            "differences": differences,
            "slow": is_slow(group, bare),
            "ratio": statistics.median(run.seconds for run in group)
            / statistics.median(run.seconds for run in bare),
            "handshakes": min(run.handshakes for run in group),
            "words": sorted({word for run in group for word in run.words}),
        }
    usual = [without[name].most_common(1)[0][0] for name in names]
    found["passed"] = usual.count("passed")
    found["skipped"] = usual.count("skipped")
    found["runs"] = len(bare)
    found["seconds"] = statistics.median(run.seconds for run in bare)
    return found


def faults_of(found, options):
    """What is wrong with one suite, one sentence each."""
    faults = []
    if found["passed"] < options.minimum:
        faults.append(f"{found['passed']} tests passed without the library, at least {options.minimum} should")
    if len(found["flaky"]) > options.flaky:
        faults.append(f"{len(found['flaky'])} tests are flaky without the library, at most {options.flaky} may be")
    for state, of in found["states"].items():
        faults += [f"{state}: {line}" for line in of["differences"]]
        faults += [f"{state}: it said: {word}" for word in of["words"]]
        if of["slow"]:
            faults.append(f"{state}: took {of['ratio']:.2f} times as long")
        # Without a policy the library counts nothing; whether it is loaded shows in the other states.
        if state != "none" and of["handshakes"] < options.handshakes:
            faults.append(f"{state}: {of['handshakes']} handshakes were seen, not {options.handshakes}")
    return faults


def settled(options):
    found = judge(options.folder)
    odd = found["flaky"] or any(of["differences"] or of["slow"] for of in found["states"].values())
    return 1 if odd else 0


def verdict(options):
    found = judge(options.folder)
    found.update(suite=options.suite, version=options.version, faults=faults_of(found, options))
    json.dump(found, sys.stdout, indent=1)
    print()
    return 0


COLUMNS = "suite, version, tests, passed, skipped, flaky, differences, time, handshakes".split(", ")


def row(found):
    states = found["states"].values()
    return [
        found["suite"],
        found["version"],
        found["ran"],
        found["passed"],
        found["skipped"],
        len(found["flaky"]),
        " ".join(str(len(of["differences"])) for of in states),
        " ".join(f"{of['ratio']:.2f}" for of in states),
        max(of["handshakes"] for of in states),
    ]


def table(options):
    print(f"1..{len(options.folder)}")
    rows = [COLUMNS]
    states = []
    failed = 0
    for number, folder in enumerate(map(pathlib.Path, options.folder), 1):
        try:
            found = json.loads((folder / "verdict").read_text())
        except (OSError, ValueError):
            found = None
            faults = ["it did not come to a verdict"]
        else:
            faults = found["faults"]
            states = list(found["states"])
            rows.append([str(cell) for cell in row(found)])
        failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {folder.name}: no test can tell that the library is there")
        for line in faults:
            print(f"# {line}")
        for line in found["flaky"] if found else []:
            print(f"# flaky without the library: {line}")
    widths = [max(map(len, column)) for column in zip(*rows)]
    for cells in rows:
        print("# " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip())
    print(f"# differences and times: one number for each of: {', '.join(states)}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for function in (settled, verdict):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument("--minimum", type=int, default=1)
        command.add_argument("--handshakes", type=int, default=1)
        command.add_argument("--flaky", type=int, default=0)
        command.add_argument("--version", default="")
        command.add_argument("suite")
        command.add_argument("folder")
    command = commands.add_parser("table")
    command.set_defaults(function=table)
    command.add_argument("folder", nargs="+")
    options = parser.parse_args()
    return options.function(options)


if __name__ == "__main__":
    sys.exit(main())
