"""The staging models of `transform/`, made from the taps' declarations, so that they can't drift from the tables.

    models/staging/<platform>/   a view for each report and main entity, with sources and descriptions
    models/intermediate/         reports of `PERFORMANCE` in the mart's words
    macros/generated/            what the hand-written models need to know of streams

What is written by hand in `transform/` (the mart, its tests, macros) stands on these names.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from adtap_cli.closing import closing_hours
from adtap_cli.generated_files import HEADER
from adtap_cli.performance import LABELS, MEASURES, MONEY, PERFORMANCE, Performance, Serves
from adtap_cli.taps import TAPS, tap_class
from adtap_core.declare import Entity, Report
from adtap_core.rows.schemas import (
    DAYS,
    DAYS_SCHEMA,
    EXTRA,
    LEDGER,
    LEDGER_SCHEMA,
    exact,
    report_schema,
    stream_file,
)
from adtap_core.tap import AdTap

FOLDER: Final = Path("transform")
ONLY_GENERATED: Final = (
    "transform/models/staging/**/*",
    "transform/models/intermediate/*",
    "transform/macros/generated/*",
)
ENTITIES: Final = {
    "tap-atomx": (
        "networks", "advertisers", "campaigns", "creatives", "publishers", "sites", "placements",
        "countries",
    ),
    "tap-adjust": ("apps", "events", "partners", "channels", "networks", "countries"),
    "tap-terminalone": (
        "organizations", "agencies", "advertisers", "campaigns", "budget_flights", "strategies",
        "concepts", "atomic_creatives", "deals",
    ),
    "tap-openx": (
        "accounts", "sites", "ad_units", "orders", "line_items", "ads", "deals",
    ),
}  # fmt: skip
"""The main entities: what reports' rows are about, and what holds budgets."""
_INDENT: Final = "  "
_SQL_HEADER: Final = f"-- {HEADER}"
_YML_HEADER: Final = f"# {HEADER}"


@dataclass(frozen=True)
class Column:
    """A column of a staging model.

    Args:
        name: As the loaders call it.
        kind: `text`, `bigint`, `decimal`, `boolean`, `date`, `moment` or `json`; a macro spells it for
            each warehouse.
        description: What it says.
        additivity: Of a metric.
        money: Whether it is an amount of money.
        null: Whether it may be null.
    """

    name: str
    kind: str
    description: str
    additivity: str = ""
    money: bool = False
    null: bool = True


def column(name: str, schema: Mapping[str, Any]) -> Column:
    """Return a column from its JSON schema."""
    types = schema.get("type", [])
    names = {types} if isinstance(types, str) else set(types)
    return Column(
        name,
        _kind(names - {"null"}, schema.get("format")),
        " ".join(str(schema.get("description", "")).split()),
        additivity=str(schema.get("x-additivity", "")),
        money=schema.get("x-unit") == "currency",
        null="null" in names,
    )


def _kind(types: set[str], form: object) -> str:
    if not types or types & {"object", "array"}:
        return "json"
    if form == "x-singer.decimal" or "number" in types:
        return "decimal"
    if types == {"string"}:
        return {"date": "date", "date-time": "moment"}.get(str(form), "text")
    return {"integer": "bigint", "boolean": "boolean"}.get(next(iter(types)), "text")


@dataclass(frozen=True)
class Model:
    """A staging model.

    Args:
        tap: Whose.
        stream: The stream.
        description: What its rows are.
        columns: Its columns, in the order of the schema.
        keys: Its primary key.
        bucket: A report's time bucket; empty for other streams.
        selected: Whether the tap reads it when nobody chose streams.
    """

    tap: str
    stream: str
    description: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    bucket: str = ""
    selected: bool = True

    @property
    def name(self) -> str:
        """The model's name: `stg_openx__sites`."""
        return f"stg_{self.tap.removeprefix('tap-')}__{self.stream}"

    def sql(self) -> str:
        """Return the model's file."""
        macro = "report_rows" if self.bucket else "stream_rows"
        bucket = f", bucket='{self.bucket}'" if self.bucket else ""
        # The source is named here and not in the macro: dbt finds what a model stands on by reading it.
        lines = [
            _SQL_HEADER,
            f"{{{{ adtaps.{macro}(source('{self.source}', '{self.stream}'){self._ledger()}{bucket}, columns=[",
            *(f"{_INDENT}['{c.name}', '{c.kind}']," for c in self.columns),
            "]) }}",
        ]
        return "\n".join(lines) + "\n"

    def _ledger(self) -> str:
        return f", source('{self.source}', '{LEDGER}')" if self.bucket else ""

    @property
    def source(self) -> str:
        """The dbt source that its table belongs to."""
        return self.tap.replace("-", "_")

    def yml(self) -> Iterator[str]:
        """Return the lines that describe it and say what is tested."""
        yield f"{_INDENT}- name: {self.name}"
        yield f"    description: {_quoted(self.description)}"
        yield "    data_tests:"
        # One test for all that a report's rows must be: a test each would be 300 queries on every build.
        if self.bucket:
            yield f"      - adtaps.sound_report: {{arguments: {{bucket: {self.bucket}}}}}"
        else:
            yield f"      - adtaps.unique_key: {{arguments: {{columns: [{', '.join(self.keys)}]}}}}"
        yield "    columns:"
        for one in self.columns:
            yield f"      - name: {one.name}"
            if one.description:
                yield f"        description: {_quoted(one.description)}"


def _quoted(text: str) -> str:
    # A description is a template to dbt: braces of its language would be run.
    return json.dumps(text.replace("{{", "{ {").replace("{%", "{ %"), ensure_ascii=False)


@lru_cache
def models(tap: str) -> tuple[Model, ...]:
    """Return a tap's staging models: its reports, main entities, ledger and record of restatements."""
    cls = tap_class(tap)
    entities = {entity.name: entity for entity in cls.entities}
    return (
        *(_report(tap, cls, report) for report in cls.reports),
        *(_entity(tap, cls, entities[name]) for name in ENTITIES[tap]),
        _of_schema(
            tap, LEDGER, LEDGER_SCHEMA,
            "The ledger: one row for each window of days that was read, of each report and account.",
            keys=("stream", "account", "window_start", "window_end"),
        ),
        _of_schema(
            tap, DAYS, DAYS_SCHEMA,
            "What each bucket held at each reading; empty unless the stream sync_days is selected.",
            keys=("stream", "account", "bucket", "synced_at"), selected=False,
        ),
    )  # fmt: skip


def _report(tap: str, cls: type[AdTap], report: Report) -> Model:
    schema = report_schema(report, cls.platform_class, {})
    return _of_schema(
        tap, report.name, schema,
        f"Report rows that the platform still returns, one for each {', '.join(schema['x-grain'])}. "
        f"{cls.__name__}, stream {report.name}.",
        keys=("_row_key",), bucket=report.grain.value, selected=report.selected,
    )  # fmt: skip


def _entity(tap: str, cls: type[AdTap], entity: Entity) -> Model:
    schema = stream_file(cls.package, entity.name) or {}
    # Personal fields stay on the raw table, where whoever selected them can read them.
    kept = {n: exact(p, "") for n, p in schema["properties"].items() if not p.get("x-pii")}
    return _of_schema(
        tap, entity.name, {"properties": kept},
        f"One row for each of the platform's {entity.name.replace('_', ' ')}. {cls.__name__}, stream {entity.name}.",
        keys=entity.keys, selected=entity.selected,
    )  # fmt: skip


def _of_schema(
    tap: str, stream: str, schema: Mapping[str, Any], description: str, *,
    keys: tuple[str, ...], bucket: str = "", selected: bool = True,
) -> Model:  # fmt: skip
    columns = tuple(column(n, p) for n, p in schema["properties"].items() if n != EXTRA)
    return Model(tap, stream, description, columns, keys, bucket, selected)


# -- files -----------------------------------------------------------------------------------


def sources_yml(tap: str) -> str:
    """Return the file of a tap's sources."""
    name = tap.replace("-", "_")
    platform = tap.removeprefix("tap-")
    lines = [
        _YML_HEADER,
        "version: 2",
        "sources:",
        f"  - name: {name}",
        f'    description: "Tables that a loader writes from {tap}."',
        f"    schema: \"{{{{ var('adtap_{platform}_schema', '{name}') }}}}\"",
        "    config:",
        f"      enabled: \"{{{{ var('adtap_{platform}', true) }}}}\"",
        "    tables:",
    ]
    for model in models(tap):
        lines += [
            f"      - name: {model.stream}",
            f"        description: {_quoted(f'Raw table; read {model.name}.')}",
        ]
    return "\n".join(lines) + "\n"


def models_yml(tap: str) -> str:
    """Return the file that describes a tap's models and says how they are tested."""
    lines = [_YML_HEADER, "version: 2", "models:"]
    for model in models(tap):
        lines += model.yml()
    return "\n".join(lines) + "\n"


def performance_sql(entry: Performance) -> str:
    """Return the model that says a report in the mart's words."""
    found = {m.stream: m for m in models(entry.tap)}[entry.report]
    kinds = {c.name: c.kind for c in found.columns}
    lines = [
        _SQL_HEADER,
        "select",
        f"  cast('{entry.platform}' as {{{{ adtaps.type('text') }}}}) as platform,",
        f"  cast('{entry.role}' as {{{{ adtaps.type('text') }}}}) as role,",
        f"  cast('{entry.report}' as {{{{ adtaps.type('text') }}}}) as report,",
        f"  cast('{entry.account_kind}' as {{{{ adtaps.type('text') }}}}) as account_kind,",
        "  _account,",
        *(_cast(entry, label, "text") for label in LABELS),
        "  day,",
        "  _time_zone as time_zone,",
        "  _currency as currency,",
        "  _data_state as data_state,",
        *(_cast(entry, name, _measure_kind(name)) for name in MEASURES),
        "  _synced_at as synced_at",
        f"from {{{{ ref('{found.name}') }}}}",
    ]
    missing = [c for c in entry.columns.values() if c and c not in kinds]
    if missing:
        msg = f"{entry.tap}.{entry.report} has no column {', '.join(missing)}"
        raise LookupError(msg)
    return "\n".join(lines) + "\n"


def _measure_kind(name: str) -> str:
    # TerminalOne credits fractions of a conversion.
    return "decimal" if name in {*MONEY, "conversions"} else "bigint"


def _cast(entry: Performance, name: str, kind: str) -> str:
    found = entry.columns.get(name) or "null"
    return f"  cast({found} as {{{{ adtaps.type('{kind}') }}}}) as {name},"


_MEANS: Final = {
    "platform": "The platform: atomx, adjust, terminalone or openx.",
    "role": "Side of the trade: buy, sell or measure. Numbers of two roles are never added together.",
    "report": "The report stream that the numbers are from.",
    "account_kind": "What an account is on this platform: advertiser, publisher, app, account or platform.",
    "_account": "The account-like unit that was read, as JSON text, as in the ledger.",
    "account_id": "The platform's id of the account.",
    "channel": "The network or partner that a tracker names; null elsewhere.",
    "campaign_id": "The platform's id of the campaign; null where a report has none.",
    "campaign_name": "The campaign's name where the report itself says it; else see ad_names.",
    "ad_group_id": "The platform's id of the strategy or ad group.",
    "ad_group_name": "Its name where the report itself says it.",
    "ad_id": "The platform's id of the creative.",
    "ad_name": "Its name where the report itself says it.",
    "site_id": "The platform's id of the site; of OpenX's current API the page's domain.",
    "site_name": "Its name where the report itself says it.",
    "country": "The country as the platform writes it: an id, a code or a name.",
    "day": "Day in `time_zone`.",
    "time_zone": "Time zone that the day is in; days of two zones are not the same 24 hours.",
    "currency": "Currency of the money, ISO 4217; null if the platform does not say. Never add two.",
    "data_state": "partial, provisional or settled: how final the row was when it was read.",
    "impressions": "Impressions.",
    "clicks": "Clicks.",
    "conversions": "Conversions as the platform credits them, fractions included.",
    "installs": "Installs, of a tracker.",
    "spend": "What advertisers spend (buy); cost as networks report it (measure).",
    "revenue": "What publishers earn (sell); revenue inside the apps (measure).",
    "conversion_value": "What conversions were worth to the advertiser (buy).",
    "synced_at": "When it was read.",
}


def intermediate_yml() -> str:
    """Return the file that describes the models of `PERFORMANCE`."""
    lines = [_YML_HEADER, "version: 2", "models:"]
    for entry in PERFORMANCE:
        used = ", ".join(sorted(entry.serves))
        lines += [
            f"  - name: {entry.model}",
            f"    description: {_quoted(f'{entry.report} of {entry.platform} in the words of the mart. Used for: {used}.')}",
            "    config:",
            f"      enabled: \"{{{{ var('adtap_{entry.platform}', true) }}}}\"",
            "    columns:",
        ]
        for name, description in _MEANS.items():
            lines += [f"      - name: {name}", f"        description: {_quoted(description)}"]
    return "\n".join(lines) + "\n"


def streams_macro() -> str:
    """Return the macro that tells the hand-written models what streams there are."""
    lines = [f"{{#- {HEADER} -#}}", "{% macro streams() %}{{ return({"]
    for tap in TAPS:
        cls = tap_class(tap)
        reports = {report.name: report for report in cls.reports}
        lines.append(f"  '{tap.removeprefix('tap-')}': {{")
        for model in models(tap):
            facts: dict[str, Any] = {"selected": model.selected, "bucket": model.bucket or None}
            if model.bucket:
                facts["closing_hours"] = closing_hours(cls, reports[model.stream])
                sums = [c for c in model.columns if c.additivity == "additive"]
                facts["counts"] = [c.name for c in sums if not c.money]
                facts["money"] = [c.name for c in sums if c.money]
            lines.append(f"    '{model.stream}': {_jinja(facts)},")
        lines.append("  },")
    lines += ["}) }}{% endmacro %}", "", "{% macro performance() %}{{ return(["]
    for entry in PERFORMANCE:
        made = {
            "platform": entry.platform,
            "role": entry.role.value,
            "report": entry.report,
            "model": entry.model,
            "serves": sorted(s.value for s in entry.serves),
        }
        lines.append(f"  {_jinja(made)},")
    levels = _jinja([s.value for s in Serves])
    lines += [
        "]) }}{% endmacro %}",
        "",
        f"{{% macro levels() %}}{{{{ return({levels}) }}}}{{% endmacro %}}",
    ]
    return "\n".join(lines) + "\n"


def _jinja(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return a value as a template writes it: JSON but for its words."""
    return json.dumps(value).replace("null", "none")


def files() -> dict[Path, str]:
    """Return every file and its text, by its path in the repository."""
    made: dict[Path, str] = {
        FOLDER / "macros/generated/streams.sql": streams_macro(),
        FOLDER / "models/intermediate/intermediate.yml": intermediate_yml(),
    }
    for tap in TAPS:
        platform = tap.removeprefix("tap-")
        folder = FOLDER / "models/staging" / platform
        made[folder / f"{platform}_sources.yml"] = sources_yml(tap)
        made[folder / f"{platform}_models.yml"] = models_yml(tap)
        for model in models(tap):
            made[folder / f"{model.name}.sql"] = model.sql()
    for entry in PERFORMANCE:
        made[FOLDER / "models/intermediate" / f"{entry.model}.sql"] = performance_sql(entry)
    return made
