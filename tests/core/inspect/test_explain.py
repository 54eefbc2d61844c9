"""What is to be known of a stream before it is read."""

from adtap_core.declare import Entity
from adtap_core.inspect.explain import declared, explain, ledger
from adtap_core.rows.schemas import LEDGER_SCHEMA
from tests.core.conftest import Tiny
from tests.core.restating import TapRestating
from tests.core.tiny import TapTiny


def test_every_column_is_explained_with_its_role(tiny: Tiny) -> None:
    """What the platform calls it, what kind it is, whether it adds up; ours are about the row."""
    tap = TapTiny(config=tiny.config)
    found = explain(tap, TapTiny.reports[0], offline=True)
    columns = {c.name: c for c in found.columns}
    assert list(columns) == list(tap.streams["spend_daily"].schema["properties"])
    assert {name: c.role for name, c in columns.items() if not name.startswith("_")} == {
        "day": "bucket",
        "account": "dimension",
        "campaign_id": "dimension",
        "clicks": "metric",
        "spend": "metric",
    }
    assert columns["campaign_id"].platform_name == "campaignId"
    assert (columns["clicks"].kind, columns["spend"].kind) == ("integer", "decimal")
    assert columns["spend"].additivity == "additive"
    assert columns["_row_key"].role == "key"
    assert columns["_currency"].platform_name == ""
    assert all(c.description for c in found.columns)


def test_nobody_is_asked(tiny: Tiny) -> None:
    """The request for one bucket is shown, as a run sends it, and not sent."""
    found = explain(TapTiny(config=tiny.config), TapTiny.reports[0], offline=False)
    assert tiny.server.log == []
    (request, *_) = found.requests
    assert request["url"].startswith(f"{tiny.config['api_url']}/report?from=")
    assert found.document()["requests"] == found.requests


def test_a_tap_without_any_settings_explains_all_it_declares() -> None:
    """Who reads about it has no credentials yet."""
    entries = declared(TapRestating)
    assert list(entries) == ["by_hour", "by_day", "by_week", "by_month"]
    for entry in entries.values():
        tap = TapRestating(config={}, validate_config=False)
        assert not isinstance(entry, Entity)
        found = explain(tap, entry, offline=True)
        assert (found.stream, found.kind) == (entry.name, "report")
        assert "3 days" in " ".join(found.facts.values())


def test_the_ledger_is_explained_though_no_platform_has_it() -> None:
    """All of its columns."""
    found = ledger("tap-tiny")
    assert [c.name for c in found.columns] == list(LEDGER_SCHEMA["properties"])
    assert (found.tap, found.stream) == ("tap-tiny", "sync_windows")
