"""Delivery: what each line of the world bought or sold in each hour, in whole numbers.

A line is one constant combination of dimensions (a creative on a placement in a country …). Its final numbers follow
from the world alone; how much of them is known follows from the clock (see `Environment.millionths`). Money is in millionths.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import product

from adtap_sandbox.atomx.data import NETWORK_ID, OTHER_NETWORK_ID, Ground, ground
from adtap_sandbox.cube import HOURS, Curve
from adtap_sandbox.environment import MILLION, ONE_DAY, Environment
from adtap_sandbox.tables import table
from adtap_sandbox.world import Campaign, Creative

_COLUMNS = table(__package__, "reports")
NAMES = tuple(_COLUMNS["metrics"])
KINDS = tuple(_COLUMNS["metrics"].values())
MONEY = frozenset(_COLUMNS["money"])

SETTLED_DAYS = 8
"""From this age on no number moves any more."""

# How a day's delivery spreads over its hours in UTC; no hour is empty.
_HOURLY = (2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 6, 6, 6, 7, 8, 9, 9, 8, 5, 3)
# Each line has it some hours earlier.
_CURVES = tuple(Curve(_HOURLY[shift:] + _HOURLY[:shift]) for shift in range(7))

Numbers = tuple[int, ...]
Quickstats = dict[tuple[str, int], dict[str, dict[str, float | int]]]


@dataclass(frozen=True, eq=False)  # told apart by identity, which makes it a quick key of a cache
class Line:
    """One line: what it is, and how much it delivers."""

    key: str  # tells it from all others
    dims: dict[str, int | None]  # entity -> id, None where the line has none
    mean: int  # impressions of a usual day
    first: date  # its first day
    last: date | None  # its last day; None if it still runs
    bought: bool  # whether one of the agency's advertisers bought it
    sold: bool  # whether one of the networks' own placements sold it
    shift: int = field(default=0)

    @property
    def by_dsp(self) -> bool:
        return self.dims["dsp"] is not None


class Final:
    """The final numbers of all lines; they depend on the world alone."""

    def __init__(self, ground: Ground) -> None:
        self.world = ground.world
        self.lines = _Lines(ground).made()
        self.day = lru_cache(maxsize=100_000)(self._day)  # 78,000 in a world of size 1, 0.7 kB each

    def _day(self, line: Line, day: date) -> Numbers | None:
        """Return the final numbers of a line's UTC day; None if it has none."""
        if day < line.first or (line.last is not None and day > line.last):
            return None
        number = self.world.number("atomx day", line.key, day.toordinal())
        # A paused day: no row at all, not a row of zeros.
        if number % 13 == 0:
            return None
        impressions = line.mean * (500 + number % 1001) // 1000
        clicks = impressions * (5 + number // 1009 % 40) // 10_000
        conversions = clicks * (100 + number // 10_007 % 400) // 1000
        price = 1_000_003 + number // 100_003 % 3_000_017
        cost = impressions * price // 1000
        blocked = impressions * (number // 97 % 90) // 1000
        fallbacks = impressions * (number // 89 % 300) // 1000
        psa = impressions * (number // 83 % 20) // 1000
        bought, sold = line.bought, line.sold
        return (
            impressions,
            clicks,
            conversions,
            cost if bought else 0,
            cost * 127 // 1000 if bought else 0,
            impressions + blocked + fallbacks + psa if sold else impressions,
            blocked if sold else 0,
            fallbacks if sold else 0,
            psa if sold else 0,
            cost * 700 // 1000 if sold else 0,
            cost * 91 // 1000 if sold else 0,
        )


@lru_cache(maxsize=2)
def final(seed: int, size: int, creatives: int = 0) -> Final:
    """Return the final numbers of a world; made once, kept over resets."""
    return Final(ground(seed, size, creatives))


class Facts:
    """The delivery of all lines as it is known by the clock."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        world = environment.world
        self.final = final(world.seed, world.size, world.least_creatives)
        self.lines = self.final.lines
        self._known_day = lru_cache(maxsize=100_000)(self._day_on)

    def _day_on(self, line: Line, day: date, today: date) -> Numbers | None:
        """Return a line's UTC day as it is known on another, hours to come included; None if it has nothing then."""
        total = self.final.day(line, day)
        if total is None or day > today or self.environment.vanished(day, line.key):
            return None
        if (today - day).days >= SETTLED_DAYS:
            return total
        known = self.environment.millionths
        shares = {kind: known(day, line.key, kind=kind) for kind in ("events", "exchange")}
        return tuple(
            value * shares[kind] // MILLION for value, kind in zip(total, KINDS, strict=True)
        )

    def known(
        self, line: Line, day: date, now: datetime, first: int = 0, last: int = HOURS
    ) -> Numbers | None:
        """Return what is known at `now` of the hours of a UTC day from `first` to before `last`.

        Of the running hour it is what its minutes are of sixty. All hours of a day that is over add up to the day.
        `first` is at most the running hour.
        """
        total = self._known_day(line, day, now.date())
        if total is None or (day < now.date() and (first, last) == (0, HOURS)):
            return total
        curve = _CURVES[line.shift]
        if day < now.date() or last <= now.hour:
            return tuple(curve.parts(total, first, last))
        over = curve.parts(total, first, now.hour)
        running = curve.parts(total, now.hour, now.hour + 1)
        return tuple(
            done + part * now.minute // 60 for done, part in zip(over, running, strict=True)
        )

    def quickstats(self, now: datetime) -> Quickstats:
        """Return the quickstats of every entity, by entity and id. Periods are UTC days."""
        today = now.astimezone(UTC).date()
        days = [*(today - back * ONE_DAY for back in range(1, 8)), today]
        periods = {"today": days[7:], "yesterday": days[:1], "last7days": days[:7]}
        made: Quickstats = {}
        for line, day in product(self.lines, days):
            numbers = self.known(line, day, now)
            if numbers is None:
                continue
            for entity, ident in line.dims.items():
                if ident is None:
                    continue
                if (entity, ident) not in made:
                    made[entity, ident] = no_stats()
                for period, stats in made[entity, ident].items():
                    if day in periods[period]:
                        for name in stats:
                            value = numbers[NAMES.index(name)]
                            stats[name] += value / 1e6 if name in MONEY else value
        return made


def no_stats() -> dict[str, dict[str, float | int]]:
    names = ("impressions", "clicks", "conversions", "campaign_cost")
    return {period: dict.fromkeys(names, 0) for period in ("today", "yesterday", "last7days")}


class _Lines:
    def __init__(self, ground: Ground) -> None:
        self.world = ground.world
        self.campaigns = {campaign.id: campaign for campaign in self.world.campaigns}
        self.sites = {site.id: site for site in self.world.sites}
        self.sizes = {
            (row["width"], row["height"]): ident for ident, row in ground.reference["size"].items()
        }
        self.domains = {life.row["name"]: ident for ident, life in ground.lives["domain"].items()}
        self.networks = {
            ident: life.row["network"] for ident, life in ground.lives["publisher"].items()
        }

    def made(self) -> tuple[Line, ...]:
        lines = []
        for nth, creative in enumerate(self.world.creatives):
            campaign = self.campaigns[creative.campaign_id]
            # A paused campaign has no row at all.
            if campaign.status == "paused":
                continue
            lines.append(self._own(nth, creative, campaign))
            lines.append(self._open_market(nth, creative, campaign))
        lines += [self._dsp(nth) for nth in range(len(self.world.ad_units))]
        return tuple(lines)

    def _context(self, *key: object) -> dict[str, int | None]:
        number = self.world.number("atomx context", *key)
        return {
            "country": None if number % 17 == 0 else 1 + number // 3 % len(self.world.countries),
            "browser": 1 + number // 5 % 8,
            "operating_system": 1 + number // 7 % 9,
            "device_type": 2 + number // 11 % 3,
            "connection_type": 1 + number // 13 % 6,
            "category": 1 + number // 19 % 22,
        }

    def _buyer(self, creative: Creative, campaign: Campaign) -> dict[str, int | None]:
        return {
            "advertiser": campaign.advertiser_id,
            "advertiser_network": NETWORK_ID,
            "campaign": campaign.id,
            "creative": creative.id,
            "conversion_pixel": campaign.advertiser_id + 500 if campaign.id % 3 else None,
            "size": self.sizes[creative.size],
            "dsp": None,
        }

    def _seller(self, unit_number: int) -> dict[str, int | None]:
        unit = self.world.ad_units[unit_number]
        site = self.sites[unit.site_id]
        return {
            "publisher": site.publisher_id,
            "publisher_network": self.networks[site.publisher_id],
            "site": site.id,
            "placement": unit.id,
            "placement_type": 1 + unit_number % 5,
            "domain": self.domains.get(site.domain),
            "app": None,
        }

    def _own(self, nth: int, creative: Creative, campaign: Campaign) -> Line:
        units = self.world.ad_units
        fitting = [index for index, unit in enumerate(units) if unit.size == creative.size]
        unit = fitting[nth % len(fitting)] if fitting else nth % len(units)
        dims = {**self._seller(unit), **self._buyer(creative, campaign)}
        mean = ("atomx mean", 300, 4000)
        return self._line("own", creative.id, mean, nth % 5, dims, campaign=campaign)

    def _open_market(self, nth: int, creative: Creative, campaign: Campaign) -> Line:
        in_app = nth % 3 == 0
        number = self.world.number("atomx market", creative.id)
        dims = {
            **self._buyer(creative, campaign),
            **dict.fromkeys(("publisher", "site", "placement")),
            "publisher_network": OTHER_NETWORK_ID,
            "placement_type": 5 if in_app else 1,
            "domain": None if in_app else 780_001 + number % 4000,
            "app": 1 + number % 60 if in_app else None,
        }
        mean = ("atomx market mean", 800, 9000)
        return self._line("market", creative.id, mean, nth % 7, dims, campaign=campaign, sold=False)

    def _dsp(self, nth: int) -> Line:
        unit = self.world.ad_units[nth]
        nobody = ("advertiser", "advertiser_network", "campaign", "creative", "conversion_pixel")
        dims = {**self._seller(nth), **dict.fromkeys(nobody)}
        dims |= {"size": self.sizes[unit.size], "dsp": 1 + nth % 3}
        return self._line("dsp", unit.id, ("atomx dsp mean", 500, 6000), nth % 4, dims)

    def _line(
        self,
        kind: str,
        ident: int,
        mean: tuple[str, int, int],
        shift: int,
        dims: dict[str, int | None],
        *,
        campaign: Campaign | None = None,
        sold: bool = True,
    ) -> Line:
        """Make a line; it runs as long as its campaign, or for ever where nobody of ours buys."""
        label, low, high = mean
        return Line(
            key=f"{kind}/{ident}",
            dims={**self._context(kind, ident), **dims},
            mean=self.world.between(low, high, label, ident),
            first=campaign.start if campaign else self.world.first_day,
            last=campaign.end if campaign else None,
            bought=campaign is not None,
            sold=sold,
            shift=shift,
        )
