"""Lines of the benchmark as a table for people: the median of each case over its rounds, the ratio to the hub in the same case, and what of
the targets was held.

Used by: bench.py. Must never: round a miss up."""

from statistics import median

HUB = "trygghetsnavet"
COLUMNS = ("CASE", "PEER", "ACCEPTED/S", "DELIVERED/S", "SUSTAINED/S", "P50 MS", "P99 MS", "EVEN P99", "EVEN %", "SLOW %", "MISSING", "CPU US/EVENT", "PEAK MB", "OTHERS %", "HUB IS")
LEFT = 2  # columns of text

# What the hub is to hold: case, key, the figure, and whether more is better.
TARGETS = (("five", "accepted_s", 30000, True), ("five", "delivered_s", 150000, True),
           ("rate-1000", "e2e_p50_us", 2000, False), ("rate-1000", "e2e_p99_us", 8000, False),
           ("rate-5000", "e2e_p50_us", 3000, False), ("rate-5000", "e2e_p99_us", 15000, False))
EVEN = [target for target in TARGETS if target[0].startswith("rate-")]
RABBIT_RATIO = 2
CORE_MB_MAX = 300


class Figures:
    """Medians by (peer, case); what lies one level down too, as peak_mb.core."""

    def __init__(self, lines):
        self.groups = {}
        for line in lines:
            self.groups.setdefault((line["peer"], line["case"]), []).append(line)

    def of(self, peer, case, key, inner=None):
        values = []
        for line in self.groups.get((peer, case), []):
            value = line.get(key)
            value = value.get(inner) if inner and value else value
            if value is not None:
                values.append(value)
        return median(values) if values else None

    def total(self, peer, case, key):
        return sum(line[key] for line in self.groups[(peer, case)])


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def ms(value):
    return number(value / 1000, 2) if value else "-"


def hub_case(case):
    """The hub's own case that another broker's is held against."""
    if case.startswith("copy-"):
        return "five"
    return case.removeprefix("gate-")


def over(figures, peer, case, key):
    ours, theirs = figures.of(HUB, hub_case(case), key), figures.of(peer, case, key)
    return f"{ours / theirs:.2f}" if ours and theirs else "-"


def ratio(figures, peer, case):
    """How many times as many events a second, or as long a wait, the hub has; and as much processor time an event."""
    if peer == HUB:
        return ""
    key, word = ("e2e_p99_us", "p99") if "rate-" in case else ("accepted_s", "accepted")
    parts = [(over(figures, peer, case, key), word), (over(figures, peer, case, "server_us_an_event"), "cpu")]
    return ", ".join(f"{value} x {what}" for value, what in parts if value != "-")


def peak(figures, peer, case):
    inner = {HUB: "core", "redis": "redis", "rabbitmq": "rabbitmq"}.get(peer)
    return figures.of(peer, case, "peak_mb", inner) if inner else None


def rows(figures):
    for peer, case in figures.groups:
        yield (case, peer, number(figures.of(peer, case, "accepted_s")), number(figures.of(peer, case, "delivered_s")),
               number(figures.of(peer, case, "sustained_s")), ms(figures.of(peer, case, "e2e_p50_us")), ms(figures.of(peer, case, "e2e_p99_us")),
               ms(figures.of(peer, case, "even", "e2e_p99_us")), number(figures.of(peer, case, "even", "percent")),
               number(figures.of(peer, case, "slow_percent"), 1),
               number(figures.total(peer, case, "missing")), number(figures.of(peer, case, "server_us_an_event"), 1),
               number(peak(figures, peer, case)), number(figures.of(peer, case, "cpu_percent", "others")), ratio(figures, peer, case))


def targets(figures):
    """One line each: held, missed, or not measured."""
    for case, key, wanted, more in TARGETS:
        value = figures.of(HUB, case, key)
        yield verdict(f"{case} {key}", value, wanted, more)
    for case, key, wanted, more in EVEN:
        part = number(figures.of(HUB, case, "even", "percent"))
        yield verdict(f"{case} {key}, even ({part} % of the events)", figures.of(HUB, case, "even", key), wanted, more)
    ours, theirs = figures.of(HUB, "five", "accepted_s"), figures.of("rabbitmq", "five", "accepted_s")
    yield verdict("five accepted_s / rabbitmq's", round(ours / theirs, 2) if ours and theirs else None, RABBIT_RATIO, True)
    peaks = [figures.of(peer, case, "peak_mb", "core") for peer, case in figures.groups if peer == HUB]
    yield verdict("nav-core's peak_mb, all cases", max((p for p in peaks if p is not None), default=None), CORE_MB_MAX, False)


def verdict(what, value, wanted, more):
    sign = "at least" if more else "at most"
    if value is None:
        return f"not measured  {what}: {sign} {wanted:,}"
    held = value >= wanted if more else value <= wanted
    return f"{'held' if held else 'missed':13} {what}: {value:,}, {sign} {wanted:,}"


def table(lines):
    """The whole text."""
    figures = Figures(lines)
    cells = [COLUMNS, *sorted(rows(figures), key=lambda r: (hub_case(r[0]), r[1] != HUB, r[1], r[0]))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
    text = ["  ".join(c.ljust(w) if i < LEFT or i == len(COLUMNS) - 1 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip()
            for row in cells]
    return "\n".join([*text, "", *targets(figures)])
