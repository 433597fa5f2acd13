#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the shim to every scenario of the matrix, on one or several lines of OpenSSL.

run.py --library LIBRARY --pki FOLDER LINE=MATRIX...

Each scenario runs without the shim, and under four policies: a wrong pin, a right one, report,
and one that does not name it. What the server saw, and what the client could see, is compared.
Speaks TAP, one test a scenario and line, and ends with a table of paths by lines.
With --leaks it only tells which scenarios let data pass under a wrong pin, one a line.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# What the scenarios are about; see ends.h.
NAMES = ("api.example.com", "127.0.0.9")
POLICIES = ("wrong", "right", "report", "other")

Line = collections.namedtuple("Line", "name program emulator")
Run = collections.namedtuple("Run", "rc facts lines stderr events records")


def write_policies(folder, pki):
    """The four policies, as files in FOLDER."""
    pin = {name: (pki / f"{name}.pin").read_text().strip() for name in ("api", "rsa", "nobody")}

    def sections(*pins):
        return "".join(f"[{name}]\n" + "".join(f"pin = {pin}\n" for pin in pins)
                       for name in NAMES)

    wrong = sections(pin["nobody"])
    texts = {
        "wrong": wrong,
        "right": sections(pin["api"], pin["rsa"]),
        "report": "mode = report\n" + wrong,
        "other": f"[elsewhere.example.org]\npin = {pin['nobody']}\n",
    }
    for policy, text in texts.items():
        (folder / f"{policy}.ini").write_text(text)


class Rig:
    """Runs scenarios in clean environments."""

    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        write_policies(folder, arguments.pki)

    def scenarios(self, line):
        listed = self.call(line, ["--list"], {})
        if listed.returncode:
            raise SystemExit(f"{line.name}: {listed.stderr}")
        return [row.split("\t") for row in listed.stdout.splitlines()]

    def call(self, line, words, shim):
        # What is preloaded is for the program, not for what emulates its machine.
        inner = [option for variable in shim.items() for option in ("-E", "=".join(variable))]
        command = [*line.emulator, *(inner if line.emulator else ()), line.program, *words]
        environment = {"PATH": "/usr/bin:/bin", "PKI": str(self.arguments.pki)}
        if not line.emulator:
            environment.update(shim)
        return subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=self.arguments.timeout, check=False,
        )

    def run(self, line, scenario, policy=None):
        shim, log, records = {}, None, None
        if policy:
            shim = {
                "LD_PRELOAD": str(self.arguments.library),
                "PINSHIM_POLICY": str(self.folder / f"{policy}.ini"),
            }
        with tempfile.TemporaryDirectory(dir=self.folder) as own:
            # Under the last policy nothing may be said, wherever it would be said by default.
            if policy and policy != "other":
                log = pathlib.Path(own) / "events"
                shim["PINSHIM_LOG"] = str(log)
            if policy:
                records = pathlib.Path(own) / "records"
                shim["PINSHIM_EVENTS"] = str(records)
            try:
                done = self.call(line, [scenario], shim)
            except subprocess.TimeoutExpired:
                return Run(124, {}, [], "timed out", [], [])
            events, records = ([json.loads(event) for event in path.read_text().splitlines()]
                               if path and path.exists() else [] for path in (log, records))
        lines = done.stdout.splitlines()
        # Of several errors the first one counts.
        facts = dict(fact.split("=", 1) for fact in reversed(lines))
        return Run(done.returncode, facts, lines, done.stderr, events, records)


def leaked(run):
    """Whether the server got anything it should not have: data, or to know who the client is."""
    counts = ("server.data", "server.early", "server.identity")
    return run.rc == 0 or any(run.facts.get(count) != "0" for count in counts)


def refused(run, reason=True):
    """What is wrong with RUN as a refusal; None: nothing."""
    if run.rc != 1 or run.facts.get("outcome") != "failed":
        return f"ended with {run.rc}, {run.facts.get('outcome')}: {run.stderr}"
    if leaked(run):
        return "the server got data"
    if not reason:
        return None
    if not run.facts.get("error", "").endswith(":certificate verify failed"):
        return f"the first error is {run.facts.get('error')}"
    if run.facts.get("verify_result") != "50":
        return f"the verify result is {run.facts.get('verify_result')}"
    if not any(e["verdict"] == "refused" and e["hostname"] in NAMES for e in run.events):
        return "no event tells of it"
    return None


def same(run, bare, but=()):
    """How RUN differs from BARE for the program or its server; None: not at all."""
    def comparable(lines):
        return [fact for fact in lines if fact.split("=", 1)[0] not in but]
    if run.rc != bare.rc:
        return f"ended with {run.rc}: {run.stderr}"
    ours, theirs = comparable(run.lines), comparable(bare.lines)
    if ours != theirs:
        return f"{[f for f in ours if f not in theirs]} instead of {[f for f in theirs if f not in ours]}"
    return f"it said: {run.stderr}" if run.stderr != bare.stderr else None


# A session of another name is taken off: then the handshake is a full one.
FULL_INSTEAD = ("reused", "server.reused")

# Both messages with which a client shows a certificate, and proves that it has the key.
IDENTITY = "2"


def deviations(kind, scenario, bare, runs):
    """Every way in which a scenario did not go as its kind has to, as (policy, what)."""
    certificate = kind in ("certificate", "early")
    if bare.rc != (1 if kind == "never" else 0):
        return [("bare", f"ended with {bare.rc}: {bare.stderr}")]
    if kind == "never":
        found = {policy: "the server got data" if leaked(run) else same(run, bare)
                 for policy, run in runs.items()}
        return [(policy, what) for policy, what in found.items() if what]

    found = {"other": same(runs["other"], bare)}
    found["wrong"] = refused(runs["wrong"], reason=kind != "early")
    if certificate:
        found["right"] = same(runs["right"], bare, FULL_INSTEAD if "another name" in scenario else ())
        if not found["right"] and runs["right"].events:
            found["right"] = f"events: {runs['right'].events}"
    else:
        found["right"] = refused(runs["right"])

    if "client certificate" in scenario:
        sent = bare.facts.get("server.identity")
        found["bare"] = None if sent == IDENTITY else f"{sent} messages of the client's certificate"

    found["report"] = same(runs["report"], bare)
    if not found["report"] and int(bare.facts["handshakes"]) and not runs["report"].events:
        found["report"] = "nothing was said of it"
    for policy, verdict in (("report", "would-refuse"), ("other", "accepted")):
        told = [e for e in runs[policy].records if e["verdict"] == verdict]
        # A session's own handshake may be with another name, and where none is pinned any is told.
        counts = len(told), len([e for e in told if e["hostname"] in NAMES])
        if not found[policy] and int(bare.facts["handshakes"]) not in counts:
            found[policy] = f"{bare.facts['handshakes']} handshakes, {counts} records of them"
    return [(policy, what) for policy, what in found.items() if what]


def attempt(rig, line, scenario, kind):
    bare = rig.run(line, scenario)
    runs = {policy: rig.run(line, scenario, policy) for policy in POLICIES}
    return deviations(kind, scenario, bare, runs)


def tell(number, line, scenario, found):
    print(f"{'not ' if found else ''}ok {number} - {line.name}: {scenario}")
    for policy, what in found:
        print(f"#   {policy}: {what}")


def table(lines, results):
    """Paths by lines: how many policies went as they have to, of five runs; a dot: not there."""
    paths = list(dict.fromkeys(scenario for _, scenario in results))
    width = max(map(len, paths))
    print(f"# {'':{width}}  " + "  ".join(f"{line.name:>6}" for line in lines))
    for path in paths:
        cells = []
        for line in lines:
            found = results.get((line.name, path))
            cells.append("." if found is None else "ok" if not found else f"{len(found)} bad")
        print(f"# {path:{width}}  " + "  ".join(f"{cell:>6}" for cell in cells))
    for line in lines:
        own = [found for (name, _), found in results.items() if name == line.name]
        print(f"# {line.name}: {len(own)} paths, {sum(map(len, own))} deviations")


def check(rig, lines, pool):
    jobs = [(line, scenario, kind) for line in lines for scenario, kind in rig.scenarios(line)]
    print(f"1..{len(jobs)}")
    results = {}
    runs = pool.map(lambda job: attempt(rig, *job), jobs)
    for number, ((line, scenario, _), found) in enumerate(zip(jobs, runs), 1):
        results[line.name, scenario] = found
        tell(number, line, scenario, found)
    table(lines, results)
    return any(results.values())


def leaks(rig, lines, pool):
    jobs = [(line, scenario) for line in lines for scenario, kind in rig.scenarios(line)
            if kind != "never"]
    for (line, scenario), run in zip(jobs, pool.map(lambda job: rig.run(*job, "wrong"), jobs)):
        if leaked(run):
            print(f"{line.name}\t{scenario}")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--pki", type=pathlib.Path, required=True)
    parser.add_argument("--emulator", default="", help="what runs a program of another machine")
    parser.add_argument("--timeout", type=float, default=60, help="seconds, for each run")
    parser.add_argument("--leaks", action="store_true")
    parser.add_argument("lines", nargs="+", metavar="LINE=MATRIX")
    arguments = parser.parse_args()
    lines = [Line(*word.split("=", 1), arguments.emulator.split()) for word in arguments.lines]
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        rig = Rig(arguments, pathlib.Path(folder))
        return (leaks if arguments.leaks else check)(rig, lines, pool)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
