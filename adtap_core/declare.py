"""The frozen entries a stream is declared with: facts, no methods that act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from adtap_core.windows import Grain


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One entity stream: things that exist, not things that are counted.

    Args:
        name: The stream; plural snake_case. Its schema is `schemas/<name>.json`.
        path: Where the platform lists it; what a path is, the platform's client knows.
        keys: The primary key's columns.
        replication_key: The modification time's column, only where the API can filter or sort by it.
        parent: The stream whose records this one is asked for, one by one.
        parent_changed_only: Ask only for the parents that this sync reads anew, not for all.
        selected: Whether it is read when nobody chose streams.
        people: Whether it holds nothing but people: then its personal fields (`x-pii`) come with it; those of
            any other stream are not selected by default.
        columns: Columns that are called otherwise than the platform's field, by field.
        facts: Platform facts that the platform's own client reads.
    """

    name: str
    path: str
    keys: tuple[str, ...] = ("id",)
    replication_key: str | None = None
    parent: str | None = None
    parent_changed_only: bool = False
    selected: bool = True
    people: bool = False
    columns: Mapping[str, str] = field(default_factory=_nothing)
    facts: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, kw_only=True)
class Report:
    """One report stream: built in, or defined by the user's setting `reports`.

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
        facts: Platform facts and report extras that the platform's own client reads.
    """

    name: str
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
    facts: Mapping[str, Any] = field(default_factory=_nothing)
