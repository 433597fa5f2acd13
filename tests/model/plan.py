# SPDX-License-Identifier: MIT
"""Makes what soak goes by: plan.py FOLDER SEED CHANGES. FOLDER gets four servers' certificates (by
two roots, of which the client trusts one, and a self-signed one), and the file `plan': names, and
policies with what the model says of each name at each server under each of them.
"""
import base64
import hashlib
import pathlib
import random
import subprocess
import sys
import time

import cases
import model

SERVERS = "ABCD"
ROOTS = {"A": "E", "B": "F", "C": "E"}  # D is signed by itself; E is trusted
LONG_AGO, FAR_AWAY = 10 * 86400, 4 * 10 ** 9
OPENSSL = {"PATH": "/usr/bin:/bin"}


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, env=OPENSSL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def certificate(folder, letter, names):
    issuer = ROOTS.get(letter)
    signed = ["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key"] if issuer else []
    names = ["-addext", "subjectAltName=" + ",".join(names),
             "-addext", "basicConstraints=critical,CA:FALSE"] if names else []
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 9,
            "-subj", f"/CN={letter}", *signed, *names,
            "-keyout", folder / f"{letter}.key", "-out", folder / f"{letter}.pem")


def digest(der):
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def digests(folder, letter):
    pem, key = folder / f"{letter}.pem", folder / f"{letter}.key"
    return {"key": digest(openssl("pkey", "-in", key, "-pubout", "-outform", "DER")),
            "cert": digest(openssl("x509", "-in", pem, "-outform", "DER"))}


def shown(letter, name, holders):
    """What server LETTER shows to a client that asks for NAME."""
    root = ROOTS.get(letter, "")
    as_normal = name and model.normal(name)
    is_for = as_normal in holders[letter]
    full = "failed" if root != "E" else "passed" if is_for else "wrong name"
    return model.Shown("certificate", letter, letter, letter + root, full, root if is_for else "")


def simple(p):
    """P without what a handshake in memory cannot show, and with dates that are clear."""
    for s in p.sections:
        s.tofu = s.ct = False
        if s.expires is not None:
            s.expires = FAR_AWAY if s.expires > 20001 * 86400 else int(time.time()) // 86400 * 86400 - LONG_AGO
        if not (s.pins or s.full):
            s.mode, s.expires, s.after = "off", None, None
    return p


def main():
    folder, r, changes = pathlib.Path(sys.argv[1]), random.Random(int(sys.argv[2])), int(sys.argv[3])
    hosts = sorted({cases.host(r) for _ in range(40)})[:23] + [None]
    named = [h for h in hosts if h and not model.is_address(h)]
    holders = {"A": named[::2], "B": named, "C": named[1::2], "D": named}
    for letter in "EF" + SERVERS:
        certificate(folder, letter, ["DNS:" + h for h in holders.get(letter, [])])
    true = {letter: digests(folder, letter) for letter in "EF" + SERVERS}
    cases.pin = lambda letter, kind: true[letter]["cert" if kind == "pin-cert" else "key"]
    with open(folder / "plan", "wb") as plan:
        plan.write(b"%d\n" % len(hosts))
        for h in hosts:
            plan.write((cases.spelling(r, h) if h else "-").encode() + b"\n")
        for i in range(changes):
            if i % 7 == 6:
                plan.write(b"%d 0 bad\nnonsense" % (i % 2))
                continue
            p = simple(cases.policy(r, 20001))
            text, now = cases.text(r, p), int(time.time())
            passes = "".join("01"[model.decide(p, h, shown(s, h, holders), now)[0] != model.REFUSED]
                             for h in hosts for s in SERVERS)
            plan.write(b"%d %d %s\n%s" % (i % 2, len(text), passes.encode(), text))


if __name__ == "__main__":
    main()
