"""One report of 20 columns as each platform writes it: made once below .cache/bench, then replayed.

    python -m benchmarks.bodies FOLDER NAME ROWS     makes one body

Every platform's report has the same rows under its own names: a day, a constant, a name and an id,
again a name and an id, two short words, six counts and six amounts of money. The second id is another
one in each row, so a warehouse keeps as many rows as were sent. The dice are loaded: the same bodies
everywhere and always.
"""

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.measure import CACHE, ROOT, progress

FIRST_DAY: Final = date(2026, 1, 1)
DAYS: Final = 28
"""Few enough that every tap asks for them in one request."""
START: Final = FIRST_DAY.isoformat()
END: Final = (FIRST_DAY + timedelta(days=DAYS)).isoformat()
"""The day after the last."""

ENTITIES: Final = 50_000
ENTITY_PAGE: Final = 1000

_COUNTRIES: Final = ("DE", "US", "FR", "GB", "BR", "IN")
_COUNTS: Final = 6
_MONEY: Final = 6
_MICROS: Final = 10**6
_SEED: Final = 1


@dataclass(frozen=True)
class Report:
    """A platform's names for the columns.

    Attributes:
        dimensions: Day, constant, name, id, name, id, word, word.
        constant: What stands in the second column; None: the day again.
        words: What stands in the seventh and the eighth column.
        counts: Six.
        money: Six.
    """

    dimensions: tuple[str, ...]
    constant: str | None
    words: tuple[tuple[str, ...], tuple[str, ...]]
    counts: tuple[str, ...]
    money: tuple[str, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Counts, then money."""
        return (*self.counts, *self.money)

    @property
    def columns(self) -> tuple[str, ...]:
        """All 20."""
        return (*self.dimensions, *self.metrics)


ADJUST: Final = Report(
    dimensions=(
        "day", "app_token", "campaign_network", "campaign_id_network", "adgroup_network", "adgroup_id_network",
        "country_code", "os_name",
    ),
    constant="abcdefghijkl",
    words=(_COUNTRIES, ("ios", "android")),
    counts=("impressions", "clicks", "installs", "sessions", "events", "revenue_events"),
    money=("cost", "adjust_cost", "network_cost", "revenue", "ad_revenue", "click_cost"),
)  # fmt: skip
ATOMX: Final = Report(
    dimensions=(
        "day", "network_id", "campaign_name", "campaign_id", "creative_name", "creative_id", "country",
        "operating_system",
    ),
    constant="7",
    words=ADJUST.words,
    counts=("impressions", "clicks", "conversions", "requests", "responses", "views"),
    money=(
        "campaign_cost", "advertiser_network_profit", "publisher_revenue", "publisher_network_profit", "data_cost",
        "platform_cost",
    ),
)  # fmt: skip
TERMINALONE_V1: Final = Report(
    dimensions=(
        "start_date", "end_date", "campaign_name", "campaign_id", "strategy_name", "strategy_id",
        "campaign_currency_code", "campaign_timezone",
    ),
    constant=None,
    words=(("EUR", "USD"), ("Europe/Berlin", "America/New_York")),
    counts=(
        "impressions", "clicks", "post_click_conversions", "total_clicks", "video_start", "video_complete",
    ),
    money=(
        "total_spend", "total_spend_usd", "total_revenue", "total_revenue_usd", "post_click_revenue",
        "post_view_revenue",
    ),
)  # fmt: skip
TERMINALONE_V2: Final = replace(
    TERMINALONE_V1,
    dimensions=(
        "agg_timestamp", "exchange_id", "campaign_name", "campaign_id", "strategy_name", "strategy_id",
        "campaign_currency_code", "campaign_zone_name",
    ),
    constant="9",
)  # fmt: skip


class Row(NamedTuple):
    """One row, as text and as numbers; money in millionths."""

    day: str
    names: tuple[str, int, str, int]
    words: tuple[str, str]
    counts: tuple[int, ...]
    micros: tuple[int, ...]


def body(name: str, rows: int) -> Path:
    """The file of a body, made on first use.

    Args:
        name: A key of `WRITERS`.
        rows: How many.
    """
    path = folder(rows) / name
    if not path.exists():
        progress(f"making {name} of {rows} rows")
        # In a process of its own: what measures must stay small.
        command = (sys.executable, "-m", "benchmarks.bodies", str(path.parent), name, str(rows))
        subprocess.run(command, cwd=ROOT, check=True)
        progress("")
    return path


def folder(rows: int) -> Path:
    """The folder of the bodies of a size; another one whenever this module has changed."""
    mark = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    place = CACHE / "bodies" / mark / str(rows)
    place.mkdir(parents=True, exist_ok=True)
    return place


def sums(rows: int) -> tuple[int, int]:
    """The sums of the first count, and of the first money in millionths, over all rows."""
    counted = spent = 0
    for row in _rows(ADJUST, rows):
        counted += row.counts[0]
        spent += row.micros[0]
    return counted, spent


def _rows(report: Report, count: int) -> Iterator[Row]:
    dice = random.Random(_SEED)
    countries, systems = report.words
    for n in range(count):
        campaign, group = dice.randrange(400), dice.randrange(100_000)
        yield Row(
            (FIRST_DAY + timedelta(days=n * DAYS // count)).isoformat(),
            (
                f"Campaign {campaign} été",
                70_000_000 + campaign,
                f"Ad group {group}",
                90_000_000 + n,
            ),
            (dice.choice(countries), dice.choice(systems)),
            tuple(dice.randrange(100_000) for _ in range(_COUNTS)),
            tuple(dice.randrange(10_000 * _MICROS) for _ in range(_MONEY)),
        )


def _amount(micros: int) -> str:
    return f"{micros // _MICROS}.{micros % _MICROS:06d}"


def _texts(report: Report, row: Row) -> list[str]:
    constant = row.day if report.constant is None else report.constant
    cells = (row.day, constant, *row.names, *row.words, *row.counts)
    return [*map(str, cells), *map(_amount, row.micros)]


def _separated(report: Report, path: Path, count: int, *, mark: str) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write(mark.join(report.columns) + "\n")
        for row in _rows(report, count):
            out.write(mark.join(_texts(report, row)) + "\n")


def _numbers(report: Report, row: Row) -> list[str]:
    """The cells as JSON, numbers without quotes."""
    cells = _texts(report, row)
    plain = {1, 3, 5, *range(8, 20)}
    return [c if place in plain else f'"{c}"' for place, c in enumerate(cells)]


class _Totals:
    """Sums of all metrics, as the platforms add them to an answer."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._sums = [0] * (_COUNTS + _MONEY)

    def add(self, row: Row) -> None:
        for place, value in enumerate((*row.counts, *row.micros)):
            self._sums[place] += value

    def as_json(self) -> str:
        texts = (
            [str(total) for total in self._sums[:_COUNTS]]
            + [_amount(total) for total in self._sums[_COUNTS:]]
        )  # fmt: skip
        pairs = zip(self._report.metrics, texts, strict=True)
        return "{" + ", ".join(f'"{name}": {text}' for name, text in pairs) + "}"


def _adjust_json(path: Path, count: int) -> None:
    _write_adjust(path, _rows(ADJUST, count))


def _adjust_days(path: Path, count: int) -> None:
    """A folder with a body for each day: a client that asks day by day gets the same rows in all."""
    path.mkdir()
    rows = _rows(ADJUST, count)
    # As many rows a day as `_rows` gives.
    ends = [-(-count * (day + 1) // DAYS) for day in range(DAYS)]
    begin = 0
    for day, end in enumerate(ends):
        _write_adjust(path / f"{day}.json", islice(rows, end - begin))
        begin = end


def _write_adjust(path: Path, rows: Iterator[Row]) -> None:
    totals = _Totals(ADJUST)
    with path.open("w", encoding="utf-8") as out:
        out.write('{"rows": [')
        for n, row in enumerate(rows):
            totals.add(row)
            pairs = zip(ADJUST.columns, _texts(ADJUST, row), strict=True)
            line = ", ".join(f'"{column}": "{value}"' for column, value in pairs)
            out.write(f"{',' if n else ''}\n{{{line}}}")
        out.write(_adjust_end(totals))


def _adjust_totals(path: Path, count: int) -> None:
    """What the service says without a day: asked for beside a CSV or Parquet answer, which have none."""
    totals = _Totals(ADJUST)
    for row in _rows(ADJUST, count):
        totals.add(row)
    path.write_text('{"rows": [' + _adjust_end(totals), encoding="utf-8")


def _adjust_end(totals: _Totals) -> str:
    return f'], "totals": {totals.as_json()}, "warnings": [], "pagination": null}}'


def _adjust_parquet(path: Path, count: int) -> None:
    """As pyarrow writes by itself: row groups of a million rows. Dimensions are text."""
    import pyarrow as pa  # noqa: PLC0415 - large, and only for this body
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    rows = list(_rows(ADJUST, count))
    texts = list(zip(*(_texts(ADJUST, row)[:8] for row in rows), strict=True))
    columns: dict[str, Any] = {
        name: pa.array(values, pa.string())
        for name, values in zip(ADJUST.dimensions, texts, strict=True)
    }
    for place, name in enumerate(ADJUST.counts):
        columns[name] = pa.array([row.counts[place] for row in rows], pa.int64())
    for place, name in enumerate(ADJUST.money):
        columns[name] = pa.array([row.micros[place] / _MICROS for row in rows], pa.float64())
    pq.write_table(pa.table(columns), path)


def _atomx_json(path: Path, count: int) -> None:
    totals = _Totals(ATOMX)
    with path.open("w", encoding="utf-8") as out:
        out.write('{"success": true, "resource": "report", "report": {"data": [')
        for n, row in enumerate(_rows(ATOMX, count)):
            totals.add(row)
            out.write(f"{',' if n else ''}\n[{', '.join(_numbers(ATOMX, row))}]")
        columns, groups = json.dumps(ATOMX.columns), json.dumps(ATOMX.dimensions)
        out.write(
            f'], "id": "bench", "columns": {columns}, "length": {count}, '
            f'"query": {{"groups": {groups}}}, "totals": {totals.as_json()}}}}}'
        )


def _terminalone_lines(path: Path, count: int) -> None:
    report = TERMINALONE_V2
    with path.open("w", encoding="utf-8") as out:
        fields = json.dumps([{"name": name} for name in report.columns])
        out.write(f'{{"fields": {fields}, "total_items_count": {count}}}\n')
        for row in _rows(report, count):
            cells = _numbers(report, row)
            cells[0] = f'"{row.day}T00:00:00Z"'
            pairs = zip(report.columns, cells, strict=True)
            out.write("{" + ", ".join(f'"{column}": {cell}' for column, cell in pairs) + "}\n")


def _creatives(path: Path, count: int) -> None:
    """A creative of atomx a line; the replay makes pages of them."""
    dice = random.Random(_SEED)
    with path.open("w", encoding="utf-8") as out:
        for ident in range(1, count + 1):
            out.write(json.dumps(_creative(ident, dice)) + "\n")


def _creative(ident: int, dice: random.Random) -> dict[str, Any]:
    moment = f"2026-0{1 + ident % 9}-{1 + ident % 28:02d}T12:{ident % 60:02d}:00"
    return {
        "id": ident,
        "name": f"Creative {ident} été",
        "state": "ACTIVE" if ident % 7 else "INACTIVE",
        "title": f"Title {dice.randrange(10**6)}",
        "advertiser": 1 + ident % 90,
        "category": 1 + ident % 30,
        "size": 1 + ident % 12,
        "language": 1 + ident % 5,
        "attributes": [dice.randrange(20), dice.randrange(20)],
        "content_type": "IMAGE",
        "content": f"{dice.randrange(16**40):040x}",
        "extension": "PNG",
        "final_url": f"https://shop.example/{dice.randrange(10**9)}",
        "url": f"https://click.example/{dice.randrange(10**9)}",
        "click_url": "${CLICK_URL}",
        "size_bytes": dice.randrange(10**6),
        "types": ["IFRAME"],
        "https": True,
        "audited_at": moment,
        "checked_at": moment,
        "notify": False,
        "modified_by": 311,
        "created_at": moment,
        "updated_at": moment,
    }


WRITERS: Final = {
    "adjust.json": _adjust_json,
    "adjust-days": _adjust_days,
    "adjust-totals.json": _adjust_totals,
    "adjust.csv": lambda path, count: _separated(ADJUST, path, count, mark=","),
    "adjust.parquet": _adjust_parquet,
    "atomx.json": _atomx_json,
    "atomx.tsv": lambda path, count: _separated(ATOMX, path, count, mark="\t"),
    "terminalone.csv": lambda path, count: _separated(TERMINALONE_V1, path, count, mark=","),
    "terminalone.jsonl": _terminalone_lines,
    "creatives.jsonl": _creatives,
}
"""What makes each body. A name without an ending is a folder."""


def _main(where: str, name: str, rows: str) -> None:
    path = Path(where, name)
    part = path.with_name(f"{name}.{random.SystemRandom().randrange(_MICROS)}.part")
    WRITERS[name](part, int(rows))
    # In one step: an interrupted run leaves no half of a body under its name.
    part.rename(path)


if __name__ == "__main__":
    _main(*sys.argv[1:])
