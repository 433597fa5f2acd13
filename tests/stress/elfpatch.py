#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes another libssl of the system's one: elfpatch.py IN OUT [OLD=NEW]... [--symbolic]

Names of objects are replaced by others of the same length, wherever they stand, so that the loader
takes the copy for a different library. --symbolic sets DF_SYMBOLIC: what the library calls of its
own never leaves it, as in builds with -Bsymbolic.
"""
import struct
import sys

PT_DYNAMIC = 2
DT_SYMBOLIC = 16
DT_RELACOUNT = 0x6FFFFFF9  # an optimisation that the loader can do without


def make_symbolic(elf):
    phoff, = struct.unpack_from("<Q", elf, 32)
    phentsize, phnum = struct.unpack_from("<HH", elf, 54)
    for i in range(phnum):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", elf, phoff + i * phentsize)
        if kind != PT_DYNAMIC:
            continue
        for at in range(offset, offset + size, 16):
            tag, = struct.unpack_from("<Q", elf, at)
            if tag == DT_RELACOUNT:
                struct.pack_into("<QQ", elf, at, DT_SYMBOLIC, 0)
                return
    sys.exit("no place for DT_SYMBOLIC")


def main():
    source, target, *changes = sys.argv[1:]
    with open(source, "rb") as file:
        elf = bytearray(file.read())
    for change in changes:
        if change == "--symbolic":
            make_symbolic(elf)
            continue
        old, new = (part.encode() for part in change.split("="))
        if len(old) != len(new) or old not in elf:
            sys.exit(f"cannot replace {change}")
        elf = elf.replace(old, new)
    with open(target, "wb") as file:
        file.write(elf)


main()
