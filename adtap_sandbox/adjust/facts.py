"""The numbers: what one atom is worth in one cell on one day, as known at the clock's now.

Everything is whole (money in millionths), so sums are exact and every total can be computed a
second way. Nothing depends on anything but the seed, the cell, the day and the clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from adtap_sandbox.cube import Curve
from adtap_sandbox.environment import MILLION
from adtap_sandbox.tables import table

from .metrics import AD_REVENUE_SOURCES, MICROS, PERIOD_DAYS, SUBSCRIPTION_EVENTS, Atom
from .periods import SLOTS
from .store import USD_MICROS, AdjustApp, AdjustStore, Cell

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15

_TABLE: Final = table(__package__, "numbers")
_ALIASES: Final[dict[str, str]] = _TABLE["aliases"]
_NOT_ORGANIC: Final = frozenset(_TABLE["not_organic"])
_PER_USER: Final[dict[str, int]] = _TABLE["per_user"]
_Steps = tuple[tuple[int, int], ...]
_TOLD_LATE: Final[_Steps] = ((1, 0), (2, 400_000), (3, 800_000))
"""First SKAdNetwork postback: nothing on the day itself, whole after three days."""
_POSTBACKS: Final[tuple[_Steps, ...]] = (
    _TOLD_LATE,
    ((8, 0), (14, 500_000)),
    ((36, 0), (42, 500_000)),
)
"""Second and third postback close after 7 and 35 days and arrive up to a week later."""

CURVE: Final = Curve(
    tuple(2 + (slot // 4 > 5) * 3 + (slot // 4 > 16) * 2 for slot in range(SLOTS))  # noqa: PLR2004 - hours of the day
)
"""How a day's activity spreads over its quarter hours: little at night, most in the evening."""


@dataclass(frozen=True)
class Lens:
    """The request's settings that change numbers."""

    # attribution types asked for
    types: frozenset[str] = frozenset(("click", "impression", "engaged_ad"))
    first_source: bool = False  # `attribution_source=first`
    reattributed: str = "all"  # `all`, `true` or `false`
    sandbox: bool = False  # the separate test data set
    mature: bool = False  # zeros for cohorts that are not over
    iap_percent: int = 100  # share of in-app revenue that is counted
    # ad revenue sources counted, by display name; None for all
    ad_sources: frozenset[str] | None = None
    currency: str | None = None  # code to convert to; None leaves each app its own
    # first day of the campaigns that a default tracker filter hides; None hides none
    hide_from: date | None = None

    def part(self, value: int) -> int:
        """What the attribution filters leave of a value; the parts add up to the whole."""
        seen = value * 15 // 100
        engaged = value * 5 // 100
        left = 0
        if "click" in self.types:
            left += value - seen - engaged
        if "impression" in self.types:
            left += seen
        if "engaged_ad" in self.types:
            left += engaged
        if self.reattributed != "all":
            again = left // 5
            left = again if self.reattributed == "true" else left - again
        return left

    @property
    def filters(self) -> bool:
        """Whether :meth:`part` takes anything away."""
        return len(self.types) < 3 or self.reattributed != "all"  # noqa: PLR2004 - the three types


@dataclass
class DayState:
    """What is known of one app's day: shares in millionths, age in whole days."""

    day: date
    seed: int
    age: int
    events: int
    spend: int
    gone: dict[str, bool] = field(default_factory=dict)


Reader = Callable[[Cell, int, DayState], int]


def _mix(number: int) -> int:
    number ^= number >> 31
    number = number * _GOLDEN & _MASK
    return number ^ number >> 29


class Facts:
    """Reads atoms through a lens, the settings that change numbers."""

    def __init__(self, store: AdjustStore, lens: Lens) -> None:
        self.store, self.lens = store, lens
        self.now: datetime = store.environment.clock.now()
        self._events = {event.slug: event for event in store.events}
        self._readers: dict[Atom, Reader] = {}

    def day(self, app: AdjustApp, day: date) -> DayState:
        known = self.store.environment.millionths
        # Yesterday's spend is pulled at 05:00 UTC; same-day spend is a paid option.
        pulled = datetime(day.year, day.month, day.day, 5, tzinfo=UTC) + timedelta(days=1)
        events, spend = (known(day, "adjust", app.token, kind=kind) for kind in ("events", "spend"))
        seed = _mix(day.toordinal() * _GOLDEN & _MASK)
        age = max(0, (self.now.date() - day).days)
        return DayState(day, seed, age, events, spend if self.now >= pulled else 0)

    def seed(self, cell: Cell, state: DayState) -> int | None:
        """The seed of a cell's day; None where the cell has nothing on that day."""
        day = state.day
        if day < cell.start or (cell.end is not None and day > cell.end):
            return None
        seed = cell.base ^ state.seed
        if _mix(seed) % 13 == 0:
            return None  # a quiet day: no row at all
        if cell.campaign not in state.gone:
            state.gone[cell.campaign] = self.store.environment.vanished(
                day, "adjust", cell.app.token, cell.campaign
            )
        return None if state.gone[cell.campaign] else seed

    def reader(self, atom: Atom) -> Reader:
        """How an atom is read, before any cut by hour."""
        if atom not in self._readers:
            self._readers[atom] = self._finish(atom, self._plain(atom))
        return self._readers[atom]

    def _finish(self, atom: Atom, plain: Reader) -> Reader:
        """Add what holds for whole families: events of an app, sandbox data, in-app share, currency, hidden links."""
        lens, steps = self.lens, []
        iap = "revenue" in atom.name and "ad_revenue" not in atom.name and atom.format == "money"
        if iap and lens.iap_percent != 100:  # noqa: PLR2004 - per cent
            steps.append((lens.iap_percent, 100))
        if lens.sandbox:
            steps.append((1, 50))
        converts = atom.format.startswith("money") and lens.currency is not None
        hide = lens.hide_from if atom.section not in ("network", "mixed") else None
        event = self._events[atom.slug] if atom.slug else None
        if not steps and not converts and hide is None and event is None:
            return plain
        target = USD_MICROS.get(lens.currency or "USD", MICROS)

        def read(cell: Cell, seed: int, state: DayState) -> int:
            if hide is not None and cell.start >= hide:
                return 0
            if event is not None and cell.app.token not in event.tokens:
                return 0
            value = plain(cell, seed, state)
            for numerator, denominator in steps:
                value = value * numerator // denominator
            if converts:
                value = value * USD_MICROS[cell.app.currency] // target
            return value

        return read

    def _hashed(self, atom: Atom) -> Callable[[Cell, int], int]:
        """Final value before restatement: around the metric's mean, by the cell's weight."""
        mean = _TABLE["means"].get(atom.name, _TABLE["default_means"][atom.format])
        scale = mean * (MICROS if atom.format.startswith("money") else 1)
        salt = atom.salt
        extra = self.lens.filters and atom.section not in ("network", "skan")
        part = self.lens.part
        moves = self.lens.first_source and atom.name in ("sessions", "events", "revenue")

        def read(cell: Cell, seed: int) -> int:
            value = scale * cell.weight * (512 + (_mix(seed ^ salt) & 1023)) // 30720
            if moves:  # later activity stays with (or comes back to) the install's source
                value += value // 16 if cell.base & 1 else -(value // 16)
            return part(value) if extra and not cell.organic else value

        return read

    def _plain(self, atom: Atom) -> Reader:
        if atom.section in ("cohort", "subscription_cohort") or (atom.slug and atom.unit):
            return self._cohort(atom)
        if atom.section == "skan":
            return self._skan(atom)
        if atom.section == "network":
            return self._network(atom)
        if atom.name == "mixed_cost":
            return self._mixed()
        return self._attribution(atom)

    def _attribution(self, atom: Atom) -> Reader:
        special = self._special(atom)
        if special is not None:
            return special
        name = _ALIASES.get(atom.name, atom.name)
        hashed = self._hashed(Atom(name, atom.format, atom.section, slug=atom.slug))
        paid = name in _NOT_ORGANIC or name.startswith("rejected_")
        by_source = name in ("ad_revenue", "ad_impressions") and self.lens.ad_sources is not None
        event = self._events[atom.slug] if atom.slug else None
        if event is not None and "revenue" in name and not event.money:
            return _nothing

        def read(cell: Cell, seed: int, state: DayState) -> int:
            if not cell.attributed or (paid and cell.organic):
                return 0
            if by_source and not self._source_wanted(cell):
                return 0
            return hashed(cell, seed) * state.events // MILLION

        return read

    def _special(self, atom: Atom) -> Reader | None:
        """Atoms that are a part of, or computed from, another one."""
        name = atom.name
        if name in ("organic_installs", "non_organic_installs", "paid_installs"):
            installs = self.reader(Atom("installs", "int", "conversion"))
            organic = name == "organic_installs"
            return lambda c, s, d: installs(c, s, d) if c.organic is organic else 0
        if name in ("cohort_revenue", "uninstall_cohort") or name.startswith("cohort_ad_revenue"):
            stem = {"uninstall_cohort": "uninstalls"}.get(name, name.removeprefix("cohort_"))
            return self._cohort(Atom(f"{stem}_total", atom.format, "cohort", "m", 10_000))
        for stem in ("ad_revenue_", "ad_impressions_"):
            source = name.removeprefix(stem)
            if name.startswith(stem) and source in AD_REVENUE_SOURCES:
                whole = self._attribution(Atom(stem[:-1], atom.format, atom.section))
                return lambda c, s, d: whole(c, s, d) if c.source == source else 0
        if atom.slug and name.endswith(("_min", "_max", "_est")):
            return self._skan(atom)
        return None

    def _source_wanted(self, cell: Cell) -> bool:
        sources = self.lens.ad_sources
        return sources is None or AD_REVENUE_SOURCES[cell.source] in sources

    def _network(self, atom: Atom) -> Reader:
        name = _ALIASES.get(atom.name, atom.name)
        # The longest suffix first: "_non_skan" ends in "_skan" too.
        kind = next((end for end in ("_non_skan", "_skan", "_unknown") if name.endswith(end)), "")
        if kind:
            base = name.removesuffix(kind).replace("network_ad_spend", "network_cost")
            whole = self._network(Atom(base, atom.format, "network"))

            def part(cell: Cell, seed: int, state: DayState) -> int:
                value = whole(cell, seed, state)
                unknown = value if cell.base % 9 == 0 else 0
                skan = value * 30 // 100 if cell.skan and not unknown else 0
                return {"_skan": skan, "_unknown": unknown}.get(kind, value - skan - unknown)

            return part
        hashed = self._hashed(Atom(name, atom.format, "network"))

        def read(cell: Cell, seed: int, state: DayState) -> int:
            return hashed(cell, seed) * state.spend // MILLION if cell.spending else 0

        return read

    def _mixed(self) -> Reader:
        network = self._network(Atom("network_cost", "money", "network"))
        parts = [
            self._attribution(Atom(name, "money", "cost"))
            for name in ("install_cost", "click_cost", "impression_cost", "event_cost")
        ]

        def read(cell: Cell, seed: int, state: DayState) -> int:
            if cell.integrated:
                return network(cell, seed, state)
            return sum(part(cell, seed, state) for part in parts)

        return read

    def _skan(self, atom: Atom) -> Reader:
        name, percent, part = _skan_name(_ALIASES.get(atom.name, atom.name))
        steps = _TOLD_LATE
        if name.startswith("skad_coarse_conversion_values_"):
            steps = _POSTBACKS[int(name[-1])]
        valid = self._hashed(Atom("skad_installs", "int", "skan"))
        hashed = self._hashed(Atom(name, atom.format, "skan", slug=atom.slug))

        def read(cell: Cell, seed: int, state: DayState) -> int:
            if not cell.skan or not cell.attributed:
                return 0
            known = next((share for before, share in steps if state.age < before), MILLION)
            conversions = valid(cell, seed) * known // MILLION * 7 // 10 // part
            special = _of_conversions(name, conversions, seed)
            if special is not None:
                return special
            return hashed(cell, seed) * percent // 100 * known // MILLION // part

        return read

    def _cohort(self, atom: Atom) -> Reader:
        """Activity of the users installed on a day, in one period of their life or up to it."""
        span = _Span.of(atom, mature=self.lens.mature)
        installs = self._attribution(Atom("installs", "int", "conversion"))
        again = self._attribution(Atom("reattributions", "int", "conversion"))
        event = self._events[atom.slug] if atom.slug else None
        if event is not None and span.stem == "revenue_cohort" and not event.money:
            return _nothing
        by_source = span.stem in ("ad_revenue", "ad_impressions")

        def read(cell: Cell, seed: int, state: DayState) -> int:
            if by_source and (
                (span.source and cell.source != span.source) or not self._source_wanted(cell)
            ):
                return 0
            lived = 2 * state.age + 1  # of the day's middle user, in half days
            if (span.zeroed and state.age < span.over) or not (span.total or lived > span.begins):
                return 0
            users = installs(cell, seed, state) + again(cell, seed, state)
            return span.value(users, _mix(seed ^ span.salt), lived)

        return read


@dataclass(frozen=True)
class _Span:
    """A cohort atom's stem and the stretch of a user's life it covers, in half days.

    ``over`` is the age in days at which the day's last user has finished the period; before it
    a ``zeroed`` value is 0.
    """

    stem: str
    source: str
    salt: int
    begins: int
    ends: int
    over: int
    total: bool
    zeroed: bool
    money: bool
    deeds: bool

    @classmethod
    def of(cls, atom: Atom, *, mature: bool) -> "_Span":
        length, stem = PERIOD_DAYS[atom.unit], atom.name
        in_cohort = stem.endswith("_total_in_cohort")
        total = in_cohort or stem.endswith("_total")
        stem = stem.removesuffix("_in_cohort").removesuffix("_total")
        stem = stem.removeprefix("{cohort_period}_").replace("_per_period", "_cohort")
        source = ""
        for base in ("ad_revenue", "ad_impressions"):
            if stem.startswith(f"{base}_"):
                stem, source = base, stem.removeprefix(f"{base}_")
        money = atom.format.startswith("money")
        return cls(
            stem=stem,
            source=source,
            salt=Atom(stem, atom.format, "cohort", slug=atom.slug).salt,
            begins=2 * length * atom.period,
            ends=2 * length * (atom.period + 1),
            over=length * (atom.period + 1) + 1,
            total=total,
            zeroed=mature or in_cohort,
            money=money,
            deeds=stem in _PER_USER or money or stem.startswith(_SUBSCRIPTION_STEMS),
        )

    def value(self, users: int, chance: int, lived: int) -> int:
        """What that many users did.

        `chance` is 64 bits of the cell's day: how active it was, and which way a fraction rounds, so that rare deeds
        are not lost in small cells.
        """
        if not self.deeds:
            return _users(self.stem, users, self.begins, self.ends, lived)
        amount = _PER_USER.get(self.stem, 200_000 if self.money else 120)
        amount = amount * (768 + (chance & 511)) // 1024
        down = 1_000 if self.money else 1_000_000
        odd = (chance >> 9) % down
        until = min(self.ends, lived)
        value = (users * amount * (1000 * until // (until + 20)) + odd) // down
        if not self.total and self.begins:
            before = 1000 * self.begins // (self.begins + 20)
            value -= (users * amount * before + odd) // down
        return value


def _nothing(_cell: Cell, _seed: int, _state: DayState) -> int:
    return 0


def _skan_name(name: str) -> tuple[str, int, int]:
    """A SKAdNetwork atom's base name, its per cent of it, and what it is further divided by.

    Least, likely and most are 80, 100 and 120 per cent; directly received postbacks a third.
    """
    part = 1
    if name.startswith("skad_direct_"):
        name, part = name.removeprefix("skad_direct_"), 3
        name = f"skad_{name}" if name in ("installs", "reinstalls") else name
    for prefix in ("valid_", "invalid_", "conversion_"):
        if name.startswith(f"skad_{prefix}"):
            name = name.removeprefix("skad_")
    for suffix, percent in (("_min", 80), ("_est", 100), ("_max", 120)):
        if name.endswith(suffix):
            return name.removesuffix(suffix), percent, part
    return name, 100, part


def _of_conversions(name: str, conversions: int, seed: int) -> int | None:
    """Counts that split the valid conversions over the 64 conversion values."""

    def of(value: int) -> int:
        place = (value + seed) % 64  # few conversions fall on other values in other cells
        return conversions * (place + 1) // 64 - conversions * place // 64

    if name == "valid_conversions":
        return conversions
    if name == "conversion_value_total":
        return sum(value * of(value) for value in range(64))
    number = name.removeprefix("conversion_value_")
    return of(int(number)) if number.isdigit() and number != name else None


_SUBSCRIPTION_STEMS: Final = (
    *(f"subscription_{event}_events" for event in SUBSCRIPTION_EVENTS),
    "subscription_revenue",
)


def _users(stem: str, users: int, begins: int, ends: int, lived: int) -> int:
    """Counts of people, not of deeds: how many of the cohort were there in the period."""
    if stem == "cohort_size":
        return users
    if stem == "paying_user_size":
        return users * 60 // 1000
    # Everyone is there on the first day; by and by fewer, and a running period fills up.
    kept = users if begins == 0 else users * 45 // (10 * (10 + begins // 2))
    kept = kept * (min(ends, lived) - begins) // (ends - begins)
    return kept * 60 // 1000 if stem == "paying_users" else kept
