#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which gate of the shim catches which path: switches each off, and looks what then leaks.

gates.py --source FOLDER --build FOLDER --make ARGUMENT... --pki FOLDER LINE=MATRIX

FOLDER is a source tree that was built, with those arguments of make. For each gate the tree is
copied, one check is taken out of it, and the library is built again. Every path of the matrix has to
leak under a wrong pin when its gate is off, or the test of that path could not fail. Speaks TAP, one
test a path, and ends with the table.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Each gate: what is taken out, as (file, pattern, replacement), each of which must apply once.
HOOKS = "shim/entry/hooks.def"
GATE = "shim/gate/gate.c"


def without_hooks(*names):
    return [(HOOKS, rf"^HOOK\({name}\)\n", "") for name in names]


CERTIFICATE = [(GATE, r"if \(!certificate_is_good\(c\)\)", "if (!certificate_is_good(c) && 0)")]
COMPLETION = [(GATE, r"if \(completion_is_good\((.*)\)\)", r"if (completion_is_good(\1) || 1)")]
ESCALATION = [(GATE, r"if \(lib->SSL_get_verify_mode\(ssl\) == SSL_VERIFY_NONE\)\n", "if (0)\n")]
TAKING_OFF = [("shim/gate/on.c", r"bool good =\s+gate_session_is_good\([^;]*;", "bool good = true;")]
EARLY = without_hooks("SSL_write_early_data")

GATES = {
    "certificate gate": CERTIFICATE,
    "completion gate": COMPLETION,
    "escalation": ESCALATION,
    "early data": EARLY,
    "own verification": without_hooks("SSL_CTX_set_cert_verify_callback"),
    "own security": without_hooks("SSL_CTX_set_security_callback", "SSL_set_security_callback"),
    "EAP-FAST": without_hooks("SSL_set_session_secret_cb"),
    "another's QUIC": without_hooks("SSL_set_quic_tls_early_data_enabled"),
    "QUIC's address": without_hooks("SSL_set1_initial_peer_addr"),
    # A session is taken off first; what is left on, the completion gate refuses.
    "completion gate and taking off": COMPLETION + TAKING_OFF,
    "early data and taking off": EARLY + TAKING_OFF,
    # A session that was refused carries no verdict, so that it is caught once more.
    "both gates": CERTIFICATE + COMPLETION,
    "certificate gate, early data and taking off": CERTIFICATE + EARLY + TAKING_OFF,
}


def mutate(tree, changes):
    for name, pattern, replacement in changes:
        path = tree / name
        text, count = re.subn(pattern, replacement, path.read_text(), flags=re.MULTILINE)
        if count != 1:
            raise SystemExit(f"gates.py: {pattern} stands {count} times in {name}")
        path.write_text(text)


def build(arguments, folder, gate):
    """The library without GATE."""
    tree = pathlib.Path(folder) / re.sub(r"\W", "-", gate)
    shutil.copytree(arguments.source / "shim", tree / "shim")
    shutil.copy2(arguments.source / "Makefile", tree)
    # Objects that are as new as what they were made of are not made again.
    shutil.copytree(arguments.build / "shim", tree / "out" / "shim")
    mutate(tree, GATES[gate])
    library = tree / "out" / "libpinshim.so"
    subprocess.run(
        ["make", "-s", "-C", tree, "BUILD=out", *arguments.make, "out/libpinshim.so"],
        check=True, stdout=sys.stderr,
    )
    return library


def leaks(arguments, library):
    runner = pathlib.Path(__file__).with_name("run.py")
    told = subprocess.run(
        [sys.executable, runner, "--leaks", "--library", library, "--pki", arguments.pki,
         arguments.line],
        check=True, capture_output=True, text=True,
    )
    return {row.split("\t")[1] for row in told.stdout.splitlines()}


def paths(arguments):
    program = arguments.line.split("=", 1)[1]
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True)
    return [row.split("\t")[0] for row in listed.stdout.splitlines() if not row.endswith("\tnever")]


def table(caught, leaking):
    """Paths by gates: an x where the path leaks without the gate."""
    columns = dict(zip(GATES, "abcdefghijklmnopqrstuvwxyz"))
    width = max(map(len, caught))
    print("# without:")
    for gate, column in columns.items():
        print(f"#   {column}  {gate}: {len(leaking[gate])} paths leak")
    print(f"# {'':{width}}  {' '.join(columns.values())}")
    for path, gates in caught.items():
        print(f"# {path:{width}}  " + " ".join("x" if gate in gates else "." for gate in GATES))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--make", action="append", default=[])
    parser.add_argument("--pki", required=True)
    parser.add_argument("line", metavar="LINE=MATRIX")
    arguments = parser.parse_args()

    every = paths(arguments)
    print(f"1..{len(every) + 1}")
    whole = leaks(arguments, arguments.build / "libpinshim.so")
    print(f"{'not ' if whole else ''}ok 1 - with every gate nothing leaks")
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        libraries = dict(zip(GATES, pool.map(lambda gate: build(arguments, folder, gate), GATES)))
        leaking = {gate: leaks(arguments, library) for gate, library in libraries.items()}
    caught = {}
    for number, path in enumerate(every, 2):
        caught[path] = [gate for gate in GATES if path in leaking[gate]]
        print(f"{'' if caught[path] else 'not '}ok {number} - {path} leaks without its gate")
    table(caught, leaking)
    return bool(whole) or not all(caught.values())


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
