"""A list of 50,000 entities, page by page: tap-atomx beside the ordinary stream."""

from benchmarks import readers
from benchmarks.bodies import ENTITIES, ENTITY_PAGE
from benchmarks.measure import measured
from benchmarks.sections import Section, Size
from benchmarks.strangers import versions
from benchmarks.throughput import COLUMNS, faster, line, replay

_BOUND = 2.0


def measure(size: Size) -> Section:
    """Measure the list."""
    with replay(ENTITIES, "creatives.jsonl") as url:
        ours, theirs = readers.creatives(url), readers.ordinary(url, ENTITIES, "creatives")
        runs = measured([theirs, ours], size)
    claim = f"{ours.name}, against {theirs.name}, {ENTITIES:,} entities"
    return Section(
        title="Entities",
        lead=(
            f"{ENTITIES:,} creatives of atomx in pages of {ENTITY_PAGE:,}, from a replay without latency, "
            "one page at a time (`concurrency` 1); the ordinary stream walks the same pages by offset."
        ),
        columns=COLUMNS,
        rows=[line(name, ENTITIES, run) for name, run in runs.items()],
        bars=list(faster(size, claim, runs[ours.name], runs[theirs.name], _BOUND)),
        contenders={"singer-sdk": versions()["singer-sdk"]},
    )
