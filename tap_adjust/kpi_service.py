"""The legacy KPI service: nested answers by an ordered grouping, made flat.

The vendor moved its users to the Report Service in 2023 and 2024; where the service is gone it answers
410. Adjust documentation, "KPI service" (to January 2024), and published clients, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from adtap_core.bodies.parsing import Table
from adtap_core.errors import MalformedResponse, ResponseTooLarge
from adtap_core.http.client import Call
from adtap_core.http.completeness import says_more
from adtap_core.names import did_you_mean
from adtap_core.platform import Fetched, RowContext, RowLookup, WindowJob
from adtap_core.settings import ID, MOST_DAYS
from adtap_core.windows import Grain
from tap_adjust import fields
from tap_adjust.choices import Choices, word
from tap_adjust.kpi_answers import ARRAYS, DATES, LABELS, TIMES, flatten
from tap_adjust.service import Service
from tap_adjust.streams import SPAN_DAYS, KpiReport

ENDPOINTS: Final[Mapping[str, str]] = {
    "deliverables": "",
    "events": "/events",
    "cohorts": "/cohorts",
    "skadnetwork": "/skadnetwork",
}
_REPLACED_BY: Final[Mapping[str, str]] = {
    "/events": "events_daily",
    "/cohorts": "cohorts_daily",
    "/skadnetwork": "skan_daily",
    "": "app_daily, channel_daily, campaign_daily, adgroup_daily, creative_daily, country_daily",
}
_NOT_COLUMNS: Final = frozenset({"currency", "date"})
_DESCRIBED: Final[Mapping[str, str]] = {
    "app_token": "App token. Joins apps.id.",
    "tracker_token": "Token of the link (tracker).",
    "tracker_name": "Name of the link (tracker).",
    "network_token": "Token of the network's link.",
    "campaign_token": "Token of the campaign's link.",
    "adgroup_token": "Token of the ad group's link.",
    "creative_token": "Token of the creative's link.",
    "country": "Country, ISO 3166 alpha-2.",
    "event_token": "Token of the event; 0 is general revenue.",
    "event_name": "Name of the event.",
    "period": "Number of the cohort period since the install, from 0.",
}
_ANY_KPI: Final = "installs"
_COUNTS: Final = frozenset({"first_events", "converted_users", "converted_user_size"})
_MONEY: Final = frozenset({"revenue_per_event", "revenue_per_revenue_event"})
_OPTION_LISTS: Final = (
    "countries",
    "regions",
    "os_names",
    "device_types",
    "tracker_filter",
    "partner_ids",
    "events",
)
_LOWER_CASE: Final = frozenset({"countries", "os_names", "device_types"})
"""Spelt in small letters by the service and by its official client, which makes them so: `DE` might be no country."""
_OPTION_TEXTS: Final = (
    "cohort_period_filter",
    "day_def",
    "cohort_revenue_period",
    "impression_based",
    "conversion_type",
)


def _texts(description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string"},
        "uniqueItems": True,
        "description": description,
    }


DEFINITION_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["name", "endpoint", "kpis"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": r"^[a-z][a-z0-9_]{0,62}$"},
        "endpoint": {"type": "string", "enum": list(ENDPOINTS)},
        "kpis": {**_texts("KPIs."), "minItems": 1},
        "grouping": _texts("Levels, in any order; a day level is added where none is."),
        "event_kpis": _texts("`<event token>_<kpi>`, several KPIs joined by a pipe."),
        "app_tokens": {**_texts("Apps; default: the tap's."), "items": dict(ID)},
        "tracker": {"type": "string", "description": "Only what lies below this link of one app."},
        **{name: {**_texts("Only these."), "items": dict(ID)} for name in _OPTION_LISTS},
        **{name: {"type": ["string", "integer", "boolean"]} for name in _OPTION_TEXTS},
        "period": {"type": "string", "enum": ["day", "week", "month"]},
        "attribution_type": {"type": "string", "enum": ["click", "impression", "all"]},
        "attribution_source": {"type": "string", "enum": ["first", "dynamic"]},
        "reattributed": {"type": "string", "enum": ["true", "false", "all"]},
        "sandbox_data": {"type": "boolean"},
        "lookback_days": {"type": "integer", "minimum": 0, "maximum": MOST_DAYS},
        "start_date": {"type": "string"},
    },
}


# -- definitions -----------------------------------------------------------------------------


def definition(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a `kpi_reports` definition in the form of a `reports` definition."""
    endpoint = str(given.get("endpoint"))
    asked = [str(g) for g in given.get("grouping") or []]
    grain = next((TIMES[g] for g in asked if g in TIMES), Grain.DAY)
    grouping = asked if any(g in TIMES for g in asked) else ["day", *asked]
    if not any(ARRAYS.get(g) == "apps" for g in grouping):
        grouping = ["apps", *grouping]
    kpis = given.get("kpis")
    return {
        **{k: v for k, v in given.items() if k not in {"kpis", "grouping"}},
        "dimensions": columns_of(grouping, endpoint, given),
        "metrics": [*kpis, *event_kpis(given.get("event_kpis") or ())]
        if isinstance(kpis, list)
        else None,
        "grain": grain.value,
        "grouping": tuple(grouping),
    }


def columns_of(grouping: Sequence[str], endpoint: str, given: Mapping[str, Any]) -> list[str]:
    """Return the columns that a grouping's levels make, those that an endpoint implies with them."""
    arrays = [ARRAYS[g] for g in grouping if g in ARRAYS]
    if endpoint == "events" or (endpoint == "cohorts" and given.get("events")):
        arrays.append("events")
    if endpoint == "cohorts":
        arrays.append("periods")
    found = [c for a in dict.fromkeys(arrays) for c in LABELS[a].values()]
    return [c for c in found if c not in _NOT_COLUMNS]


def event_kpis(words: Sequence[str]) -> list[str]:
    """Return the value columns of `event_kpis`: `abc123_events|revenue` makes two."""
    return [f"{token}_{kpi}" for token, kpis in _split_events(words) for kpi in kpis]


def _split_events(words: Sequence[str]) -> list[tuple[str, list[str]]]:
    made = []
    for text in words:
        token, _, kpis = str(text).partition("_")
        made.append((token, kpis.split("|")))
    return made


def takes_one_app(report: KpiReport) -> bool:
    """Return whether the path of a report's endpoint holds one app only."""
    return report.endpoint == "skadnetwork" or report.tracker is not None


def finish(report: KpiReport) -> KpiReport:
    """Return a user's KPI report with the lookback that its endpoint, its KPIs and its levels demand."""
    is_cohort = report.endpoint == "cohorts"
    kpis = [_ANY_KPI] if is_cohort else [_kpi(report, m) for m in report.metrics]
    lookback, settle = fields.restated_days(kpis, report.dimensions)
    at_least = 0
    if report.endpoint == "skadnetwork":
        at_least = fields.SKAN_DAYS
    if is_cohort:
        unit = str(report.period or "day")[0]
        last = _last_period(str(report.cohort_period_filter or ""), unit)
        at_least = fields.Period(unit, last).maturity_days
    # The service's weeks may begin on another day than ours: each of ours is asked for alone, as a span.
    span = 7 if report.grain is Grain.WEEK else SPAN_DAYS
    return replace(
        report,
        lookback_days=max(lookback, at_least),
        settle_days=max(settle, at_least),
        span_days=span,
    )


def _last_period(wanted: str, unit: str) -> int:
    numbers = [int(n) for n in wanted.replace("-", ",").split(",") if n.strip().isdigit()]
    return max(numbers, default=fields.LAST_PERIOD[unit])


def definition_errors(report: KpiReport, settings: Mapping[str, Any]) -> list[str]:
    """Return the errors of a user's KPI report that need no network to be seen."""
    name = f"kpi report {report.name!r}"
    errors = [
        f"{name}: grouping {g!r} is not known{did_you_mean(g, ARRAYS)}"
        for g in report.grouping
        if g not in ARRAYS
    ]
    errors += fields.comma_errors(name, "KPI", report.metrics)
    arrays = [ARRAYS.get(g) for g in report.grouping]
    errors += [
        f"{name}: the grouping has the level {a!r} twice"
        for a in dict.fromkeys(arrays)
        if a is not None and arrays.count(a) > 1
    ]
    tokens = report.app_tokens or settings.get("app_tokens") or []
    if report.tracker and len(tokens) != 1:
        errors.append(f"{name}: a tracker belongs to one app; set `app_tokens` to it")
    if report.endpoint == "skadnetwork" and report.tracker:
        errors.append(f"{name}: the endpoint skadnetwork has no trackers")
    for event, kpis in _split_events(report.event_kpis or ()):
        if event == "all":
            errors.append(
                f"{name}: event_kpis: 'all_…' makes a column for each event there is; use the endpoint "
                "'events', which makes a row for each"
            )
        if not all(kpis):
            errors.append(f"{name}: event_kpis: {event!r}: `<event token>_<kpi>` is expected")
    if report.event_kpis and report.endpoint != "deliverables":
        errors.append(f"{name}: event_kpis belong to the endpoint deliverables")
    if (fault := attribution_error(report, settings)) is not None:
        errors.append(fault)
    return errors


def attribution_error(report: KpiReport, settings: Mapping[str, Any]) -> str | None:
    """Say that this service has no word for the attribution types asked for; None if it has."""
    choices = Choices(report, settings)
    if choices.kpi_attribution_type is not None:
        return None
    return (
        f"{report.name}: the KPI service counts click, impression or all, not {choices.attribution_types!r}; "
        "set `attribution_type` in the report, or change `attribution_types`"
    )


def field_schema(report: KpiReport, name: str, role: str) -> dict[str, Any]:
    """Return the schema of a label or a KPI.

    Args:
        report: The report.
        name: The label or KPI.
        role: `dimension` or `metric`.
    """
    if role == "dimension":
        kind = "integer" if name == "period" else "string"
        words = _DESCRIBED.get(name, f"{name.replace('_', ' ').capitalize()}.")
        return {"type": [kind, "null"], "description": f"Dimension. {words}"}
    kpi = _kpi(report, name)
    if kpi in _COUNTS or kpi in _MONEY:
        made: dict[str, Any] = {
            "type": ["integer" if kpi in _COUNTS else "number", "null"],
            "x-additivity": "distinct" if kpi in _COUNTS else "ratio",
            "description": f"KPI {name}.",
        }
        return made | ({"x-unit": "currency"} if kpi in _MONEY else {})
    found = fields.metric(f"{kpi}_d1") if report.endpoint == "cohorts" else None
    if found is None or found.kind != "cohort":
        found = fields.metric(kpi)
    return {**found.schema(), "description": f"KPI {name}."}


def coarsest(report: KpiReport) -> KpiReport:
    """Return a report grouped by app and time alone; the levels that an endpoint implies stay."""
    kept = tuple(g for g in report.grouping if ARRAYS.get(g) in {"apps", DATES})
    events = set(event_kpis(report.event_kpis or ()))
    metrics = report.metrics
    if events.issuperset(metrics):
        # Without a KPI of its own an answer would hold the service's default ones.
        metrics = (*metrics, _ANY_KPI)
    dimensions = tuple(
        d for d in columns_of(kept, report.endpoint, report.extras) if d != "app_token"
    )
    return replace(report, dimensions=dimensions, metrics=metrics, grouping=kept)


def not_added(report: KpiReport, name: str) -> str:
    """Return why a KPI's rows do not add up to the service's total; empty if they do."""
    kpi = _kpi(report, name)
    if kpi in _COUNTS or kpi in _MONEY:
        return (
            "distinct, which can't be added up"
            if kpi in _COUNTS
            else "ratio, which can't be added up"
        )
    if report.endpoint == "cohorts":
        return "a cohort's figures are computed anew for each grouping, rows miss the total by some per cent"
    return fields.metric(kpi).not_added


def _kpi(report: KpiReport, name: str) -> str:
    """Return the KPI behind a value column: `installs`, and of `abc123_events` the `events`."""
    kpi = name
    for token, kpis in _split_events(report.event_kpis or ()):
        kpi = name.removeprefix(f"{token}_") if name.removeprefix(f"{token}_") in kpis else kpi
    return kpi


def sunset_message(url: str) -> str:
    """Say that the service is gone, and which streams replace what was asked for."""
    path = url.partition("?")[0].removesuffix(".json")
    ending = next(e for e in _REPLACED_BY if path.endswith(e))
    return (
        "the KPI service was sunset by Adjust; use the Report Service instead, streams "
        f"{_REPLACED_BY[ending]}, or a report of your own in `reports`"
    )


@dataclass
class KpiService(Service):
    """Asks the KPI service."""

    _orders: dict[str, list[str]] = field(default_factory=dict)

    def fetch(self, job: WindowJob) -> Fetched:
        """Fetch a window."""
        choices = Choices(job.report, self.settings)
        wanted_events = self._orders.get(job.report.name) or list(
            KpiReport.of(job.report).event_kpis or ()
        )
        document = self._ask(job, choices, wanted_events)
        if (better := _in_order(wanted_events, document)) != wanted_events:
            # The values of several events come in the answer's own order of events, or in ours: asked
            # in that order, both are the same.
            self._orders[job.report.name] = wanted_events = better
            document = self._ask(job, choices, wanted_events)
        _check_days(job, document)
        rows = list(flatten(document, event_kpis(wanted_events), KpiReport.of(job.report).grouping))
        if (said := says_more(document, len(rows))) is not None:
            raise ResponseTooLarge(f"{job.what}: the answer says that there is more ({said})")
        return Fetched(
            tables=[lambda: Table(iter(rows))],
            context=RowContext(
                currency=RowLookup("currency"),
                bucket=None if job.report.grain is Grain.WEEK else "date",
                partition=("app_token", {p.key["app_token"]: p for p in job.partitions}),
                constants=choices.constants(),
                optional=frozenset({*job.report.dimensions, "currency"}),
                told="date" if job.report.grain is Grain.WEEK else None,
                ignored=frozenset({"date"}),
            ),
        )

    def _ask(
        self, job: WindowJob, choices: Choices, wanted_events: Sequence[str]
    ) -> Mapping[str, Any]:
        report = KpiReport.of(job.report)
        path = ",".join(p.key["app_token"] for p in job.partitions)
        if tracker := report.tracker:
            path += f"/trackers/{tracker}"
        response = self.http.send(
            Call(
                url=f"{self.url}/{path}{ENDPOINTS[report.endpoint]}",
                what=job.what,
                params=self._parameters(job, choices, wanted_events),
                splittable=job.can_split,
            ),
            job.stats,
        )
        with response.body:
            found = response.json() if response.body.size else {}
        if not isinstance(found, Mapping):
            msg = f"{job.what}: the answer is not an object"
            raise MalformedResponse(msg)
        return found

    @staticmethod
    def _parameters(
        job: WindowJob, choices: Choices, wanted_events: Sequence[str]
    ) -> Mapping[str, str | None]:
        report = KpiReport.of(job.report)
        extras = report.extras
        events = set(event_kpis(wanted_events))
        first, last = _days(job)
        made: dict[str, str | None] = {
            "start_date": first,
            "end_date": last,
            "kpis": ",".join(m for m in report.metrics if m not in events),
            "grouping": ",".join(
                g
                for g in report.grouping
                if report.grain is not Grain.WEEK or TIMES.get(g) is not Grain.WEEK
            ),
            "utc_offset": choices.utc_offset,
            "attribution_type": choices.kpi_attribution_type,
            "attribution_source": choices.get("attribution_source"),
            "reattributed": choices.get("reattributed"),
            "sandbox": word(choices.get("sandbox_data")),
            "period": report.period,
        }
        if wanted_events:
            made["event_kpis"] = ",".join(wanted_events)
        for name in _OPTION_LISTS:
            if extras.get(name):
                listed = ",".join(extras[name])
                made[name] = listed.lower() if name in _LOWER_CASE else listed
        for name in _OPTION_TEXTS:
            if extras.get(name) is not None:
                made[name] = word(extras[name])
        return made


def _check_days(job: WindowJob, document: Mapping[str, Any]) -> None:
    """Check that an answer is of the days that were asked for, if it says of which it is.

    Raises:
        MalformedResponse: If it is of others.
    """
    said = document.get("result_parameters")
    parameters = said if isinstance(said, Mapping) else {}
    first, last = _days(job)
    for name, wanted in (("start_date", first), ("end_date", last)):
        found = str(parameters.get(name) or wanted)[: len(wanted)]
        if found != wanted:
            raise MalformedResponse(f"{job.what}: asked {name} {wanted}, answered {name} {found}")


def _days(job: WindowJob) -> tuple[str, str]:
    """Return the first and the last day of a window."""
    last = (job.window.end - timedelta(microseconds=1)).date()
    return job.window.start.date().isoformat(), last.isoformat()


def _in_order(wanted_events: Sequence[str], document: Mapping[str, Any]) -> list[str]:
    """Return `event_kpis` in the order in which the answer lists their events."""
    listed = (document.get("result_parameters") or {}).get("events") or ()
    places = {str(event.get("token")): at for at, event in enumerate(listed)}
    return sorted(wanted_events, key=lambda w: places.get(w.partition("_")[0], len(places)))
