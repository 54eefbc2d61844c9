"""One list of secret names: what is masked in messages is dropped from records too, and the other way round."""

import pytest

from adtap_core.redact import Redactor
from adtap_core.rows.records import RecordShaper

NAMES = [
    "password",
    "passwords",
    "passwd",
    "secret",
    "api_key",
    "apikey",
    "api_token",
    "user_token",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "bearer_token",
    "session_token",
    "client_secret",
    "consumer_key",
    "consumer_secret",
    "private_key",
    "session_id",
    "sessionid",
    "totp",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_secrets_name_is_one_in_messages_and_in_records(name):
    """Under its own name, and as a part of a longer one."""
    hide = Redactor()
    for spelling in (name, name.upper(), f"smtp_{name}"):
        assert "hunter22" not in hide(f"{spelling}=hunter22&x=1")
        assert "hunter22" not in hide(f'{{"{spelling}": "hunter22"}}')
    schema = {"properties": {"id": {"type": "integer"}, "_extra": {"type": ["object", "null"]}}}
    shaper = RecordShaper("things", schema, frozenset())
    records = [{"id": 1, name: "hunter22", f"smtp_{name}": "hunter22", "deep": {name: "hunter22"}}]
    assert "hunter22" not in str(shaper.shape(records))


def test_a_platform_adds_names_of_its_own():
    """A cookie's name, in any letter case; others stay as they are."""
    hide = Redactor()
    assert hide("wanderer=abc") == "wanderer=abc"
    hide.learn_names({"wanderer"})
    assert hide("Cookie: Wanderer=abc; x=1") == "Cookie: Wanderer=***; x=1"
    assert hide.names_secret("wanderer")
    assert not hide.names_secret("wanderer_id")
    assert hide("the_wanderer=abc") == "the_wanderer=abc"


def test_ordinary_names_are_shown():
    """A token of an app or of an event is an id, not a secret."""
    hide = Redactor()
    for text in ("app_token=abc", "event_token=abc", "tokens=3", "keyword=abc", "secretary=abc"):
        assert hide(text) == text
