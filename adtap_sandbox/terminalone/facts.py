"""What happened: the finest rows behind every report of both generations.

One delivery row is one hour of one day of one strategy on one creative, in the campaign's own zone
and currency. Every report sums these rows, so all reports agree. A number is its final value times
the share that is known by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from typing_extensions import override

from adtap_sandbox.cube import ONE_DAY
from adtap_sandbox.stage import SETTLE_DAYS, Stage
from adtap_sandbox.tables import table

from .store import Store
from .values import Record, floored

SLOTS: Final = 3
"""Delivery rows per strategy and day."""

MONEY_DIGITS: Final = 8  # vendor's V1 guide: `precision` is 8 by default
_SETTLED: Final = max(SETTLE_DAYS.values()) + 1

_TABLE: Final = table(__package__, "numbers")
VIDEO_PARTS: Final[dict[str, int]] = _TABLE["video"]
_COUNTED: Final[dict[str, int]] = {**VIDEO_PARTS, **_TABLE["views"]}
SPEND_PARTS: Final[dict[str, int]] = _TABLE["spend"]
_BID_PARTS: Final[dict[str, int]] = _TABLE["bids"]


class Fact:
    """One finest row: a bucket, what it belongs to, and numbers by name."""

    __slots__ = ("_numbers", "bits", "day", "hour", "key", "record", "slot", "stage", "zone")

    def __init__(  # noqa: PLR0917 - made a hundred thousand times
        self, stage: Stage, key: tuple[object, ...], day: date, hour: int, zone: str, record: Record
    ) -> None:
        self.stage, self.key, self.day, self.hour, self.zone = stage, key, day, hour, zone
        self.record = record
        self.bits = stage.world.number("t1", "fact", day, *key)
        self.slot = 0
        self._numbers: dict[str, Decimal | int] = {}

    @property
    def instant(self) -> datetime:
        """When the row's hour began."""
        wall = datetime(self.day.year, self.day.month, self.day.day, self.hour)  # noqa: DTZ001
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def number(self, name: str) -> Decimal | int:
        """A number that may be summed, as it is known now.

        Raises:
            KeyError: If rows of this kind have no such number.
        """
        if name not in self._numbers:
            self._numbers[name] = self._known(name)
        return self._numbers[name]

    def _share(self, kind: str) -> Decimal:
        return self.stage.share(self.day, "t1", *self.key, kind=kind)

    def _known(self, name: str) -> Decimal | int:
        raise KeyError(name)


class Delivery(Fact):
    """An hour of a strategy's delivery; `record` is the strategy, `rate` units per dollar."""

    __slots__ = ("creative", "rate")

    creative: int
    rate: Decimal

    def events(self, final: int) -> int:
        """A counter as it is known now."""
        return int(final * self._share("events"))

    def final(self) -> int:
        """Impressions once all is known; weekends are weaker."""
        weight = 6 if self.day.weekday() > 4 else 10  # noqa: PLR2004
        return weight * (60 + self.bits % 400)

    @override
    def _known(self, name: str) -> Decimal | int:
        if name.endswith("_usd"):
            return floored(
                Decimal(self.number(name.removesuffix("_usd"))) / self.rate, MONEY_DIGITS
            )
        if name in VIDEO_PARTS and self.record["media_type"] != "VIDEO":
            return 0
        if name in _COUNTED:
            return self.events(self.final() * _COUNTED[name] // 1000)
        if name in SPEND_PARTS:
            return floored(Decimal(self.number("total_spend")) * SPEND_PARTS[name] / 1000, 8)
        if name in _BID_PARTS:
            return self.events(self.final() * _BID_PARTS[name])
        simple = _SIMPLE.get(name)
        if simple is None:
            raise KeyError(name)
        return simple(self)

    def conversions(self, final: Decimal, digits: int) -> Decimal:
        """A conversion number as it is known now."""
        return floored(final * self._share("conversions"), digits)

    def clicks_final(self) -> int:
        """Clicks once all is known."""
        return self.final() * (2 + self.bits // 7 % 15) // 1000

    def spend(self) -> Decimal:
        """Total spend in the campaign's currency."""
        thousand = Decimal(1_500_000 + self.bits // 11 % 4_000_000) / 1_000_000
        return floored(self.final() * thousand / 1000 * self._share("spend"), MONEY_DIGITS)

    def amount_per_thousand(self, part: int) -> Decimal:
        """A bid or win amount as the sum of CPM values over the row's auctions."""
        return floored(Decimal(self.number("total_spend")) * part, 6)


_SIMPLE: Final[dict[str, Callable[[Delivery], Decimal | int]]] = {
    "impressions": lambda f: f.events(f.final()),
    "clicks": lambda f: f.events(f.clicks_final()),
    "general_invalid_clicks": lambda f: f.events(f.clicks_final() // 8),
    "total_clicks": lambda f: int(f.number("clicks") + f.number("general_invalid_clicks")),
    "total_spend": lambda f: f.spend(),
    "post_click_conversions": lambda f: int(
        f.conversions(Decimal(f.clicks_final() * (f.bits // 13 % 40) // 100), 0)
    ),
    # Weighted by the campaign's post-view percentage, so not a whole number.
    "post_view_conversions": lambda f: f.conversions(
        Decimal(f.final() * (f.bits // 17 % 40)) / 12_800,
        4,
    ),
    "post_view_conversions_raw": lambda f: int(f.number("post_view_conversions")) * 2,
    "total_conversions": lambda f: (
        Decimal(f.number("post_click_conversions")) + Decimal(f.number("post_view_conversions"))
    ),
    "post_click_revenue": lambda f: floored(
        Decimal(f.number("post_click_conversions")) * Decimal("37.4375"), 8
    ),
    "post_view_revenue": lambda f: floored(
        Decimal(f.number("post_view_conversions")) * Decimal("21.99"), 8
    ),
    "post_view_revenue_raw": lambda f: floored(Decimal(f.number("post_view_revenue")) * 2, 8),
    "total_revenue": lambda f: (
        Decimal(f.number("post_click_revenue")) + Decimal(f.number("post_view_revenue"))
    ),
    "revenue": lambda f: Decimal(f.number("total_revenue")),
    "total_bid_amount_cpm": lambda f: f.amount_per_thousand(5),
    "total_win_amount_cpm": lambda f: f.amount_per_thousand(1),
}


class PixelLoads(Fact):
    """A day of one pixel on one referrer; `record` is the pixel bundle."""

    __slots__ = ()

    @override
    def _known(self, name: str) -> Decimal | int:
        if name == "loads":
            return int((40 + self.bits % 900) * self._share("events"))
        return super()._known(name)


class BrainFeature(Fact):
    """A day of one feature of a campaign's model; `record` is the campaign. No numbers."""

    __slots__ = ()


class Facts:
    """The finest rows of a world, as of the clock's now."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.stage = store.stage
        self._settled: dict[tuple[int, date], tuple[Delivery, ...]] = {}
        self._creatives: dict[int, list[int]] = {}
        for item in store.world.creatives:
            self._creatives.setdefault(item.campaign_id, []).append(item.id)

    def rates(self) -> dict[str, Decimal]:
        """Units of each currency per dollar."""
        rates = {}
        for row in self.store.records("currency_rates"):
            rate = row["rate"]
            if isinstance(rate, Decimal):
                rates[str(row["currency_code"])] = rate
        return rates

    def delivery(
        self, first: date, last: date, campaigns: Callable[[Record], bool]
    ) -> Iterator[Delivery]:
        """Delivery rows of the campaign-local days `first` to `last`, both included.

        Args:
            first: First day; nothing is older than the world.
            last: Last day.
            campaigns: Which campaigns, told by their record.
        """
        now = self.stage.clock.now()
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
        number = campaign["id"]
        key = (number if isinstance(number, int) else 0, day)
        settled = self.stage.age(day) > _SETTLED
        if settled and key in self._settled:
            yield from self._settled[key]
            return
        rows = tuple(self._made(campaign, day, now, rates))
        if settled:
            self._settled[key] = rows
        yield from rows

    def _made(
        self, campaign: Record, day: date, now: datetime, rates: dict[str, Decimal]
    ) -> Iterator[Delivery]:
        number = campaign["id"]
        creatives = self._creatives.get(number if isinstance(number, int) else 0, [0])
        rate = rates.get(str(campaign["currency_code"]), Decimal(1))
        # Only then may some of the day's hours still be to come, whatever the zone.
        running = self.stage.age(day) <= 1
        for nth in range(2):
            strategy = self.store.record("strategies", int(f"{number}{nth}"))
            # Some strategies rest for a day: no row rather than a row of zeros.
            if self.store.world.number("t1", "rest", strategy["id"], day) % 23 == 0:
                continue
            for slot in range(SLOTS):
                fact_key = (strategy["id"], slot)
                hour = self.store.world.between(0, 23, "t1", "hour", day, *fact_key)
                fact = Delivery(
                    self.stage, fact_key, day, hour, str(campaign["zone_name"]), strategy
                )
                to_come = running and fact.instant > now
                if to_come or self.stage.vanished(day, "t1", *fact_key):
                    continue
                fact.slot, fact.rate = slot, rate
                fact.creative = creatives[(nth + slot) % len(creatives)]
                yield fact

    def pixel_loads(
        self, first: date, last: date, pixels: Callable[[Record], bool]
    ) -> Iterator[PixelLoads]:
        """Pixel loads of the UTC days `first` to `last`, one row per referrer."""
        last = min(last, self.stage.clock.now().date())
        for pixel in self.store.records("pixel_bundles"):
            if not pixels(pixel):
                continue
            day = max(first, self.store.world.first_day)
            while day <= last:
                for slot in range(3):
                    fact = PixelLoads(self.stage, (pixel["id"], slot), day, 0, "UTC", pixel)
                    fact.slot = slot
                    yield fact
                day += ONE_DAY

    def brain(
        self, first: date, last: date, campaigns: Callable[[Record], bool]
    ) -> Iterator[BrainFeature]:
        """Model features of the UTC days `first` to `last`."""
        last = min(last, self.stage.clock.now().date() - ONE_DAY)
        for campaign in self.store.records("campaigns"):
            if campaign["status"] is not True or not campaigns(campaign):
                continue
            day = max(first, self.store.world.first_day)
            while day <= last:
                for slot in range(4):
                    fact = BrainFeature(self.stage, (campaign["id"], slot), day, 0, "UTC", campaign)
                    fact.slot = slot
                    yield fact
                day += ONE_DAY
