"""What happened: the finest rows behind every report of both generations.

One delivery row is one hour of one day of one strategy on one creative, in the campaign's own zone
and currency. Every report sums these rows, so all reports agree. A number is its final value times
the share that is known by now, rounded down. Numbers are whole, in units of their last digit: a spend
of 1.5 is 150,000,000 (see `digits`), so that sums of many rows are exact and quick.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Final, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from typing_extensions import override

from adtap_sandbox.environment import MILLION, ONE_DAY, SETTLE_DAYS, Environment
from adtap_sandbox.tables import table

from .store import Store
from .values import Record

SLOTS: Final = 3
"""Delivery rows per strategy and day."""

MONEY_DIGITS: Final = 8  # vendor's V1 guide: `precision` is 8 by default
_SETTLED: Final = max(SETTLE_DAYS.values()) + 1

_TABLE: Final = table(__package__, "numbers")
VIDEO_PARTS: Final[dict[str, int]] = _TABLE["video"]
_COUNTED: Final[dict[str, int]] = {**VIDEO_PARTS, **_TABLE["views"]}
SPEND_PARTS: Final[dict[str, int]] = _TABLE["spend"]
_BID_PARTS: Final[dict[str, int]] = _TABLE["bids"]
_PENNY: Final = 10**MONEY_DIGITS
_LEAST_VIEW: Final = 10**4
Key: TypeAlias = tuple[object, ...]


@cache
def digits(name: str) -> int:
    """Return how many digits after the point a number has; 0 for counters."""
    if name == "total_spend" or name in SPEND_PARTS or "revenue" in name or name.endswith("_usd"):
        return MONEY_DIGITS
    if name.endswith("_amount_cpm"):
        return 6
    return 4 if name in ("post_view_conversions", "total_conversions") else 0


def exact(name: str, number: int) -> Decimal | int:
    """Return a number, or a sum of it, as it is written."""
    return Decimal(number).scaleb(-digits(name)) if digits(name) else number


class Fact:
    """One finest row: a bucket, what it belongs to, and numbers by name."""

    __slots__ = (
        *("bits", "day", "environment", "hour", "key", "record", "slot", "zone"),
        *("_numbers", "_shares"),
    )

    def __init__(  # noqa: PLR0917 - made a hundred thousand times
        self, environment: Environment, key: Key, day: date, hour: int, zone: str, record: Record
    ) -> None:
        self.environment, self.key, self.record = environment, key, record
        self.day, self.hour, self.zone = day, hour, zone
        self.bits = environment.world.number("t1", "fact", day, *key)
        self.slot = 0
        self._numbers: dict[str, int] = {}
        self._shares: dict[str, int] = {}

    @property
    def instant(self) -> datetime:
        """When the row's hour began."""
        wall = datetime(self.day.year, self.day.month, self.day.day, self.hour)  # noqa: DTZ001
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def number(self, name: str) -> int:
        """A number that may be summed, as known now, in units of its last digit; a `KeyError` if there is none."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = self._known(name)
        return number

    def known(self, final: int, kind: str = "events") -> int:
        """What is known now of a final value."""
        if kind not in self._shares:
            self._shares[kind] = self.environment.millionths(self.day, "t1", *self.key, kind=kind)
        return final * self._shares[kind] // MILLION

    def _known(self, name: str) -> int:
        raise KeyError(name)


OneFact = TypeVar("OneFact", bound=Fact)


class Delivery(Fact):
    """An hour of a strategy's delivery; `record` is the strategy, `rate` units per dollar."""

    __slots__ = ("creative", "final", "rate")

    creative: int
    final: int
    """Impressions once all is known."""
    rate: Fraction

    @override
    def _known(self, name: str) -> int:
        return _reader(name)(self)

    def clicks_final(self) -> int:
        return self.final * (2 + self.bits // 7 % 15) // 1000


_SIMPLE: Final[dict[str, Callable[[Delivery], int]]] = {
    "impressions": lambda f: f.known(f.final),
    "clicks": lambda f: f.known(f.clicks_final()),
    "general_invalid_clicks": lambda f: f.known(f.clicks_final() // 8),
    "total_clicks": lambda f: f.number("clicks") + f.number("general_invalid_clicks"),
    # In the campaign's currency; first in 10^-9 of it.
    "total_spend": lambda f: (
        f.known(f.final * (1_500_000 + f.bits // 11 % 4_000_000), "spend") // 10
    ),
    "post_click_conversions": lambda f: f.known(
        f.clicks_final() * (f.bits // 13 % 40) // 100, "conversions"
    ),
    # Weighted by the campaign's post-view percentage, so not a whole number.
    "post_view_conversions": lambda f: (
        f.known(f.final * (f.bits // 17 % 40) * _LEAST_VIEW, "conversions") // 12_800
    ),
    "post_view_conversions_raw": lambda f: f.number("post_view_conversions") // _LEAST_VIEW * 2,
    "total_conversions": lambda f: (
        f.number("post_click_conversions") * _LEAST_VIEW + f.number("post_view_conversions")
    ),
    # 37.4375 and 21.99 for each conversion.
    "post_click_revenue": lambda f: f.number("post_click_conversions") * 374_375 * _PENNY // 10_000,
    "post_view_revenue": lambda f: f.number("post_view_conversions") * 2_199 * 100,
    "post_view_revenue_raw": lambda f: f.number("post_view_revenue") * 2,
    "total_revenue": lambda f: f.number("post_click_revenue") + f.number("post_view_revenue"),
    "revenue": lambda f: f.number("total_revenue"),
    # A bid or win amount: the sum of CPM values over the row's auctions.
    "total_bid_amount_cpm": lambda f: f.number("total_spend") * 5 // 100,
    "total_win_amount_cpm": lambda f: f.number("total_spend") // 100,
}


@cache
def _reader(name: str) -> Callable[[Delivery], int]:
    """How a number of a delivery row is read; a `KeyError` if there is no such number."""
    if name.endswith("_usd"):
        own = name.removesuffix("_usd")
        scale: int = 10 ** (MONEY_DIGITS - digits(own))
        return lambda f: f.number(own) * scale * f.rate.denominator // f.rate.numerator
    part = _COUNTED.get(name) or SPEND_PARTS.get(name) or _BID_PARTS.get(name) or 0
    if name in VIDEO_PARTS:
        return lambda f: f.known(f.final * part // 1000) if f.record["media_type"] == "VIDEO" else 0
    if name in _COUNTED:
        return lambda f: f.known(f.final * part // 1000)
    if name in SPEND_PARTS:
        return lambda f: f.number("total_spend") * part // 1000
    return (lambda f: f.known(f.final * part)) if name in _BID_PARTS else _SIMPLE[name]


class PixelLoads(Fact):
    """A day of one pixel on one referrer; `record` is the pixel bundle."""

    __slots__ = ()

    @override
    def _known(self, name: str) -> int:
        if name == "loads":
            return self.known(40 + self.bits % 900)
        return super()._known(name)


class BrainFeature(Fact):
    """A day of one feature of a campaign's model; `record` is the campaign. No numbers."""

    __slots__ = ()


class Facts:
    """The finest rows of a world, as of the clock's now."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.environment = store.environment
        self._settled: dict[tuple[int, date], tuple[Delivery, ...]] = {}
        self._creatives: dict[int, list[int]] = {}
        for item in store.world.creatives:
            self._creatives.setdefault(item.campaign_id, []).append(item.id)

    def rates(self) -> dict[str, Decimal]:
        return {row["currency_code"]: row["rate"] for row in self.store.records("currency_rates")}

    def delivery(
        self, first: date, last: date, campaigns: Callable[[Record], bool]
    ) -> Iterator[Delivery]:
        """Delivery rows of the campaign-local days `first` to `last`, both included, of some campaigns."""
        now = self.environment.clock.now()
        first = max(first, self.store.world.first_day)
        last = min(last, now.date() + ONE_DAY)
        rates = self.rates()
        for seed in self.store.seeds("campaigns"):
            campaign = self.store.record("campaigns", seed.id)
            known = self.store.entities.campaigns[seed.id]
            # A paused campaign has no row at all, whatever its dates.
            if known.status in ("paused", "deleted") or not campaigns(campaign):
                continue
            day = max(first, known.start)
            end = min(last, known.end or last)
            while day <= end:
                yield from self._campaign_day(campaign, day, now, rates)
                day += ONE_DAY

    def _campaign_day(
        self, campaign: Record, day: date, now: datetime, rates: dict[str, Decimal]
    ) -> Iterator[Delivery]:
        key, settled = (campaign["id"], day), self.environment.age(day) > _SETTLED
        rows = (settled and self._settled.get(key)) or tuple(self._made(campaign, day, now, rates))
        if settled:
            self._settled[key] = rows
        yield from rows

    def _made(
        self, campaign: Record, day: date, now: datetime, rates: dict[str, Decimal]
    ) -> Iterator[Delivery]:
        number = campaign["id"]
        creatives = self._creatives.get(number, [0])
        rate = Fraction(rates.get(campaign["currency_code"], Decimal(1)))
        # Only then may some of the day's hours still be to come, whatever the zone.
        running = self.environment.age(day) <= 1
        for nth in range(2):
            strategy = self.store.record("strategies", int(f"{number}{nth}"))
            # Some strategies rest for a day: no row rather than a row of zeros.
            if self.store.world.number("t1", "rest", strategy["id"], day) % 23 == 0:
                continue
            for slot in range(SLOTS):
                fact_key = (strategy["id"], slot)
                hour = self.store.world.between(0, 23, "t1", "hour", day, *fact_key)
                fact = Delivery(
                    self.environment, fact_key, day, hour, str(campaign["zone_name"]), strategy
                )
                to_come = running and fact.instant > now
                if to_come or self.environment.vanished(day, "t1", *fact_key):
                    continue
                fact.slot, fact.rate = slot, rate
                # Weekends are weaker.
                fact.final = (6 if day.weekday() > 4 else 10) * (60 + fact.bits % 400)  # noqa: PLR2004
                fact.creative = creatives[(nth + slot) % len(creatives)]
                yield fact

    def pixel_loads(
        self, first: date, last: date, pixels: Callable[[Record], bool]
    ) -> Iterator[PixelLoads]:
        """Pixel loads of the UTC days `first` to `last`, one row per referrer."""
        last = min(last, self.environment.clock.now().date())
        return self._by_day(
            PixelLoads, filter(pixels, self.store.records("pixel_bundles")), first, last, 3
        )

    def brain(
        self, first: date, last: date, campaigns: Callable[[Record], bool]
    ) -> Iterator[BrainFeature]:
        """Model features of the UTC days `first` to `last`."""
        last = min(last, self.environment.clock.now().date() - ONE_DAY)
        active = [row for row in self.store.records("campaigns") if row["status"] is True]
        return self._by_day(BrainFeature, filter(campaigns, active), first, last, 4)

    def _by_day(
        self, kind: type[OneFact], records: Iterable[Record], first: date, last: date, slots: int
    ) -> Iterator[OneFact]:
        for record in records:
            day = max(first, self.store.world.first_day)
            while day <= last:
                for slot in range(slots):
                    fact = kind(self.environment, (record["id"], slot), day, 0, "UTC", record)
                    fact.slot = slot
                    yield fact
                day += ONE_DAY
