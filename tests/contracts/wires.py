"""Each way in which a report's rows come over the wire, with a server that sends the rows that a test writes.

A test says what a row holds beside its bucket and its account; the wire spells it. Where the tap asks for something
first (a login, lists, what fields there are) the server answers as the platform does.
"""

import csv
import importlib
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from adtap_core.testing import Messages, run_tap, select
from tests.canned import Asked, Canned, Text
from tests.running import without

DAY: Final = "2026-03-16"
STREAM: Final = "mine"
_APP: Final = "aaaabbbbcccc"
_BEARER: Final = {"access_token": "canary-access-token", "expires_in": 3600, "token_type": "Bearer"}


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One transport of one generation of one platform.

    Args:
        module: Package of the tap.
        class_name: Its class.
        settings: Its settings, without those that hold an address.
        urls: Settings that hold an address, with the path below the server's own.
        report: The definition of the stream `mine`, without its name; its grain is the day.
        asks: Regular expression of the path of the request for data.
        route: Gives the answers to all other requests.
        write: Spells an answer: its rows, and what it says beside them.
        fixed: What each row holds besides what a test says: bucket, account and the like.
        dimension: The platform's name of a dimension of text.
        count: Of a metric of whole numbers.
        money: Of a metric of decimals.
        says: Whether answers can say something beside their rows.
        objects: Whether rows are JSON objects.
    """

    module: str
    class_name: str
    settings: Mapping[str, Any]
    urls: Mapping[str, str]
    report: Mapping[str, Any]
    asks: str
    route: Callable[[Asked], object]
    write: Callable[[Iterable[Mapping[str, Any]], Mapping[str, Any]], Text]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    dimension: str
    count: str
    money: str
    says: bool = False
    objects: bool = False

    def row(
        self, dimension: object = "de", count: object = 1, money: object = "2.5", **more: Any
    ) -> dict[str, Any]:
        """Return a row by the platform's names."""
        named = {self.dimension: dimension, self.count: count, self.money: money}
        return {**self.fixed, **named, **more}

    def run(
        self,
        answer: Callable[[Asked], object],
        *,
        written: Callable[[Messages], None] = lambda _: None,
        select_all: Iterable[str] = (STREAM,),
        deselected: Iterable[str] = (),
        **more: Any,
    ) -> Messages:
        """Run the tap over one day.

        Args:
            answer: Gives the answer to a request for data.
            written: Takes what was written, however the run ends.
            select_all: The streams to read.
            deselected: Columns of the report that the catalog leaves out.
            more: Settings.
        """

        def answers(asked: Asked) -> object:
            return answer(asked) if re.search(self.asks, asked.path) else self.route(asked)

        tap = getattr(importlib.import_module(f"{self.module}.tap"), self.class_name)
        with (
            Canned(answers) as server,
            patch.dict(os.environ, {"ADTAPS_NOW": "2026-03-18T12:00:00Z"}),
        ):
            config = {
                **self.settings,
                **{name: f"{server.url}{path}" for name, path in self.urls.items()},
                "start_date": DAY,
                "end_date": "2026-03-17",
                "max_retries": 1,
                **more,
            }
            name = "kpi_reports" if "kpis" in self.report else "reports"
            config.setdefault(name, [{"name": STREAM, **self.report}])
            catalog = without(select(tap, config, set(select_all)), *deselected)
            return run_tap(tap, config, catalog=catalog, written=written)

    def rows(self, *rows: Mapping[str, Any], **more: Any) -> Messages:
        """Run the tap where the answer holds these rows."""
        return self.run(lambda _: self.write(rows, {}), **more)


# -- spelling ------------------------------------------------------------------------------------


def _json(document: object) -> Text:
    return Text(json.dumps(document), "application/json")


def separated(rows: Iterable[Mapping[str, Any]], delimiter: str = ",") -> Text:
    """Return rows as CSV or TSV."""
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if row.get(n) is None else row.get(n) for n in names] for row in listed])
    return Text(out.getvalue(), "text/csv; charset=UTF-8")


def _parquet(rows: Iterable[Mapping[str, Any]], _words: Mapping[str, Any]) -> Text:
    import pyarrow as pa
    import pyarrow.parquet as pq

    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    columns = {n: [None if row.get(n) is None else str(row[n]) for row in listed] for n in names}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return Text(out.getvalue(), "application/octet-stream")


def _adjust_json(rows: Iterable[Mapping[str, Any]], words: Mapping[str, Any]) -> Text:
    return _json({"rows": list(rows), "totals": {}, "warnings": [], "pagination": None, **words})


def _kpi(rows: Iterable[Mapping[str, Any]], words: Mapping[str, Any]) -> Text:
    countries = [
        {
            **{k: v for k, v in row.items() if k not in {"installs", "revenue"}},
            "kpi_values": [row["installs"], row["revenue"]],
        }
        for row in rows
    ]
    day = {"date": DAY, "countries": countries}
    app = {"token": _APP, "name": "L", "currency": "EUR", "dates": [day]}
    said = {"kpis": ["installs", "revenue"], "grouping": ["apps", "day", "countries"]}
    return _json({"result_parameters": said, "result_set": {"apps": [app]}, **words})


def _atomx(rows: Iterable[Mapping[str, Any]], words: Mapping[str, Any]) -> Text:
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    data = [[row.get(n) for n in names] for row in listed]
    report = {"id": "r", "columns": names, "data": data, "length": len(data), "totals": {}}
    return _json({"success": True, "resource": "report", "report": report, **words})


def _lines(rows: Iterable[Mapping[str, Any]], words: Mapping[str, Any]) -> Text:
    listed = list(rows)
    head = {"fields": [{"name": n} for n in (listed or [{}])[0]], "total_items_count": len(listed)}
    about = [{"meta": words}] if words else []
    text = "".join(json.dumps(line) + "\n" for line in (head, *listed, *about))
    return Text(text, "application/jsonl")


def _data_service(rows: Iterable[Mapping[str, Any]], words: Mapping[str, Any]) -> Text:
    about = {"reportCreated": "2026-03-18T04:00:00-08:00"}
    return _json({"reportData": list(rows), "reportMetadata": about, **words})


# -- what else is asked for ----------------------------------------------------------------------


def _adjust(asked: Asked) -> object:
    if asked.path.endswith("/filters_data"):
        names = ("overview_metrics", "cost_metrics", "dimensions")
        app = {"id": _APP, "name": "L", "currency": {"code": "EUR"}}
        return {"apps": [app], **{name: [] for name in names}}
    if asked.path.endswith("/report"):  # the totals that CSV and Parquet are held against
        return _adjust_json((), {})
    return [] if asked.path.endswith("/events") else None


def _atomx_route(_asked: Asked) -> object:
    return {
        "success": True,
        "resource": "auth_token",
        "auth_token": "canary.auth.token",
        "totp_required": False,
        "user": {"id": 1, "networks": [], "publishers": [], "advertisers": []},
    }


def _terminalone_route(asked: Asked) -> object:
    if asked.path.endswith("/std/meta"):
        return {"reports": {"performance": {"Name": "p", "Version": 1}}}
    if asked.path.endswith("/performance/meta"):
        kinds = {"organization_id": "id", "campaign_currency_code": "string", "campaign_timezone": "string", "strategy_name": "string", "campaign_id": "id"}  # fmt: skip
        return {
            "currency": "USD",
            "timezone": "UTC",
            "data_retention": "2013-01-01",
            "time_rollups": ["by_day", "by_week", "by_month", "all"],
            "time_windows": ["yesterday"],
            "structure": {
                "dimensions": {k: {"type": v} for k, v in kinds.items()},
                "metrics": {"impressions": {"type": "count"}, "total_spend": {"type": "money"}},
            },
        }
    if asked.path.endswith("/validate"):
        return Text('<result><status code="ok"/></result>', "text/xml")
    if "organizations" in asked.path:
        return {"data": [{"id": 33, "name": "o"}], "meta": {"status": "ok", "count": 1}}
    if "login" in asked.path or "session" in asked.path:
        return {"data": {}, "meta": {"status": "ok"}}
    return None


def _openx_legacy_route(asked: Asked) -> object:
    if asked.path.endswith("/initiate") or asked.path.endswith("/index/token"):
        return Text("oauth_token=canarytoken1&oauth_token_secret=canarysecret", "text/html")
    if asked.path.endswith("/login/process"):
        return Text("oob?oauth_token=canarytoken1&oauth_verifier=canaryver1", "text/html")
    if asked.path.endswith("/report/fields"):
        names = {
            "publisherSiteName": "String",
            "publisherCurrency": "String",
            "publisherAccountId": "Number",
        }
        counts = {"marketRequests": "Number", "publisherRevenue": "Currency"}
        return {
            "dimensions": [{"id": n, "format": f} for n, f in names.items()],
            "metrics": [{"id": n, "format": f} for n, f in counts.items()],
        }
    if asked.path.endswith("/date-range"):
        return {
            "dateRange": {
                "minStartDate": "2026-01-01T00:00:00Z",
                "maxEndDate": "2026-03-18T10:00:00Z",
            }
        }
    return _openx_objects(asked)


def _openx_objects(asked: Asked) -> object:
    if "/ox/4.0/account" in asked.path:
        row = {
            "id": "16",
            "uid": "u-16",
            "name": "a",
            "currency": "EUR",
            "type_full": "account.publisher",
        }
        return {"objects": [row], "has_more": False, "limit": 200, "offset": 0}
    if "/ox/4.0/session" in asked.path:
        return {"account": {"currency": "EUR", "timezone": "UTC"}, "instance": {"uid": "i"}}
    return None


def _openx_current_route(asked: Asked) -> object:  # noqa: PLR0911 - one answer each
    if "signInWithPassword" in asked.path:
        return {"idToken": "canary-id-token"}
    if asked.path.endswith("/authorize"):
        host = f"http://{asked.headers['host']}"
        return Text("", "text/html", 302, {"Location": f"{host}/login?session_id=canary-session"})
    if asked.path.endswith("/login"):
        return Text("<html></html>", "text/html")
    if asked.path.endswith("/session-info"):
        return {"scope": "openid api"}
    if asked.path.endswith("/consent"):
        return {"code": "canary-code"}
    if asked.path.endswith("/oauth2/v1/token"):
        return _BEARER
    if asked.path.endswith("/generateReport"):
        return {"id": "job-1"}
    return _openx_objects(asked)


# -- the wires -----------------------------------------------------------------------------------

_ADJUST: Final[Mapping[str, Any]] = {
    "module": "tap_adjust",
    "class_name": "TapAdjust",
    "urls": {"api_url": "/reports-service", "kpi_api_url": "/kpis/v1"},
    "route": _adjust,
}
_ADJUST_SETTINGS: Final = {"api_token": "T-0123456789abcdefgh", "app_tokens": [_APP]}
_ADJUST_REPORT: Final = {"dimensions": ["country_code"], "metrics": ["installs", "cost"]}
_ADJUST_NAMES: Final[Mapping[str, Any]] = {
    "report": _ADJUST_REPORT,
    "fixed": {"day": DAY, "app_token": _APP},
    "dimension": "country_code",
    "count": "installs",
    "money": "cost",
}
_ATOMX: Final[Mapping[str, Any]] = {
    "module": "tap_atomx",
    "class_name": "TapAtomx",
    "settings": {"email": "ops@example.test", "password": "canary-password"},
    "urls": {"api_url": "/v3"},
    "asks": "/v3/report$",
    "route": _atomx_route,
    "fixed": {"day": DAY},
    "dimension": "country_name",
    "count": "impressions",
    "money": "campaign_cost",
}
_ATOMX_REPORT: Final = {
    "scope": "advertiser",
    "dimensions": ["country_name"],
    "metrics": ["impressions", "campaign_cost"],
}
_T1: Final[Mapping[str, Any]] = {
    "module": "tap_terminalone",
    "class_name": "TapTerminalOne",
    "urls": {"api_url": "", "auth_url": ""},
    "route": _terminalone_route,
    "report": {
        "report": "performance",
        "dimensions": ["strategy_name"],
        "metrics": ["impressions", "total_spend"],
    },
    "dimension": "strategy_name",
    "count": "impressions",
    "money": "total_spend",
}
_T1_LOGIN: Final = {
    "access_token": "canary-access-token",
    "auth_method": "access_token",
    "organization_ids": [33],
}

WIRES: Final[Mapping[str, Wire]] = {
    "adjust json": Wire(
        **_ADJUST, **_ADJUST_NAMES, settings=_ADJUST_SETTINGS, asks="/reports-service/report$",
        write=_adjust_json, says=True, objects=True,
    ),
    "adjust csv": Wire(
        **_ADJUST, **_ADJUST_NAMES, settings={**_ADJUST_SETTINGS, "report_format": "csv"},
        asks="/csv_report", write=lambda rows, _: separated(rows),
    ),
    "adjust parquet": Wire(
        **_ADJUST, **_ADJUST_NAMES, settings={**_ADJUST_SETTINGS, "report_format": "parquet"},
        asks="/parquet_report", write=_parquet,
    ),
    "adjust kpi": Wire(
        **_ADJUST, settings=_ADJUST_SETTINGS, asks="/kpis/v1/", write=_kpi, says=True, objects=True,
        report={"endpoint": "deliverables", "kpis": ["installs", "revenue"], "grouping": ["day", "countries"]},
        dimension="country", count="installs", money="revenue",
    ),
    "atomx json": Wire(**_ATOMX, report={**_ATOMX_REPORT, "transport": "json"}, write=_atomx, says=True),
    "atomx tsv": Wire(**_ATOMX, report=_ATOMX_REPORT, write=lambda rows, _: separated(rows, "\t")),
    "terminalone v2": Wire(
        **_T1, settings=_T1_LOGIN, asks="/reporting/v2/", write=_lines, says=True, objects=True,
        fixed={"agg_timestamp": f"{DAY}T00:00:00Z", "campaign_currency_code": "EUR", "campaign_zone_name": "UTC"},
    ),
    "terminalone v1": Wire(
        **_T1, settings={**_T1_LOGIN, "api_generation": "legacy"}, asks="/std/performance$",
        write=lambda rows, _: separated(rows), fixed={"start_date": DAY, "end_date": DAY},
    ),
    "openx data service": Wire(
        module="tap_openx", class_name="TapOpenx",
        settings={"email": "ops@example.test", "password": "canary-password", "consumer_key": "canary-key", "consumer_secret": "canary-secret"},
        urls={"api_url": "", "sso_url": ""}, route=_openx_legacy_route, asks="/data/ods/1.0/report$",
        report={"dimensions": ["publisherSiteName", "publisherCurrency"], "metrics": ["marketRequests", "publisherRevenue"]},
        write=_data_service, says=True, objects=True,
        fixed={"day": DAY, "publisherCurrency": "EUR"},
        dimension="publisherSiteName", count="marketRequests", money="publisherRevenue",
    ),
    "openx jobs": Wire(
        module="tap_openx", class_name="TapOpenx",
        settings={"email": "ops@example.test", "password": "canary-password", "client_id": "canary-client", "identity_key": "canary-identity", "instance_hostname": "ui.example.test"},
        urls={"api_url": "", "identity_url": ""}, route=_openx_current_route, asks="/pullReport",
        report={"dimensions": ["PageDomain"], "metrics": ["Impressions", "PublisherRevenueInPCoin"]},
        write=lambda rows, _: separated(rows), fixed={"Day": DAY},
        dimension="PageDomain", count="Impressions", money="PublisherRevenueInPCoin",
    ),
}  # fmt: skip
