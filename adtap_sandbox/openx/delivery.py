"""The numbers behind both reporting APIs: sums over slots, exact and restated.

A slot's day has one final value per metric, from the world. What is known of it now is that value
times the environment's share, rounded down. A query over two years of days needs no hour.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from adtap_sandbox.cube import Curve, Groups, cut_days, single_precision
from adtap_sandbox.environment import MILLION, ONE_DAY, Environment
from adtap_sandbox.openx.fields import MONEY
from adtap_sandbox.openx.inventory import Inventory, Slot
from adtap_sandbox.world import World

MICROS: Final = 1_000_000
# What each hour of a day has of its traffic.
_HOURLY: Final = Curve(
    (3, 2, 2, 1, 2, 3, 5, 7, 9, 10, 10, 11, 12, 11, 10, 10, 11, 12, 13, 14, 13, 11, 8, 5)
)
_WEEKEND: Final = 5
_REPEATED_ONE_IN: Final = 9


@dataclass(frozen=True)
class Question:
    """What a report asks of the store."""

    start: datetime  # first hour, UTC
    end: datetime  # hour after the last, UTC
    # canonical ids, `hour` and `day` among them where buckets are wanted
    attributes: tuple[str, ...]
    metrics: tuple[str, ...]  # canonical ids
    # tells from a slot's attribute values whether a filter lets it through
    wanted: Callable[[Mapping[str, str | None]], bool]


@dataclass(frozen=True)
class Row:
    """One row: attribute values and metrics in the order asked for; money in millionths."""

    day: date
    hour: int | None
    values: tuple[str | None, ...]
    metrics: tuple[int, ...]

    @property
    def stamp(self) -> str:
        """The beginning of its hour, as both APIs write it."""
        return f"{self.day.isoformat()}T{self.hour or 0:02d}:00:00Z"


def finals(bits: int, slot: Slot, day: date) -> dict[str, int]:
    """The final value of every metric of a slot's day: counts, and money in millionths of its currency.

    `bits` are 64 bits of the world for this slot and day (UTC).
    """
    mean = slot.mean * 7 // 10 if day.weekday() >= _WEEKEND else slot.mean
    requests = mean * (512 + (bits >> 4 & 1023)) // 1024
    market = requests * (760 + (bits >> 14 & 255)) // 1024
    if not slot.sold:
        return {"allRequests": requests, "marketRequests": market}
    fills = market * (100 + (bits >> 22 & 255)) // 1024
    shown = fills * (940 + (bits >> 30 & 63)) // 1024
    billable = shown * (1000 + (bits >> 36 & 15)) // 1024
    # CPM between 0.30 and 4.39 of the currency, in millionths; unsold inventory earns nothing.
    revenue = shown * (300_000 + (bits >> 40 & 4095) * 1000) // 1000
    market_revenue = revenue * 97 // 100
    starts = shown * 95 // 100 if slot.video else 0
    return {
        "allRequests": requests,
        "marketRequests": market,
        "exchangeFills": fills,
        "marketImpressions": shown,
        "impressions": shown,
        "billableImpressions": billable,
        "publisherRevenue": revenue,
        "publisherRevenueInPCoin": revenue,
        "marketPublisherRevenue": market_revenue,
        "privateMarketPublisherGrossRevenue": revenue * 118 // 100 if slot.deal else 0,
        "privateMarketImpressions": shown if slot.deal else 0,
        "clicks": shown * (bits >> 52 & 15) // 2048,
        "videoStarts": starts,
        "firstQuartileFirstOccurance": starts * 9 // 10,
        "midPointFirstOccurance": starts * 8 // 10,
        "thirdQuartileFirstOccurance": starts * 7 // 10,
        "completeFirstOccurance": starts * 6 // 10,
        "videoCompletions": starts * 6 // 10,
    }


def on_the_wire(metric: str, value: int, *, noise: bool) -> int | float:
    """A metric's value as JSON carries it; whole zero for no money, as in the vendor's sample.

    Noise: the sample has 2.739120012072817, which is 2.73912 gone through four bytes.
    """
    if metric not in MONEY or value == 0:
        return value
    return single_precision(value / MICROS) if noise else value / MICROS


class Delivery:
    """Answers questions from the world, as known at the environment's now."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.inventory = inventory_of(environment.world)

    def slots(self, question: Question) -> list[Slot]:
        """The slots that a question's filter lets through."""
        null_splits = self._environment.switch("null_split_attributes")
        slots = (one for one in self.inventory.slots if null_splits or not one.null_split)
        return [slot for slot in slots if question.wanted(slot.values)]

    def rows(self, question: Question) -> Iterator[Row]:
        """All rows of a question, oldest bucket first, no cap.

        A row exists where there was an ad request. Aggregates come as one bucket. With the switch
        `repeat_rows` about one in nine comes as two that have all attributes in common.
        """
        if not self._environment.switch("repeat_rows"):
            yield from self._rows(question)
            return
        number = self._environment.world.number
        for row in self._rows(question):
            if number("openx repeat", row.day, row.hour, *row.values) % _REPEATED_ONE_IN:
                yield row
                continue
            halves = tuple(value // 2 for value in row.metrics)
            rest = tuple(value - half for value, half in zip(row.metrics, halves, strict=True))
            yield replace(row, metrics=halves)
            yield replace(row, metrics=rest)

    def _rows(self, question: Question) -> Iterator[Row]:
        slots = self.slots(question)
        labels = [tuple(slot.values.get(name) for name in question.attributes) for slot in slots]
        by_hour = "hour" in question.attributes
        in_buckets = by_hour or "day" in question.attributes
        # Requests ride along to tell a row without metrics from no row.
        metrics = (*question.metrics, "allRequests")
        turns = None if by_hour else ()
        sums: Groups[tuple[str | None, ...]] = Groups()
        days = cut_days(question.start, question.end, lambda at: (at.hour,), turns=turns)
        for day, pieces in days:
            known = self._known(day, slots, metrics)
            for (hour,), first, last in pieces:
                for label, numbers in zip(labels, known, strict=True):
                    part = _HOURLY.parts(numbers, first, last)
                    if part and part[-1]:
                        sums.add(label, part)
                if in_buckets:
                    yield from _bucket(sums, day, hour if by_hour else None)
                    sums.clear()
        if not in_buckets:
            yield from _bucket(sums, question.start.date(), None)

    def _known(
        self, day: date, slots: list[Slot], metrics: tuple[str, ...]
    ) -> list[tuple[int, ...]]:
        """What is known now of each slot's day; empty where the slot had no traffic."""
        environment, number = self._environment, self._environment.world.number
        shares: dict[int, int] = {}
        known: list[tuple[int, ...]] = []
        for slot in slots:
            bits = number("openx delivery", slot.key, day)
            if bits % 16 == 0 or environment.vanished(day, "openx", slot.key):
                known.append(())
                continue
            share = shares.get(slot.publisher)
            if share is None:
                # The books close within a day and a half of any hour, sooner than the curve's end.
                share = environment.millionths(day - ONE_DAY, "openx", slot.publisher)
                shares[slot.publisher] = share
            values = finals(bits, slot, day)
            known.append(tuple([values.get(metric, 0) * share // MILLION for metric in metrics]))
        return known


@lru_cache(maxsize=2)
def inventory_of(world: World) -> Inventory:
    """The slots and deals of a world; made once, kept over resets."""
    return Inventory(world)


def _bucket(
    sums: dict[tuple[str | None, ...], list[int]], day: date, hour: int | None
) -> Iterator[Row]:
    for label, values in sums.items():
        yield Row(day=day, hour=hour, values=label, metrics=tuple(values[:-1]))
