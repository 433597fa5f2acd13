# SPDX-License-Identifier: MIT
"""The policy's decision once more, as plainly as it can be put: what pinshim.ini(5) says, read off a
list of sections one after the other, with no thought of speed. It shares nothing with the library,
and must never be made to agree with it: where the two differ, one of them is wrong.
"""
import dataclasses
import ipaddress
import re

ENFORCE, REPORT, OFF = "enforce", "report", "off"
# In the order of severity.
REFUSED, WOULD_REFUSE, LEARNED, ACCEPTED, UNJUDGED = (
    "refused", "would-refuse", "learned", "accepted", "unjudged")
SEVERITY = [REFUSED, WOULD_REFUSE, LEARNED, ACCEPTED, UNJUDGED]


@dataclasses.dataclass
class Section:
    star: str  # "", "*." or "**."
    name: str  # in normal form
    pins: list = dataclasses.field(default_factory=list)  # (kind, letter), deny among them
    mode: str = None
    match: str = None
    full: bool = False
    ct: bool = False
    tofu: bool = False
    expires: int = None
    after: str = None


@dataclasses.dataclass
class Policy:
    sections: list
    mode: str = None
    unlisted: str = None
    unnamed: str = None
    deny: list = dataclasses.field(default_factory=list)
    after: str = None


@dataclasses.dataclass
class Shown:
    """What a server showed: how, and with what outcome of which check."""
    how: str  # "certificate", "raw key", "session" (one whose certificates are not at hand), "nothing"
    key: str = "?"
    cert: str = "?"
    chain: str = ""  # keys, the leaf's among them
    full: str = "failed"  # or "wrong name", "passed"
    anchors: str = ""  # the keys of CAs that anchor the chain, for this name
    logs: int = 0
    owner: bool = False  # the leaf has the name, or is self-signed
    known: str = "failed"  # "unknown", "known", "learned": the store
    known_key: str = "?"


def normal(name):
    """The normal form, or None where the name is not well-formed."""
    try:
        address = ipaddress.ip_address(name)
        mapped = getattr(address, "ipv4_mapped", None)
        return str(mapped or address)
    except ValueError:
        pass
    name = name.lower()
    if name.endswith("."):
        name = name[:-1]
    labels = name.split(".")
    if len(name) > 253 or any(not re.fullmatch("[a-z0-9_-]{1,63}", label) for label in labels):
        return None
    if re.fullmatch("[0-9]+", labels[-1]):
        return None if name.count(".") != 3 else normal_four(labels)
    return name


def normal_four(labels):
    """Four decimal numbers that ipaddress did not take, perhaps for the dot behind them."""
    try:
        return str(ipaddress.IPv4Address(".".join(labels)))
    except ValueError:
        return None


def is_address(name):
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def rank(section, name):
    """How specific SECTION is for NAME, or None where it does not match."""
    if section.star == "":
        return (2, 0, 0) if section.name == name else None
    if is_address(name):
        return None
    depth = section.name.count(".") + 1
    below = name.endswith("." + section.name)
    if section.star == "*.":
        one = below and name.count(".") == depth
        return (1, depth, 1) if one else None
    return (1, depth, 0) if below or name == section.name else None


def find(policy, name):
    ranked = [(rank(s, name), s) for s in policy.sections]
    ranked = [(r, s) for r, s in ranked if r is not None]
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def objection(mode):
    return {ENFORCE: REFUSED, REPORT: WOULD_REFUSE, OFF: UNJUDGED}[mode]


def pins_hold(section, shown):
    """Why the section's pins and what is known of the name do not hold, or a reason to accept."""
    has_cert = shown.how == "certificate"
    met = {"pin": lambda k: shown.key == k,
           "pin-cert": lambda k: has_cert and shown.cert == k,
           "pin-ca": lambda k: has_cert and k in shown.anchors}
    own = [(kind, letter) for kind, letter in section.pins if kind != "deny"]
    kinds = {kind: any(met[kind](l) for k, l in own if k == kind) for kind, _ in own}
    refusals = {"no-pin-match", "no-certificate"}
    if section.match == "every":
        if not all(kinds.values()):
            return False, refusals
    elif own:
        if any(kinds.values()):
            return True, {"pin-match"}
        if section.tofu and shown.known == "failed":
            return False, refusals | {"internal-error"}
        recognised = section.tofu and shown.known == "known" and shown.known_key == shown.key
        return recognised, {"pin-match"} if recognised else refusals | {"tofu-changed"}
    if not section.tofu:
        return True, {"pin-match"} if own else {"checks-passed"}
    if shown.known == "failed":
        return False, {"internal-error"}
    if shown.known == "unknown":
        first = has_cert and shown.owner
        return first, {"tofu-first-use"} if first else {"no-certificate", "name-mismatch"}
    if shown.known_key != shown.key:
        return False, {"tofu-changed"}
    return True, {"tofu-first-use"} if shown.known == "learned" else {"pin-match"}


def section_objects(section, shown):
    """The reasons for which SECTION objects, or an empty set and the reasons to accept."""
    has_key = shown.how in ("certificate", "raw key")
    reasons = set()
    if has_key and any(k == "deny" and l in shown.chain + shown.key for k, l in section.pins):
        reasons.add("denied-key")
    if not has_key or ((section.full or section.ct) and shown.how != "certificate"):
        reasons.add("no-certificate")
        return reasons, set()
    if section.full or section.ct:
        if shown.full == "wrong name":
            reasons.add("name-mismatch")
        if shown.full == "failed":
            reasons.add("chain-not-verified")
    if section.ct and shown.logs < 2:
        reasons.add("ct-missing")
    hold, why = pins_hold(section, shown)
    return (reasons, why) if hold else (reasons | why, set())


def decide(policy, name, shown, now):
    """The verdict, and the reasons of which one has to be given. NAME is None, or as it was sent."""
    found = []  # (verdict, reasons)
    mode = policy.mode or ENFORCE
    keys = shown.chain + shown.key if shown.how in ("certificate", "raw key") else ""
    if mode != OFF and any(k in keys for k in policy.deny):
        found.append((objection(mode), {"denied-key"}))
    elif mode != OFF and policy.deny and shown.how == "session":
        found.append((objection(mode), {"no-certificate"}))
    as_normal = normal(name) if name is not None else None
    section = find(policy, as_normal) if as_normal is not None else None
    if section is None:
        action = (policy.unnamed if name is None else policy.unlisted) or "allow"
        worst = {"refuse": objection(mode), "allow": UNJUDGED,
                 "report": UNJUDGED if mode == OFF else WOULD_REFUSE}[action]
        reason = "unnamed" if name is None else "unlisted"
        found.append((worst, {reason} | ({"checks-passed"} if worst == UNJUDGED else set())))
    else:
        expired = section.expires is not None and now >= section.expires
        own = section.mode or mode
        if expired:
            own = section.after or policy.after or REPORT
        reasons, accepting = section_objects(section, shown)
        if own == OFF:
            found.append((ACCEPTED, {"expired-policy"}) if expired else (UNJUDGED, {"checks-passed"}))
        elif reasons:
            found.append((objection(own), reasons))
        elif "tofu-first-use" in accepting and own == ENFORCE and shown.known == "learned":
            found.append((LEARNED, accepting))
        else:
            found.append((ACCEPTED, {"expired-policy"} if expired else accepting))
    worst = min((v for v, _ in found), key=SEVERITY.index)
    return worst, set().union(*(r for v, r in found if v == worst))
