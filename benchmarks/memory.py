"""Peak memory against the size of a report, for every kind of body."""

from benchmarks import readers
from benchmarks.measure import Run, measured
from benchmarks.sections import Bar, Section, Size, at_most, megabytes, thousands
from benchmarks.throughput import replay

_LARGEST_MB = 150
_LARGEST_MB_OF_PARQUET = 170  # pyarrow's import alone: docs/performance.md
_GROWTH = 1.15
_QUICK_KINDS = ("adjust.parquet", "terminalone.jsonl", "adjust.json", "adjust.csv", "atomx.tsv")


def measure(size: Size) -> Section:
    """Measure every kind of body at the two largest sizes.

    Args:
        size: How much; the short form knows one size, so growth is left to the whole form.
    """
    counts = size.rows[-2:]
    runs = [_runs(count, size) for count in counts]
    names = list(runs[0])
    peaks = {name: [found[name].peak for found in runs] for name in names}
    return Section(
        title="Memory",
        lead=(
            "The most memory that the whole process of a tap has in use (resident set), reading one report "
            "of 20 columns in one request. The Parquet file is written as pyarrow does by itself, in row "
            "groups of a million rows."
        ),
        columns=("tap and body", *(f"{thousands(count)} rows, peak MB" for count in counts)),
        rows=[(name, *map(megabytes, found)) for name, found in peaks.items()],
        bars=[bar for name, found in peaks.items() for bar in _bars(name, found)],
    )


def _runs(count: int, size: Size) -> dict[str, Run]:
    kinds = _QUICK_KINDS if size.quick else readers.KINDS
    with replay(count, *kinds, "adjust-totals.json") as url:
        return measured([readers.tap(kind, url, count) for kind in kinds], size, together=True)


def _bars(name: str, peaks: list[float]) -> list[Bar]:
    largest = _LARGEST_MB_OF_PARQUET if "PARQUET" in name else _LARGEST_MB
    bars = [at_most(f"{name}, peak", peaks[-1] / 10**6, largest, unit="MB")]
    bars += [
        at_most(f"{name}, peak at ten times the rows", peaks[-1] / peak, _GROWTH)
        for peak in peaks[:-1]
    ]
    return bars
