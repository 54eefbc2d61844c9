"""Accounts that the settings name, where the login may not list accounts of their kind."""

import pytest

LISTS = {"organization_ids": "organizations", "advertiser_ids": "advertisers"}
REFUSED = {
    "current": '{"errors": [{"code": "forbidden", "message": "no"}], "meta": {"status": "error"}}',
    "legacy": '{"meta": {"status": "denied"}}',
}
STREAM = "performance_daily"


@pytest.mark.parametrize("generation", ["current", "legacy"])
@pytest.mark.parametrize("setting", ["organization_ids", "advertiser_ids"])
def test_reports_of_named_accounts_are_read_though_they_may_not_be_listed(
    room, caplog, generation, setting
):
    """The list only serves to name an account that nobody sees; that this can't be told is said once."""
    everyone = [str(i) for i in room.truth(collection=LISTS[setting])["ids"]]
    room.fault(
        "status",
        path=rf"/api/v[23]\.0/{LISTS[setting]}$",
        status=403,
        body=REFUSED[generation],
        times=None,
    )
    config = getattr(room, generation)(**{setting: everyone})
    found = room.run(config, STREAM)
    room.check_week(found.records[STREAM])
    said = [m for m in caplog.messages if m.startswith(f"{setting}: can't be checked")]
    assert len(said) == 1
