# SPDX-License-Identifier: MIT
"""Random policies, names and servers for the model: few names and few keys, so that things meet;
every way to write a policy down that means the same. All comes from one random.Random.
"""
import base64
import datetime

from model import Policy, Section, Shown, is_address, normal

KEYS = "ABCDEF"
LABELS = ["a", "b", "www", "x-y", "xn--bcher-kva", "9z", "_t", "l" * 63]
ENDS = ["test", "example.com", "com", "b.test"]
ADDRESSES = ["192.0.2.7", "2001:db8::7", "198.51.100.1", "::1"]
NOON = 12 * 3600


def pin(letter, kind):
    """The base64 of what LETTER stands for; another caller may have digests of its own."""
    return base64.b64encode(letter.encode() * 32).decode()


def as_hex(digest):
    return ":".join("%02X" % byte for byte in base64.b64decode(digest))


def host(r):
    if r.random() < 0.08:
        return r.choice(ADDRESSES)
    return ".".join([r.choice(LABELS) for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3]))] + [r.choice(ENDS)])


def spelling(r, name):
    """Another way to write NAME that means the same."""
    if is_address(name):
        if name == "2001:db8::7":
            return r.choice([name, "2001:DB8::7", "2001:0db8:0:0:0:0:0:7"])
        if "." in name and r.random() < 0.3:
            return "::ffff:" + name
        return name
    letters = "".join(r.choice([c, c.upper()]) for c in name)
    return letters + r.choice(["", "", "."])


def odd_name(r):
    return r.choice(["", ".", "a..b", "a.test:443", "[::1]", "*.test", "a b", "ä.test", "1.2.3",
                     "300.1.1.1", "a.9", "l" * 64 + ".test", "a." * 126 + "ab", "a/b.test"])


def section(r, day):
    name = host(r)
    s = Section(star="" if is_address(name) else r.choice(["", "", "*.", "**."]), name=name)
    for _ in range(r.choice([0, 1, 1, 2, 2, 3, 5])):
        s.pins.append((r.choice(["pin", "pin", "pin-ca", "pin-cert"]), r.choice(KEYS)))
    if r.random() < 0.2:
        s.pins.append(("deny", r.choice(KEYS)))
    s.pins = list(set(s.pins))  # none may stand twice
    s.pins.sort()
    r.shuffle(s.pins)
    s.mode = r.choice([None, None, None, "enforce", "report", "off"])
    s.match = r.choice([None, None, "any", "every"])
    s.full = r.random() < 0.15
    s.ct = r.random() < 0.1
    s.tofu = r.random() < 0.15
    if not (s.pins or s.full or s.ct or s.tofu):
        s.mode = "off"
    elif r.random() < 0.2:
        s.expires = (day + r.choice([-1, 0, 1])) * 86400
        s.after = r.choice([None, "enforce", "report", "off"])
    if s.match and not any(kind != "deny" for kind, _ in s.pins):
        s.match = None
    return s


def policy(r, day):
    sections, seen = [], set()
    for _ in range(r.randint(1, 10)):
        s = section(r, day)
        if (s.star, s.name) not in seen:
            seen.add((s.star, s.name))
            sections.append(s)
    actions = [None, None, "allow", "report", "refuse"]
    return Policy(sections, mode=r.choice([None, None, None, "enforce", "report", "off"]),
                  unlisted=r.choice(actions), unnamed=r.choice(actions),
                  deny=r.sample(KEYS, r.choice([0, 0, 0, 1, 2])),
                  after=r.choice([None, None, "enforce", "report", "off"]))


def revoked_list(r, keys):
    """KEYS as a `revoked' list."""
    lines = [r.choice(["sha256/", "sha256//"]) + pin(k, "deny") + r.choice(["", "", " "]) for k in keys]
    lines += r.choice([[], ["# nothing"], lines[:1]])
    r.shuffle(lines)
    return ("\n".join(lines) + "\n").encode()


def text(r, p, revoked=(), trusts=False):
    """P as a file; those of its keys that are in REVOKED stand in a list, /list. With TRUSTS,
    sections may name a file of trust anchors."""
    def line(key, value):
        return (r.choice(["", "", "  ", "\t"]) + key + r.choice([" = ", "=", "  =  ", "= "]) + value
                + r.choice(["", "", "", " ; why", "\t", " "]))

    def shuffled(pairs):
        pairs = [line(k, v) for k, v in pairs if v is not None]
        pairs += [r.choice(["", "; nothing", "# nothing"])] if r.random() < 0.3 else []
        return pairs

    def value(kind, letter):
        if kind == "pin-cert" and r.random() < 0.5:
            return as_hex(pin(letter, kind))
        return r.choice(["sha256/", "sha256//"]) + pin(letter, kind)

    top = [("mode", p.mode), ("unlisted", p.unlisted), ("unnamed", p.unnamed), ("after-expiry", p.after)]
    top += [("deny", value("deny", d)) for d in p.deny if d not in revoked]
    top += [("revoked", "/list")] if revoked else []
    if any(s.ct for s in p.sections):
        top.append(("ct-logs", "/logs.conf"))
    r.shuffle(top)
    lines = shuffled(top)
    for s in p.sections:
        lines.append("[" + s.star + spelling(r, s.name) + "]")
        pairs = [(kind, value(kind, letter)) for kind, letter in s.pins]
        pairs += [("mode", s.mode), ("match", s.match), ("verify", "full" if s.full else None),
                  ("ct", "require" if s.ct else None), ("tofu", "yes" if s.tofu else None),
                  ("ca-file", r.choice([None, "/ca.pem", "/other.pem"]) if s.full and trusts else None),
                  ("after-expiry", s.after)]
        if s.expires is not None:
            day = datetime.datetime.fromtimestamp(s.expires, datetime.timezone.utc)
            pairs.append(("expires", day.strftime("%Y-%m-%d")))
        r.shuffle(pairs)
        lines += shuffled(pairs)
    end = r.choice(["\n", "\n", "\r\n"])
    return (r.choice(["", "", "\ufeff"]) + end.join(lines) + r.choice([end, ""])).encode()


def name_near(r, p):
    """A name that has something to do with P, in normal form or odd; or none."""
    chance = r.random()
    if chance < 0.06:
        return None
    if chance < 0.12:
        return odd_name(r)
    if chance < 0.3:
        return host(r)
    s = r.choice(p.sections)
    if is_address(s.name):
        return s.name
    near = r.choice(["", "", "a.", "www.", "a.b.", "x" if s.star == "" else "www."]) + s.name
    return near if normal(near) else s.name


def shown(r):
    how = r.choice(["certificate"] * 12 + ["raw key"] * 2 + ["session", "nothing"])
    key = r.choice(KEYS)
    chain = key + "".join(r.sample(KEYS, r.randint(0, 3)))
    return Shown(how, key, r.choice(KEYS), chain, r.choice(["failed", "wrong name", "passed", "passed"]),
                 "".join(r.sample(KEYS, r.randint(0, 2))), r.randint(0, 3), r.random() < 0.6,
                 r.choice(["failed", "unknown", "unknown", "known", "learned"]),
                 r.choice([key, r.choice(KEYS)]))
