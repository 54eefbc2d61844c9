"""A Report Service query string, checked and made into a :class:`Query`.

Unknown settings are ignored, as live calls with undocumented ones succeeded; unknown dimensions,
metrics, operators and enum values are refused.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from adtap_sandbox.tables import table

from .facts import Lens
from .metrics import AD_REVENUE_SOURCES, SPEND_MODES, Catalogue, Metric
from .periods import TIME_DIMENSIONS, Calendar, date_range, hours_back, offset_minutes
from .replies import RefusedError, invalid, unauthorized
from .store import MAIN_ACCOUNT, SECOND_ACCOUNT, USD_MICROS, AdjustApp, AdjustStore

_TABLE: Final = table(__package__, "dimensions")
CELL_DIMENSIONS: Final = tuple(_TABLE["cells"])
UNRESOLVED: Final = frozenset(_TABLE["unresolved"])
"""Ids that a shadow row of the running day does not have yet."""
COMPANIONS: Final[dict[str, list[str]]] = _TABLE["companions"]
NEW_ATTRIBUTION_DEFAULT: Final = date(2026, 7, 13)
"""From this day on an omitted attribution filter means all types; before, click."""
TYPES: Final = ("click", "impression", "engaged_ad")
IAP_MODES: Final = {f"GROSS_{n}": n for n in (100, 95, 85, 80, 70, 65, 60, 50)}
_DIMENSION_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "contains": lambda have, want: want in have,
    "exclude": lambda have, want: want not in have,
    "starts_with": str.startswith,
    "not_starts_with": lambda have, want: not have.startswith(want),
    "ends_with": str.endswith,
    "not_ends_with": lambda have, want: not have.endswith(want),
}
_METRIC_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
_PSEUDO: Final = ("adjust_account_id", "channel_id", "tracker_token", "app_token")
_NOT_SERVED: Final = ("period_over_period", "drilldown", "focus", "timezone_id")

DimensionTest = Callable[[str | None], bool]
MetricTest = Callable[[float], bool]


@dataclass(frozen=True)
class Query:
    """A report to compute."""

    apps: tuple[AdjustApp, ...]  # the apps it covers, all of one account
    dimensions: tuple[str, ...]  # as asked for, time dimensions among them
    metrics: tuple[Metric, ...]  # as asked for
    calendar: Calendar  # its days and buckets
    lens: Lens  # its settings that change numbers
    tests: tuple[tuple[str, DimensionTest], ...] = ()  # filters on dimensions
    metric_tests: tuple[tuple[Metric, MetricTest], ...] = ()  # filters on metrics
    sort: tuple[tuple[str, bool], ...] = ()  # slug and whether descending
    limit: int | None = None  # most rows, None for all
    trackers: frozenset[str] | None = None  # link tokens asked for, None for all
    channels: frozenset[str] | None = None  # ids like `partner_34` asked for, None for all
    attr_dependency: bool = True  # whether rows carry it
    readable: bool = False  # column headers are display names
    index: tuple[str, ...] = ()  # nesting of a pivot
    shadows: bool = False  # today's rows with ids not yet resolved are there


Params = Mapping[str, str]


def words(params: Params, name: str) -> tuple[str, ...]:
    """A comma-joined list parameter; empty entries are dropped."""
    return tuple(dict.fromkeys(word for word in params.get(name, "").split(",") if word))


def choice(params: Params, name: str, allowed: tuple[str, ...], default: str) -> str:
    """An enum parameter; 400 when the value is none of the allowed."""
    value = params.get(name, default)
    if value not in allowed:
        raise invalid(f"Invalid value: {value} loc={name}")
    return value


def account_of(params: Params, header: str | None) -> str:
    """The account a request is about: header, query, or the user's first; 401 for no account of the user's."""
    account = params.get("adjust_account_id__in") or header or MAIN_ACCOUNT
    if account not in (MAIN_ACCOUNT, SECOND_ACCOUNT):
        raise unauthorized()
    return account


def apps_of(store: AdjustStore, params: Params, account: str) -> tuple[AdjustApp, ...]:
    """The apps a request covers; 400 when one is not the account's, 403 when it is forbidden."""
    owned, closed = store.apps_of(account), store.closed
    wanted = words(params, "app_token__in")
    if not wanted:
        return tuple(app for token, app in owned.items() if token not in closed)
    if any(token not in owned for token in wanted):
        raise invalid("Invalid app tokens")
    if closed.intersection(wanted):
        raise RefusedError(403, "request_error", "Permission denied for the requested apps")
    return tuple(owned[token] for token in wanted)


def parse(store: AdjustStore, params: Params, account_header: str | None) -> Query:
    """A query from its parameters; refused as Adjust would, with its text where one is known."""
    account = account_of(params, account_header)
    _check(params)
    apps = apps_of(store, params, account)
    dimensions = words(params, "dimensions")
    catalogue = store.catalogue(account)
    mode = choice(params, "ad_spend_mode", tuple(SPEND_MODES), "adjust")
    metrics = tuple(catalogue.metric(name, mode) for name in words(params, "metrics"))
    calendar = _calendar(store, params, dimensions)
    most = store.environment.switch("timeout_days")
    if 0 < most <= (calendar.last - calendar.first).days:
        raise RefusedError(504, "service_error", "Query took too long")
    tests, metric_tests = _filters(params, catalogue, mode)
    sort = tuple((word.removeprefix("-"), word.startswith("-")) for word in words(params, "sort"))
    for name, _ in sort:
        if name not in dimensions and all(metric.id != name for metric in metrics):
            raise invalid(f"Unsupported sort: {name} loc=sort")
    return Query(
        apps=apps,
        dimensions=dimensions,
        metrics=metrics,
        calendar=calendar,
        lens=_lens(store, params),
        tests=tests,
        metric_tests=metric_tests,
        sort=sort,
        limit=_limit(store, params),
        trackers=_some(params, "tracker_token__in"),
        channels=_some(params, "channel_id__in"),
        attr_dependency=_boolean(params, "include_attr_dependency", default=True),
        readable=_boolean(params, "readable_names", default=False),
        index=words(params, "index"),
        shadows=store.environment.switch("shadow_rows"),
    )


def _check(params: Params) -> None:
    """Refuse what is missing, what names no dimension, and what only the sandbox lacks."""
    for name in ("dimensions", "metrics", "date_period"):
        if not words(params, name):
            raise invalid(f"field required loc={name}")
    for name in _NOT_SERVED:
        if params.get(name):
            raise invalid(f"{name} is not served by the sandbox loc={name}")
    for name in words(params, "dimensions"):
        if name not in TIME_DIMENSIONS and name not in CELL_DIMENSIONS:
            raise invalid(f"Unsupported dimension: {name} loc=dimensions")


def _some(params: Params, name: str) -> frozenset[str] | None:
    found = words(params, name)
    return frozenset(found) if found else None


def _boolean(params: Params, name: str, *, default: bool) -> bool:
    return choice(params, name, ("true", "false"), "true" if default else "false") == "true"


def _limit(store: AdjustStore, params: Params) -> int | None:
    cap = store.environment.switch("max_rows")
    text = params.get("limit")
    if text is not None and not (text.isdigit() and int(text) > 0):
        raise invalid(f"Invalid limit: {text} loc=limit")
    return min([int(given) for given in (text, cap) if given], default=None)


def _calendar(store: AdjustStore, params: Params, dimensions: tuple[str, ...]) -> Calendar:
    now = store.environment.clock.now()
    offset = offset_minutes(params.get("utc_offset", "+00:00"))
    today = (now + timedelta(minutes=offset)).date()
    first, last = date_range(params["date_period"], today)
    between = params.get("hour__between")
    return Calendar(
        first=first,
        last=last,
        offset=offset,
        dimensions=tuple(name for name in dimensions if name in TIME_DIMENSIONS),
        now=now,
        iso=not _boolean(params, "format_dates", default=True),
        between=hours_back(between, now) if between else None,
    )


def attribution_types(params: Params, today: date) -> frozenset[str]:
    """The attribution types a request counts; 400 for an unknown one.

    ``attribution_types`` goes before the older ``attribution_type``; what an omitted filter means
    changed on 13 July 2026.
    """
    chosen = words(params, "attribution_types")
    if not chosen and "attribution_type" in params:
        old = choice(params, "attribution_type", ("click", "impression", "all"), "click")
        chosen = TYPES if old == "all" else (old,)
    if not chosen:
        chosen = TYPES if today >= NEW_ATTRIBUTION_DEFAULT else ("click",)
    for name in chosen:
        if name not in TYPES:
            raise invalid(f"Invalid value: {name} loc=attribution_types")
    return frozenset(chosen)


def _lens(store: AdjustStore, params: Params) -> Lens:
    today = store.environment.clock.now().date()
    currency = params.get("currency") or None
    if currency is not None and currency not in USD_MICROS:
        raise invalid(f"Unsupported currency: {currency} loc=currency")
    sources = _some(params, "ad_revenue_sources")
    if sources and not sources <= set(AD_REVENUE_SOURCES.values()):
        raise invalid("Invalid value loc=ad_revenue_sources")
    hides = store.environment.switch("hide_new_trackers")
    maturity = choice(params, "cohort_maturity", ("immature", "mature", "fully_mature"), "immature")
    return Lens(
        types=attribution_types(params, today),
        first_source=choice(params, "attribution_source", ("first", "dynamic"), "dynamic")
        == "first",
        reattributed=choice(params, "reattributed", ("all", "true", "false"), "all"),
        sandbox=_boolean(params, "sandbox", default=False),
        mature=maturity != "immature",
        iap_percent=IAP_MODES[choice(params, "iap_revenue_mode", tuple(IAP_MODES), "GROSS_100")],
        ad_sources=sources,
        currency=currency,
        hide_from=today - timedelta(days=30) if hides and not params.get("app_token__in") else None,
    )


Tests = tuple[tuple[str, DimensionTest], ...]
MetricTests = tuple[tuple[Metric, MetricTest], ...]


def _filters(params: Params, catalogue: Catalogue, mode: str) -> tuple[Tests, MetricTests]:
    tests: list[tuple[str, DimensionTest]] = []
    metric_tests: list[tuple[Metric, MetricTest]] = []
    for key, value in params.items():
        name, mark, word = key.removesuffix("__column").rpartition("__")
        if not mark or name in _PSEUDO or key == "hour__between":
            continue
        if name in CELL_DIMENSIONS or name in TIME_DIMENSIONS:
            tests.append((name, _dimension_test(key, word, value)))
        elif word in _METRIC_OPERATORS:
            metric_tests.append((catalogue.metric(name, mode), _metric_test(key, word, value)))
        else:
            raise invalid(f"Unsupported filter: {key} loc={key}")
    if os_names := _some(params, "os_names"):
        tests.append(("os_name", lambda have: have in os_names))
    return tuple(tests), tuple(metric_tests)


def _dimension_test(key: str, word: str, value: str) -> DimensionTest:
    if word in ("in", "not_in"):
        wanted = set(value.split(","))
        positive = word == "in"
        return lambda have: ((have or "") in wanted or have == value) is positive
    if word not in _DIMENSION_OPERATORS:
        raise invalid(f"Unsupported filter: {key} loc={key}")
    compare, folded = _DIMENSION_OPERATORS[word], value.casefold()
    return lambda have: compare((have or "").casefold(), folded)


def _metric_test(key: str, word: str, value: str) -> MetricTest:
    try:
        number = float(value)
    except ValueError:
        raise invalid(f"Invalid value: {value} loc={key}") from None
    compare = _METRIC_OPERATORS[word]
    return lambda have: compare(have, number)
