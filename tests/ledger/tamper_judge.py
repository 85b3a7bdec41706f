"""Whether a verification found what a case of tampering did, named the right record, and accused none that was not touched.

Used by: tamper_test.py. Must never: pass what it does not understand."""

import re

RANGE = re.compile(r"the records (\d+) to (\d+)")
IN_DOUBT = ": it or what it rests on was changed"
UNJUDGED = " cannot be judged: it is of an unknown key"


def wrong(case, lg, answer):
    """What is wrong with the verification; None: nothing."""
    if "error" in answer:
        return "it could not be verified: " + answer["error"]
    faults = answer["faults"]
    if case.untold:
        return f"said to be untold, but found: {faults}" if faults else None
    doubted = {lg.interval(s) for s in case.hidden if s <= lg.last}
    named = set()
    for fault in faults:
        seq, what = fault["seq"], fault["what"]
        span = RANGE.search(what)
        numbers = range(int(span[1]), int(span[2]) + 1) if span else [seq]
        interval = "were changed together with their leaf" in what
        named.update([seq], numbers)
        if interval or what.endswith(IN_DOUBT) or "its bytes and its leaf hash were both" in what:
            if lg.interval(seq) not in doubted:
                return f"an interval is accused that was not touched: {seq}: {what}"
        elif UNJUDGED in what:
            if not case.exact and not case.hidden:
                return f"in doubt, and nothing is lost: {seq}: {what}"
        elif "with this fault the records" in what:
            if seq not in case.exact:
                return f"accused, but untouched: {seq}: {what}"
        elif not set(numbers) <= case.exact:
            return f"accused, but untouched: {seq}: {what}"
    # Of an agency whose key is lost nobody can say which confirmation was touched; how many that are is said.
    if case.must - named <= set(lg.sizes) and len(case.must - named) <= answer["unjudged"]:
        return None
    if not case.must <= named:
        return f"not named: {sorted(case.must - named)[:5]}"
    return None
