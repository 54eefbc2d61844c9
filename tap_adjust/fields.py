"""What the tap knows of Adjust's fields: dimensions by name, metrics by name or by grammar.

A metric is one of
├── plain       `installs`, `network_cost`: listed in `metrics.json`
├── cohort      `{stem}_{period}`, periods `d0`…`d120`, `w0`…`w52`, `m0`…`m36`
├── event       `{slug}_events`, `{slug}_{period}_revenue_cohort`; slugs may hold spaces
├── average     `mavg_…`, a moving average of another one
└── unknown     whatever else the live lists may know: an exact decimal

Source: Adjust's metric list and metrics glossary, read 2026-11-20.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

LAST_PERIOD: Final[Mapping[str, int]] = {"d": 120, "w": 52, "m": 36}
PERIOD_DAYS: Final[Mapping[str, int]] = {"d": 1, "w": 7, "m": 30}
PERIOD_NAMES: Final[Mapping[str, str]] = {"d": "day", "w": "week", "m": "month"}
SLACK_DAYS: Final = 2
"""Days after a cohort's last period that are read once more, for late events. Our choice."""
SPEND_DAYS: Final = 14
"""Network spend is pulled again for the last 14 days, every day; "Network FAQs", read 2026-11-20."""
SKAN_DAYS: Final = 45
"""The third postback's window closes on day 35; then its random delay. Inferred."""
CAMPAIGN_DAYS: Final = 30
"""With `dynamic` attribution, activity still moves between campaigns for weeks. Our choice."""
TO_DATE_LOOKBACK_DAYS: Final = 33
TO_DATE_SETTLE_DAYS: Final = PERIOD_DAYS["m"] * (LAST_PERIOD["m"] + 1) + SLACK_DAYS
"""Revenue to date of the users installed on a day has no last period but the grammar's own, M36."""
PSEUDO_SLUGS: Final = frozenset({"general revenue", "iap_revenue", "skad_general"})
"""Events that no list names: the totals of SKAdNetwork."""
ALL_ATTRIBUTION_TYPES: Final = ("click", "impression", "engaged_ad")

DIMENSIONS: Final[Mapping[str, str]] = {
    "quarter": "Quarter, e.g. `Q2 2024`.",
    "year": "Year.",
    "app": "App name; it can be renamed, the token can't.",
    "app_token": "App token. Joins apps.id.",
    "store_id": "Store's id of the app: package name, iTunes id, or `web_` and the app token for web spend.",
    "store_type": "Store, e.g. `google_play`, `itunes`.",
    "app_network": "`store_type:store_id` of the app.",
    "currency": "Name of the app's reporting currency.",
    "currency_code": "The app's reporting currency, ISO 4217.",
    "network": "Link level 1, e.g. `Organic`.",
    "campaign": "Link level 2, usually `name (id)`.",
    "adgroup": "Link level 3, usually `name (id)`.",
    "creative": "Link level 4, usually `name (id)`.",
    "campaign_network": "Campaign name as the ad network reports it.",
    "campaign_id_network": "Campaign id at the ad network.",
    "adgroup_network": "Ad group name as the ad network reports it.",
    "adgroup_id_network": "Ad group id at the ad network.",
    "source_network": "Publisher app or site, as the ad network reports it.",
    "source_id_network": "Publisher app's or site's id at the ad network.",
    "creative_network": "Ad name as the ad network reports it.",
    "creative_id_network": "Ad id at the ad network.",
    "ad_account_id": "Ad account at the network.",
    "country": "Country, English name.",
    "country_code": "Country, ISO 3166 alpha-2. Joins countries.id.",
    "region": "Business region, e.g. `APAC`.",
    "partner_name": "Partner's display name.",
    "partner_id": "Partner's id. Joins partners.id; organic is `-300`.",
    "partner": "Partner's slug.",
    "channel": "Partner merged with network, never unknown.",
    "os_name": "Operating system.",
    "platform": "Platform.",
    "device_type": "Device type.",
}
_BELOW_NETWORKS: Final = re.compile(r"(campaign|adgroup|creative|source|tracker|ad_account)(_\w+)?")
"""Dimensions below a network, of both services: a campaign and what is in it, or its account."""
_PERIOD: Final = re.compile(r"(?P<stem>.+)_(?P<unit>[dwm])(?P<number>\d{1,3})")
_TRANSITION: Final = re.compile(r"subscription_[a-z_]+_to_[a-z_]+_rate")
_AVERAGE: Final = "mavg_"
_OF_POSTBACKS: Final = re.compile(r"_(min|max|est)$|_ska[dn]_")
"""What an event's metric is called that SKAdNetwork's postbacks make: `x_events_est`, `x_skan_ecpa`."""
_NETWORK_SIDE: Final = "network"
"""The section of what networks report themselves: attribution moves nothing of it."""
_PERIOD_MARK: Final = "{cohort_period}"
_WORDS: Final[Mapping[str, str]] = {
    "int": "Count",
    "money": "Money",
    "money+": "Money",
    "dec": "Decimal",
    "ratio": "Fraction (0.4 is 40 %)",
    "sec": "Seconds",
}


@dataclass(frozen=True)
class Period:
    """A cohort period: the days, weeks or months of a user's life that a metric looks at."""

    unit: str
    number: int

    @property
    def text(self) -> str:
        """Return it as the service spells it: `d7`."""
        return f"{self.unit}{self.number}"

    @property
    def maturity_days(self) -> int:
        """Return the days after an install day's end until its last user has lived the period, and slack."""
        return PERIOD_DAYS[self.unit] * (self.number + 1) + SLACK_DAYS


@dataclass(frozen=True)
class Metric:
    """What is known of a metric.

    Args:
        name: As the service spells it.
        kind: `plain`, `cohort`, `event`, `average` or `unknown`.
        format: `int`, `money`, `money+`, `dec`, `ratio` or `sec`.
        additivity: `additive`, `ratio` or `distinct`.
        description: For the schema.
        section: The list's section.
        period: Of a cohort.
        slug: Of an event.
        to_date: Whether it looks at all that a day's users did until today.
    """

    name: str
    kind: str
    format: str = "dec"
    additivity: str = "ratio"
    description: str = ""
    section: str = ""
    period: Period | None = None
    slug: str = ""
    to_date: bool = False

    @property
    def not_added(self) -> str:
        """Return why rows do not add up to the service's total; empty if they do.

        Cohort figures are computed for each grouping: their rows were seen to miss the total by a few
        per cent. So were assists, which count an install once for each that assisted.
        """
        if self.additivity != "additive":
            return f"{self.additivity}, which can't be added up"
        if self.period is not None or self.to_date:
            return "a cohort's figures are computed anew for each grouping, rows miss the total by some per cent"
        if self.section == "assists":
            return "an install counts once for each that assisted"
        if self.kind not in {"plain", "event"}:
            return "whether it adds up is not known"
        return ""

    @property
    def sums_exactly(self) -> bool:
        """Check whether rows must add up to the service's total."""
        return not self.not_added

    def schema(self) -> dict[str, Any]:
        """Return the column's schema."""
        prop: dict[str, Any] = {
            "type": ["integer" if self.format == "int" else "number", "null"],
            "x-additivity": self.additivity,
            "description": self.description,
        }
        if self.format.startswith("money"):
            prop["x-unit"] = "currency"
        if self.format == "sec":
            prop["x-unit"] = "seconds"
        return prop


@lru_cache(maxsize=1)
def _data() -> dict[str, dict[str, dict[str, Any]]]:
    text = (resources.files("tap_adjust") / "metrics.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    return found


@lru_cache(maxsize=1)
def _event_patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    made = []
    for suffix in sorted(_data()["event"], key=len, reverse=True):
        entry = _data()["event"][suffix]
        spelt = re.escape(suffix).replace(
            re.escape(_PERIOD_MARK), r"(?P<unit>[dwm])(?P<number>\d{1,3})"
        )
        made.append((re.compile(rf"(?P<slug>.+)_{spelt}"), entry))
    return made


def _period(unit: str, number: str) -> Period | None:
    return Period(unit, int(number)) if int(number) <= LAST_PERIOD[unit] else None


def plain_metrics() -> Collection[str]:
    """Return the names of all plain metrics."""
    return _data()["plain"].keys()


def cohort_stems() -> Collection[str]:
    """Return the stems of the cohort metrics."""
    return _data()["cohort"].keys()


@lru_cache(maxsize=8192)
def metric(name: str) -> Metric:
    """Return what is known of a metric, by its name or by the grammar; `unknown` if nothing is."""
    if (entry := _data()["plain"].get(name)) is not None:
        return _plain(name, entry)
    if (found := _cohort(name)) is not None:
        return found
    if name.startswith(_AVERAGE):
        return Metric(name, "average", description="Metric. Moving average; not to be added up.")
    for reading in event_readings(name):
        return reading
    return Metric(
        name,
        "unknown",
        description="Metric. Not in the tap's list of metrics; add it up only if you know that you may.",
    )


def _plain(name: str, entry: Mapping[str, Any]) -> Metric:
    description = f"Metric. {_WORDS[entry['format']]}: {entry['title'] or name}."
    if "formula" in entry:
        description += f" {entry['formula']}."
    description += f" Updated {entry['updated']}."
    if entry.get("to_date"):
        description += " To date: it changes as long as the users of that day are active."
    return Metric(
        name,
        "plain",
        entry["format"],
        entry["additivity"],
        description,
        entry["section"],
        to_date=bool(entry.get("to_date")),
    )


def _cohort(name: str) -> Metric | None:
    match = _PERIOD.fullmatch(name)
    if match is None or (period := _period(match["unit"], match["number"])) is None:
        return None
    entry = _data()["cohort"].get(match["stem"])
    if entry is None:
        if not _TRANSITION.fullmatch(match["stem"]):
            return None
        entry = {"format": "ratio", "additivity": "ratio", "family": "subscription"}
    description = f"Metric. {_WORDS[entry['format']]}: {match['stem'].replace('_', ' ')}, {_period_words(period, entry)}."
    if "formula" in entry:
        description += f" {entry['formula']}."
    return Metric(
        name, "cohort", entry["format"], entry["additivity"], description, entry["family"], period
    )


def _period_words(period: Period, entry: Mapping[str, Any]) -> str:
    unit = PERIOD_NAMES[period.unit]
    upto = "up to and with" if entry.get("cumulative") else "in"
    return f"{upto} {unit} {period.number} of the users who installed that day"


def event_readings(name: str) -> Iterator[Metric]:
    """Yield the ways to read a name as an event's metric, the longest suffix first.

    `first order_m0_events_cohort` can be the event `first order`; only the live list of events can say
    whether `a_b_events` belongs to `a_b`.
    """
    for pattern, entry in _event_patterns():
        match = pattern.fullmatch(name)
        if match is None:
            continue
        groups = match.groupdict()
        period = _period(groups["unit"], groups["number"]) if groups.get("unit") else None
        if groups.get("unit") and period is None:
            continue
        slug = match["slug"]
        tail = name[len(slug) + 1 :].replace("_", " ")
        description = f"Metric. {_WORDS[entry['format']]}: {tail} of the event {slug!r}."
        if "formula" in entry:
            description += f" {entry['formula'].replace('{event_slug}', slug)}."
        yield Metric(
            name, "event", entry["format"], entry["additivity"], description, "event", period, slug
        )


def wrong_period(name: str) -> str | None:
    """Return the right spelling of a cohort metric whose period is written `7d`; None if it is not."""
    match = re.fullmatch(r"(.+)_(\d{1,3})([dwmDWM])", name) or re.fullmatch(
        r"(.+)_([DWM])(\d{1,3})", name
    )
    if match is None or metric(name).kind != "unknown":
        return None
    stem, one, two = match.groups()
    unit, number = (two, one) if one.isdigit() else (one, two)
    right = f"{stem}_{unit.lower()}{int(number)}"
    return right if metric(right).kind != "unknown" else None


def near_names(name: str) -> list[str]:
    """Return the known names that a wrong one may have meant: same period, if it has one."""
    match = _PERIOD.fullmatch(name)
    near = [*plain_metrics()]
    if match is not None:
        number = min(int(match["number"]), LAST_PERIOD[match["unit"]])
        near += [f"{stem}_{match['unit']}{number}" for stem in cohort_stems()]
    return near


def base_of(name: str) -> str:
    """Return the metric that a moving average is of; any other metric, and the average of an unknown one, is itself.

    What stands between `mavg_` and the name, the window above all, is documented nowhere.

    >>> base_of("mavg_upper_7_95_roas_d30")
    'roas_d30'
    """
    if not name.startswith(_AVERAGE):
        return name
    words = name.split("_")
    ends = ["_".join(words[at:]) for at in range(2, len(words))]
    for kinds in ({"plain", "cohort"}, {"event"}):
        for end in ends:
            if metric(end).kind in kinds:
                return end
    return name


def restated_days(metrics: Iterable[str], dimensions: Iterable[str] = ()) -> tuple[int, int]:
    """Return for how many days a report's figures move: the lookback, and when they are final.

    Spend is pulled for 14 days, attributed activity moves between campaigns for 30, a cohort grows until its last
    period is over, SKAdNetwork's postbacks come for 45 days.

    Args:
        metrics: As the service spells them.
        dimensions: What the report is cut by; none: its figures can't move between campaigns.
    """
    lookback = settle = SPEND_DAYS
    by_campaign = any(_BELOW_NETWORKS.fullmatch(d) for d in dimensions)
    for name in (base_of(m) for m in metrics):
        known = metric(name)
        own = known.section == _NETWORK_SIDE and not name.endswith("_diff")
        if by_campaign and not own:
            lookback, settle = max(lookback, CAMPAIGN_DAYS), max(settle, CAMPAIGN_DAYS)
        if known.period is not None:
            days = known.period.maturity_days
            lookback, settle = max(lookback, days), max(settle, days)
        elif known.to_date:
            lookback = max(lookback, TO_DATE_LOOKBACK_DAYS)
            settle = max(settle, TO_DATE_SETTLE_DAYS)
        elif known.section == "skan" or _OF_POSTBACKS.search(name):
            lookback, settle = max(lookback, SKAN_DAYS), max(settle, SKAN_DAYS)
    return lookback, settle


def comma_errors(where: str, what: str, names: Iterable[str]) -> list[str]:
    """Return one line for each name that holds a comma: lists of names are joined by them.

    Args:
        where: The report, in a user's words.
        what: What the names are.
        names: As the definition spells them.
    """
    return [
        f"{where}: {what} {name!r} holds a comma and can't be asked for: the API takes lists joined by commas; leave "
        "it out, or rename the event at Adjust"
        for name in names
        if "," in name
    ]
