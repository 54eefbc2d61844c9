"""Every stream in DuckDB and in Postgres: the sandbox's world, row by row."""

from decimal import Decimal

from tap_atomx.streams import BIG, BUSINESS, ENTITIES, REFERENCE, REPORTS
from tap_atomx.tap import TapAtomx
from tests.conftest import MOMENT
from tests.loaded import warehouses
from tests.running import run_command, select

EVERYTHING = {e.name for e in ENTITIES} | {r.name for r in REPORTS}
EMPTY = {"reports", "scheduled_reports"}
"""Nobody has stored a report in the sandbox's account."""


def test_every_stream_lands_as_the_platform_holds_it(sandbox, settings, truth, tmp_path, request):
    """Ids of every model, sums of every report, one row for each key; loaded twice, nothing doubles."""
    sandbox.clock(MOMENT)
    config = {**settings, "start_date": "2026-03-15"}
    done = run_command(
        "tap-atomx",
        folder=tmp_path,
        config=config,
        catalog=select(TapAtomx, config, EVERYTHING),
        environment={"ADTAPS_NOW": MOMENT},
    )
    assert done.code == 0, done.stderr
    for ask in warehouses(done, tmp_path, request, times=2):
        for entity in (*BUSINESS, *BIG, *REFERENCE):
            ids = [row[0] for row in ask(f'SELECT id FROM WAREHOUSE."{entity.name}" ORDER BY id')]  # noqa: S608
            assert ids == sorted(truth(model=entity.model)["ids"]), entity.name
        for report in REPORTS:
            hourly = report.name.endswith("_hourly")
            want = truth(
                scope=report.scope,
                groups=",".join(["hour" if hourly else "day", *report.dimensions]),
                metrics=",".join(report.metrics),
                **{
                    "from": "2026-03-15 00:00:00",
                    "to": "2026-03-18 12:00:00" if hourly else "2026-03-18 00:00:00",
                },
            )
            sums = ", ".join(f"sum({m})" for m in report.metrics)
            table = f'WAREHOUSE."{report.name}"'
            (found,) = ask(f"SELECT count(*), count(DISTINCT _row_key), {sums} FROM {table}")  # noqa: S608
            assert found[0] == found[1] == want["count"], report.name
            for metric, total in zip(report.metrics, found[2:], strict=True):
                right = Decimal(str(want["totals"][metric]))
                room = right * Decimal("1e-6") if isinstance(want["totals"][metric], str) else 0
                assert abs(Decimal(total) - right) <= room, (report.name, metric)
        for stream in EVERYTHING - EMPTY:
            (count,) = ask(f'SELECT count(*) FROM WAREHOUSE."{stream}"')  # noqa: S608
            assert count[0] == len(done.records[stream]), stream
