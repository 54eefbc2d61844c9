"""The frozen entries a stream is declared with: facts, no methods that act.

A tap whose streams need more than these fields to be read adds them on a subclass of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Self

from adtap_core.names import column_name
from adtap_core.windows import Grain


@dataclass(frozen=True, kw_only=True)
class _Entry:
    name: str

    @classmethod
    def of(cls, entry: "_Entry") -> Self:
        """Return an entry of this class as what it is: a tap's client reads its own table only.

        Raises:
            TypeError: If it is no entry of this class.
        """
        if not isinstance(entry, cls):
            msg = f"{entry.name} is declared as {type(entry).__name__}, not as {cls.__name__}"
            raise TypeError(msg)
        return entry


@dataclass(frozen=True, kw_only=True)
class Entity(_Entry):
    """One entity stream: things that exist, not things that are counted.

    Args:
        name: The stream; plural snake_case. Its schema is `schemas/<name>.json`.
        path: Where the platform lists it; what a path is, the platform's client knows.
        keys: The primary key's columns.
        replication_key: The modification time's column, only where the API can filter or sort by it.
        may_lack_date: Whether a record may have no modification time: a bound on it never shows such a one, so a
            list that was seen to hold one is read whole each time.
        may_be_old: Whether a record from before the bookmark may be new all the same, as it belongs to an object that
            no earlier run knew of: the platform then leaves out what earlier runs gave.
        parent: The stream whose records this one is asked for, one by one.
        parent_changed_only: Ask only for the parents that this sync reads anew, not for all.
        selected: Whether it is read when nobody chose streams.
        people: Whether it holds nothing but people: then its personal fields (`x-pii`) come with it; those of
            any other stream are not selected by default.
        columns: Columns that are called otherwise than the platform's field, by field.
        generations: The API generations that have it, where a platform has several; empty: all.

    >>> Entity(name="campaigns", path="/campaigns", replication_key="last_modified").keys
    ('id',)
    """

    path: str
    keys: tuple[str, ...] = ("id",)
    replication_key: str | None = None
    may_lack_date: bool = False
    may_be_old: bool = False
    parent: str | None = None
    parent_changed_only: bool = False
    selected: bool = True
    people: bool = False
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    generations: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report(_Entry):
    """One report stream: built in, or defined by the user's setting `reports`.

    What a definition of one platform says beyond these fields (`scope`, `endpoint` …) is a field of the tap's own
    subclass, under the name that it has in the setting; None where a definition does not say it.

    Args:
        name: The stream; subject and grain.
        dimensions: The platform's names of what rows are cut by, without the time bucket.
        metrics: The platform's names of what is counted.
        grain: The time bucket.
        lookback_days: Days before the bookmark that are read again, unless the user says otherwise;
            None: the platform's.
        own_lookback_days: What the user's definition of this report says; beats all else.
        settle_days: Days after a bucket's end until the platform's own rule calls it final; a row is
            never `settled` before, whatever the lookback. None: the platform's lookback.
        span_days: Most days that one request may cover.
        start_date: First day ever asked of this report, if later than the tap's.
        filters: The platform's own filter language, passed on.
        selected: Whether it is read when nobody chose streams.
        custom: Whether the user defined it.
        source: Where the platform documents its fields, and the day that page was read.
        generations: The API generations that have it, where a platform has several; empty: all.

    >>> Report(name="spend_daily", dimensions=("campaign_id",), metrics=("spend",), lookback_days=7).grain
    <Grain.DAY: 'day'>
    """

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    grain: Grain = Grain.DAY
    lookback_days: int | None = None
    own_lookback_days: int | None = None
    settle_days: int | None = None
    span_days: int = 31
    start_date: str | None = None
    filters: Any = None
    selected: bool = True
    custom: bool = False
    source: str = ""
    generations: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, str]:
        """Return the column of each field, dimensions first, by the platform's names. `definition_errors` sees to it that all differ."""
        return {name: column_name(name) for name in (*self.dimensions, *self.metrics)}

    def restated(self, days: int, *, span_days: int) -> Self:
        """Return the report as one that the platform restates for some days: read again, and not settled before.

        Args:
            days: For how many days after a bucket's end; 0: what was read stays.
            span_days: Most days that one request may cover.

        >>> hourly = Report(name="spend_hourly", dimensions=(), metrics=("spend",), grain=Grain.HOUR)
        >>> hourly.restated(2, span_days=7).settle_days
        2
        """
        return replace(self, lookback_days=days, settle_days=days, span_days=span_days)

    @classmethod
    def extra_names(cls) -> frozenset[str]:
        """Return the names of the fields that a tap's own class adds."""
        return frozenset(f.name for f in fields(cls)) - {f.name for f in fields(Report)}

    @property
    def extras(self) -> dict[str, Any]:
        """Return the fields that the tap's own class adds, where they are set, by name."""
        own = {name: getattr(self, name) for name in sorted(self.extra_names())}
        return {name: value for name, value in own.items() if value is not None}
