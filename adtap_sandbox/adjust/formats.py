"""A computed report as JSON, CSV, Parquet or pivot; and the dashboard's list of apps."""

from typing import Any

from adtap_sandbox.environment import Environment
from adtap_sandbox.tables import csv_text, fill, table

from .metrics import MICROS, catalogue_sections, readable
from .query import Query
from .replies import RefusedError
from .report import Report, Row, Value, companions_of, number, text
from .store import AdjustStore


def as_json(report: Report, environment: Environment) -> dict[str, Any]:
    """The body of ``/report``."""
    query = report.query
    companions = companions_of(query.dimensions)
    networks = any(name in ("app", "app_token") for name in query.dimensions)
    app_networks = {app.token: f"{app.store_type}:{app.store_id}" for app in query.apps}
    by_name: dict[str | None, list[str]] = {}
    for app in query.apps:
        by_name.setdefault(app.name, []).append(app_networks[app.token])
    rows: list[dict[str, Any]] = []
    for row in report.rows:
        made: dict[str, Any] = {}
        dims = dict(zip(query.dimensions, row.dims, strict=True))
        if query.attr_dependency:
            known = zip(companions, row.companions, strict=True)
            ids: dict[str, Any] = {name: value for name, value in known if value is not None}
            if networks:
                token = dims.get("app_token")
                ids["app_network"] = [app_networks[token]] if token else by_name[dims["app"]]
            made["attr_dependency"] = ids
        made.update(dims)
        rows.append({**made, **_texts(query, row, environment)})
    notes = _warnings(report, environment)
    key = environment.switch("warnings_key")
    return {
        "rows": rows,
        "totals": _numbers(query, report.totals),
        "warnings": notes if key == "warnings" else [],
        "data_warnings": notes if key == "data_warnings" else [],
        "currencies": list(report.currencies),
        "pagination": None,
    }


def _warnings(report: Report, environment: Environment) -> list[dict[str, str]]:
    notes = []
    if report.cut_off:
        shown = len(report.rows)
        body = f"Only the first {shown} of {shown + report.cut_off} rows are shown."
        notes.append({"slug": "limit_rows", "title": "Rows limit reached", "body": body})
    if slug := environment.switch("warn"):
        notes.append({"slug": slug, "title": "Sandbox", "body": "Asked for by a switch."})
    return notes


def as_csv(report: Report, environment: Environment) -> str:
    """The body of ``/csv_report``: null and the empty string look the same in it."""
    query = report.query
    names = [*query.dimensions, *(metric.id for metric in query.metrics)]
    if query.readable:
        known = catalogue_sections()[0]
        names = [
            known[name].name if name in known and known[name].name else readable(name)
            for name in names
        ]
    return csv_text(
        [names, *([*row.dims, *_texts(query, row, environment).values()] for row in report.rows)]
    )


def as_parquet(report: Report) -> bytes:
    """The body of ``/parquet_report``: dimensions text, counts int64, the rest double; 501 without pyarrow."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - only this format needs it
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above
    except ImportError:
        raise RefusedError(
            501, "service_error", "Parquet needs pyarrow in the sandbox: install adtaps[parquet]"
        ) from None
    query = report.query
    columns: dict[str, Any] = {
        name: pa.array([row.dims[place] for row in report.rows], pa.string())
        for place, name in enumerate(query.dimensions)
    }
    for place, metric in enumerate(query.metrics):
        values = [row.values[place] for row in report.rows]
        if metric.whole and not metric.micros:
            columns[metric.id] = pa.array(values, pa.int64())
        else:
            scaled = [
                value / MICROS if value is not None and metric.micros else value for value in values
            ]
            columns[metric.id] = pa.array(scaled, pa.float64())
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, compression="brotli")
    body: bytes = sink.getvalue().to_pybytes()
    return body


def as_pivot(report: Report) -> dict[str, Any]:
    """The body of ``/pivot_report``: rows keyed by the first ``index`` dimension."""
    query = report.query
    first = next((name for name in query.index if name in query.dimensions), query.dimensions[0])
    place = query.dimensions.index(first)
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in report.rows:
        made: dict[str, Any] = dict(zip(query.dimensions, row.dims, strict=True))
        del made[first]
        made.update(_numbers(query, row.values))
        rows.setdefault(row.dims[place] or "", {"rows": []})["rows"].append(made)
    per: dict[str, dict[str, dict[str, float]]] = {}
    for at, name in enumerate(query.dimensions):
        values = per.setdefault(name, {})
        for row in report.rows:
            sums = values.setdefault(row.dims[at] or "", {})
            for metric, value in _numbers(query, row.values).items():
                sums[metric] = sums.get(metric, 0) + value
    totals = _numbers(query, report.totals)
    return {"rows": rows, "totals": totals, "totals_per_dimension": per}


def _numbers(query: Query, values: tuple[Value, ...]) -> dict[str, float]:
    return {
        metric.id: number(metric, value)
        for metric, value in zip(query.metrics, values, strict=True)
    }


def _texts(query: Query, row: Row, environment: Environment) -> dict[str, str | None]:
    null = environment.switch("null_metrics")
    return {
        metric.id: text(metric, value, null=null)
        for metric, value in zip(query.metrics, row.values, strict=True)
    }


def dashboard_apps(store: AdjustStore) -> list[dict[str, Any]]:
    """The apps as the dashboard lists them; a published client refuses further keys."""
    day = store.world.first_day.isoformat()
    template = table(__package__ or "", "data")["dashboard"]
    return [
        {
            **fill(template, {"app": app, "id": 7000 + app.index, "day": day}),
            "integration_dates": {app.os_name: day},
            "platforms": {app.os_name: {"store_id": app.store_id, "configured": True}},
        }
        for app in store.apps
    ]
