"""Report Service reports held against what is known of its fields: at once, then against the live lists."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from adtap_core.errors import Forbidden
from adtap_core.names import did_you_mean
from adtap_core.windows import Grain
from tap_adjust import fields
from tap_adjust.report_service import DIMENSION_OPERATORS, METRIC_OPERATORS, ReportService
from tap_adjust.streams import SPAN_DAYS, AdjustReport
from tap_adjust.unpivot import MADE_HERE, asks

log = logging.getLogger("adtaps.adjust")

OWNED: Final = frozenset(
    {
        "dimensions",
        "metrics",
        "date_period",
        "app_token__in",
        "adjust_account_id__in",
        "utc_offset",
        "timezone_id",
        "hour__between",
        "attribution_type",
        "attribution_types",
        "attribution_source",
        "reattributed",
        "ad_spend_mode",
        "cohort_maturity",
        "currency",
        "sandbox",
        "sort",
        "index",
        "limit",
        "format_dates",
        "readable_names",
        "include_attr_dependency",
        "period_over_period",
        "drilldown",
        "format",
        "page",
    }
)
"""Parameters that the tap sends itself, or that would break its rows."""
_ANY_EVENT: Final = "any event"
_PSEUDO_DIMENSIONS: Final = frozenset({"channel_id", "tracker_token"})
_METRIC_LISTS: Final = ("overview_metrics", "cost_metrics", "etl_metrics", "skad_metrics")
_MADE_HERE: Final[Mapping[str, dict[str, Any]]] = {
    "event_slug": {
        "type": ["string", "null"],
        "description": "Dimension. Event name as the service normalises it. Joins events.id.",
    },
    "period_type": {
        "type": ["string", "null"],
        "description": "Dimension. Length of a cohort period: day, week or month.",
    },
    "period": {
        "type": ["integer", "null"],
        "description": "Dimension. Number of the cohort period since the install, from 0.",
    },
}


def field_schema(report: AdjustReport, name: str, role: str) -> dict[str, Any]:
    """Return the schema of a dimension or metric of the Report Service.

    Args:
        report: The report.
        name: The service's name of the field.
        role: `dimension` or `metric`.
    """
    if role == "dimension":
        if name in _MADE_HERE and is_unpivoted(report):
            return dict(_MADE_HERE[name])
        description = fields.DIMENSIONS.get(name, "Not in the tap's list of dimensions.")
        return {"type": ["string", "null"], "description": f"Dimension. {description}"}
    if report.per_event:
        known = fields.metric(f"{_ANY_EVENT}_{name}")
        description = known.description.replace(f" {_ANY_EVENT!r}", "").replace(
            f"{_ANY_EVENT}_", ""
        )
        return {**known.schema(), "description": description}
    if report.cohort_periods:
        known = fields.metric(f"{name}_d1")
        description = known.description.replace("in day 1", "in the period")
        description = description.replace("up to and with day 1", "up to and with the period")
        return {**known.schema(), "description": description}
    return fields.metric(name).schema()


def not_added(report: AdjustReport, name: str) -> str:
    """Return why a metric's rows do not add up to the service's total; empty if they do."""
    if report.per_event:
        known = fields.metric(f"{_ANY_EVENT}_{name}")
    elif report.cohort_periods:
        known = fields.metric(f"{name}_d1")
    else:
        known = fields.metric(name)
    return known.not_added


def is_unpivoted(report: AdjustReport) -> bool:
    """Return whether the report's rows are made of several columns."""
    return bool(report.per_event or report.cohort_periods)


def finish(report: AdjustReport) -> AdjustReport:
    """Return a user's report with the lookback and the settling that its fields demand."""
    periods = report.cohort_periods
    dimensions = report.dimensions
    if report.per_event:
        dimensions = (*dimensions, *(d for d in ("event_slug",) if d not in dimensions))
        names: Sequence[str] = [f"{_ANY_EVENT}_{m}" for m in report.metrics]
    elif periods:
        # One that is listed twice, or spelt `d01`, would be counted twice.
        periods = tuple(dict.fromkeys(map(_period, periods)))
        dimensions = (*dimensions, *(d for d in ("period_type", "period") if d not in dimensions))
        names = [f"{m}_{p}" for m in report.metrics for p in periods]
    else:
        names = report.metrics
    lookback, settle = fields.restated_days(names, dimensions)
    # The service's weeks begin on another day than ours: each of ours is asked for alone, as a span.
    span = 7 if report.grain is Grain.WEEK else SPAN_DAYS
    return replace(
        report,
        dimensions=dimensions,
        lookback_days=lookback,
        settle_days=settle,
        span_days=span,
        cohort_periods=periods,
    )


def _period(given: object) -> str:
    text = str(given)
    return f"{text[0]}{int(text[1:])}" if text[1:].isdecimal() else text


def definition_errors(report: AdjustReport) -> list[str]:
    """Return the errors of a user's report that need no network to be seen."""
    name = f"report {report.name!r}"
    errors = fields.comma_errors(name, "metric", report.metrics)
    errors += fields.comma_errors(name, "dimension", report.dimensions)
    periods = report.cohort_periods or ()
    errors += [
        f"{name}: cohort_periods: {p!r} is not a period; d0 to d120, w0 to w52, m0 to m36"
        for p in periods
        if fields.metric(f"cohort_size_{p}").kind != "cohort"
    ]
    if report.per_event:
        errors += [
            f"{name}: {m!r} is not what an event metric ends in (such as events, revenue, d7_events_cohort)"
            for m in report.metrics
            if fields.metric(f"{_ANY_EVENT}_{m}").kind != "event"
        ]
        errors += [f"{name}: per_event and cohort_periods exclude each other"] if periods else []
    elif periods:
        stems = fields.cohort_stems()
        errors += [
            f"{name}: {m!r} is not a cohort metric's stem{did_you_mean(m, stems)}"
            for m in report.metrics
            if m not in stems
        ]
    else:
        errors += [
            f"{name}: metric {m!r} is not known (did you mean {right}?)"
            for m in report.metrics
            if (right := fields.wrong_period(m)) is not None
        ]
    if not isinstance(report.filters, Mapping | None):
        errors.append(
            f'{name}: filters: an object is expected, e.g. {{"country_code__in": ["DE"]}}'
        )
    else:
        errors += _filter_errors(name, report.filters or {})
    errors += [
        f"{name}: parameters: {key!r} is set by the tap or would break its rows"
        for key in report.parameters or {}
        if key in OWNED
    ]
    return errors


def _filter_errors(name: str, filters: Mapping[str, Any]) -> Iterable[str]:
    for key, value in filters.items():
        field, mark, operator = key.rpartition("__")
        known = (*DIMENSION_OPERATORS, *METRIC_OPERATORS)
        if key in OWNED or field == "app_token":
            yield f"{name}: filters: {key!r} is set by the tap; see the setting `app_tokens`"
        elif not mark or operator not in known:
            yield (
                f"{name}: filters: {key!r} is not `<field>__<operator>`; operators: {', '.join(known)}"
            )
        elif field in fields.DIMENSIONS and operator in METRIC_OPERATORS:
            yield f"{name}: filters: {key!r} compares the dimension {field!r} as a number"
        elif isinstance(value, list) and any("," in str(v) for v in value):
            yield f"{name}: filters: {key!r} holds a value with a comma, which the API can't be asked for"
        elif not _is_comparable(value, operator):
            wanted = (
                "a number"
                if operator in METRIC_OPERATORS
                else "a text, a number, true or false, or a list of them"
            )
            yield f"{name}: filters: {key!r}: {value!r} is not {wanted}"


def _is_comparable(value: object, operator: str) -> bool:
    if operator in METRIC_OPERATORS:
        try:
            return not isinstance(value, bool) and Decimal(str(value)).is_finite()
        except InvalidOperation:
            return False
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(v, str | int | float | Decimal) for v in values)


def live_faults(reports: Sequence[AdjustReport], service: ReportService) -> list[str]:
    """Check the fields that the tap does not know by itself against the live lists.

    One unknown metric fails a whole request, so it is named before the first. The lists are asked for
    only when there is something to look up.
    """
    errors: list[str] = []
    for report in reports:
        try:
            errors += [
                f"report {report.name!r}: {fault}" for fault in _live_faults_of(report, service)
            ]
        except Forbidden as error:
            # Its own turn will tell: the others have nothing to do with it.
            log.warning("%s: its fields could not be looked up: %s", report.name, error)
    return errors


def _live_faults_of(report: AdjustReport, service: ReportService) -> Iterator[str]:
    made_here = MADE_HERE if is_unpivoted(report) else frozenset()
    for name in report.dimensions:
        if name not in made_here and (hint := _dimension_error(name, service)) is not None:
            yield f"dimension {name!r} is not known{hint}"
    # Events have metrics of their own, checked by their endings.
    for ask in () if report.per_event else asks(report, list):
        for name in ask.metrics:
            if (hint := _metric_error(name, service)) is not None:
                yield f"metric {name!r} is not known{hint}"
    for key in report.filters or {}:
        name, _, operator = key.rpartition("__")
        look_up = _metric_error if operator in METRIC_OPERATORS else _dimension_error
        if name not in _PSEUDO_DIMENSIONS and (hint := look_up(name, service)) is not None:
            yield f"filters: {name!r} is not known{hint}"


def _dimension_error(name: str, service: ReportService) -> str | None:
    """Return a hint for a dimension that does not exist; None if it does."""
    if name in fields.DIMENSIONS:
        return None
    known = _ids(service, "dimensions") | fields.DIMENSIONS.keys()
    return None if name in known else did_you_mean(name, known)


def _ids(service: ReportService, *filters: str) -> set[str]:
    return {str(option["id"]) for name in filters for option in service.options(name)}


def _metric_error(name: str, service: ReportService) -> str | None:
    """Return a hint for a metric that does not exist; None if it does."""
    kind = fields.metric(name).kind
    if kind not in {"event", "unknown"}:
        return None
    slugs = {str(e["id"]) for e in service.events()} | fields.PSEUDO_SLUGS
    readings = list(fields.event_readings(name))
    if any(reading.slug in slugs for reading in readings):
        return None
    if name in _ids(service, *_METRIC_LISTS):
        return None
    stems = _ids(service, "cohort_metric_names")
    stem, _, period = name.rpartition("_")
    if stem in stems and fields.metric(f"cohort_size_{period}").kind == "cohort":
        return None
    near = set(fields.near_names(name))
    near |= {f"{slug}{name[len(r.slug) :]}" for r in readings for slug in slugs}
    return did_you_mean(name, near)
