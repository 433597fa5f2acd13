# SPDX-License-Identifier: MIT
"""Asks the library (decide) and the model the same random questions, and holds both to two
properties: another spelling of a name never changes the answer, and a stricter policy never lets
more through. Asked of a snapshot, the library says the same to the letter. differ.py DECIDE SEED CASES [BROKEN]: BROKEN names a rule that the model is to get
wrong, for the test that a difference is seen. Exits with 1 and shows the case where they differ.
"""
import copy
import random
import subprocess
import sys

import cases
import model

CASES_EACH = 12
PASSES = {model.REFUSED: 0, model.WOULD_REFUSE: 1, model.LEARNED: 2, model.ACCEPTED: 2, model.UNJUDGED: 2}


def stricter(r, p):
    """A copy of P that may only let less through, and what was done to it."""
    q = copy.deepcopy(p)
    s = r.choice(q.sections)
    step = r.choice(["deny everywhere", "deny here", "enforce", "refuse strangers", "every", "full", "ct",
                     "drop a pin", "no raising by expiry"])
    if step == "deny everywhere":
        q.deny = sorted({*q.deny, r.choice(cases.KEYS)})
    elif step == "deny here":
        s.pins = sorted({*s.pins, ("deny", r.choice(cases.KEYS))})
    elif step == "enforce":
        s.mode = {"off": "report", "report": "enforce"}.get(s.mode or q.mode or "enforce", "enforce")
        if not (s.pins or s.full or s.ct or s.tofu):
            s.full = True
    elif step == "refuse strangers":
        q.unlisted = q.unnamed = "refuse"
    elif step == "every" and s.match == "any" and not s.tofu:
        s.match = "every"
    elif step == "full":
        s.full = True
    elif step == "ct":
        s.ct = True
    elif step == "drop a pin":
        kinds = [kind for kind, _ in s.pins]
        spare = [i for i, kind in enumerate(kinds) if kind != "deny" and kinds.count(kind) > 1]
        if spare:
            del s.pins[r.choice(spare)]
    elif step == "no raising by expiry" and s.expires is not None:
        s.after = "enforce"
    return q, step


def case_line(name, shown, now):
    as_hex = "-" if name is None else "=" + name.encode().hex()
    how = {"certificate": "c", "raw key": "r", "session": "u", "nothing": "-"}[shown.how]
    full = {"failed": 1, "wrong name": 2, "passed": 3}[shown.full]
    state = ["failed", "unknown", "known", "learned"].index(shown.known)
    chain = shown.chain if how in "cr" else ""
    return (f"C {now} {how} {shown.key} {shown.cert} {chain or '-'} {full} {shown.anchors or '-'} "
            f"{shown.logs} {3 if shown.owner else 2} {state} {shown.known_key} {as_hex}\n").encode()


class Questions:
    """What is asked, in order, for one run of decide."""

    def __init__(self):
        self.input, self.asked = [], []

    def policy(self, text, revoked):
        self.input.append(b"P %d %d\n%s%s" % (len(text), len(revoked), text, revoked))

    def case(self, name, shown, now, note):
        self.input.append(case_line(name, shown, now))
        self.asked.append((name, shown, now, note))

    def lines(self, *command):
        done = subprocess.run(command, input=b"".join(self.input), stdout=subprocess.PIPE, check=True)
        lines = done.stdout.decode().splitlines()
        if len(lines) != len(self.asked):
            raise SystemExit(f"{len(self.asked)} questions, {len(lines)} answers")
        return lines

    def answers(self, decide):
        """The answers, and what is wrong with those of a snapshot."""
        lines, others = self.lines(decide), self.lines(decide, "snapshot")
        wrong = [f"{text.decode()}\n{name!r} {shown} at {now}\nlibrary: {line}\nby its snapshot: {other}"
                 for (name, shown, now, (_, text, _)), line, other in zip(self.asked, lines, others)
                 if line != other]
        return [tuple(line.split()[:2]) for line in lines], wrong


def break_model(rule):
    """Makes the model wrong in one respect."""
    find, rank = model.find, model.rank
    if rule == "first section":
        model.find = lambda p, n: next((s for s in p.sections if rank(s, n) is not None), None)
    elif rule == "star is deep":
        model.rank = lambda s, n: rank(s, n) or (
            (1, 1, 1) if s.star == "*." and n.endswith("." + s.name) and not model.is_address(n) else None)
    elif rule == "any is every":
        hold = model.pins_hold
        model.pins_hold = lambda s, e: hold(copy.copy(s) if s.match == "every" else
                                            model.dataclasses.replace(s, match="every"), e)
    elif rule == "names are bytes":
        model.normal = lambda n: n or None
    elif rule == "expires a day later":
        decide = model.decide
        model.decide = lambda p, n, e, now: decide(p, n, e, now - 86400)
    elif rule == "no top deny":
        decide = model.decide
        model.decide = lambda p, n, e, now: decide(model.dataclasses.replace(p, deny=[]), n, e, now)
    else:
        raise SystemExit(f"no such rule: {rule}")


def differ(decide, r, count):
    questions, texts, done = Questions(), [], 0
    while done < count:
        day = 20000 + r.randint(0, 2)
        p = cases.policy(r, 20001)
        q, step = stricter(r, p)
        asked = [(cases.name_near(r, p), cases.shown(r), day * 86400 + r.choice([0, cases.NOON, 86399]))
                 for _ in range(CASES_EACH)]
        for which, note in ((p, "as it is"), (q, step)):
            revoked = r.sample(which.deny, r.randint(0, len(which.deny)))
            text = cases.text(r, which, revoked, True)
            questions.policy(text, cases.revoked_list(r, revoked) if revoked else b"")
            for name, shown, now in asked:
                other = name if name is None or model.normal(name) is None else cases.spelling(r, name)
                questions.case(name, shown, now, (which, text, note))
                questions.case(other, shown, now, (which, text, note))
        texts.append(p)
        done += 4 * CASES_EACH
    answers, wrong = questions.answers(decide)
    return answers, wrong + check(questions.asked, answers)


def check(asked, answers):
    """What is wrong with the answers, as texts."""
    wrong = []
    for i, ((name, shown, now, (p, text, note)), (verdict, reason)) in enumerate(zip(asked, answers)):
        expected, reasons = model.decide(p, name, shown, now)
        if verdict != expected or reason not in reasons:
            wrong.append(f"{text.decode()}\n{name!r} {shown} at {now} ({note})\n"
                         f"library: {verdict} {reason}\nmodel: {expected} {sorted(reasons)}")
        if i % 2 and answers[i - 1] != answers[i]:
            wrong.append(f"{text.decode()}\n{asked[i - 1][0]!r} {name!r}: {answers[i - 1]} {answers[i]}")
        at = i % (4 * CASES_EACH)
        if at >= 2 * CASES_EACH and PASSES[verdict] > PASSES[answers[i - 2 * CASES_EACH][0]]:
            wrong.append(f"{text.decode()}\n{name!r} {shown} at {now}: {answers[i - 2 * CASES_EACH]} became "
                         f"{verdict} {reason} under a stricter policy ({note})")
    return wrong


def main():
    decide, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if len(sys.argv) > 4:
        break_model(sys.argv[4])
    r, seen, asked = random.Random(seed), {}, 0
    while asked < count:
        answers, wrong = differ(decide, r, min(20000, count - asked))
        asked += len(answers)
        for answer in answers:
            seen[answer] = seen.get(answer, 0) + 1
        if wrong:
            print(wrong[0])
            print(f"{len(wrong)} wrong answers among the first {asked}, seed {seed}")
            return 1
    for (verdict, reason), n in sorted(seen.items()):
        print(f"{n:9} {verdict} {reason}")
    print(f"{asked} answers, seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
