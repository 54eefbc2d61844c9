"""What of several lists was refused."""

import logging

import pytest

from adtap_core.accounts import Refusals
from adtap_core.errors import BadRequest, Forbidden, MalformedResponse


@pytest.mark.parametrize("forbidden_first", [True, False])
def test_a_list_that_may_not_be_read_hides_no_other_refusal(forbidden_first, caplog):
    """A run that nobody chose streams for goes on without what is forbidden, and only without that."""
    errors = [Forbidden("deals of 1: no", status=403), BadRequest("deals of 2: bad", status=400)]
    refusals = Refusals()
    with caplog.at_level(logging.WARNING):
        for error in errors if forbidden_first else reversed(errors):
            refusals.note(error, "setting `organization_ids`")
    with pytest.raises(BadRequest, match="deals of 2") as found:
        refusals.check()
    assert type(found.value) is BadRequest
    assert found.value.status == 400
    assert all("(setting `organization_ids`)" in m for m in caplog.messages)


def test_of_refusals_of_one_kind_the_first_counts():
    """It is the one that the log shows first."""
    refusals = Refusals()
    refusals.check()
    for n in (1, 2):
        refusals.note(Forbidden(f"deals of {n}: no", status=403))
    with pytest.raises(Forbidden, match="deals of 1"):
        refusals.check()


@pytest.mark.parametrize("damaged_first", [True, False])
def test_a_refused_list_hides_no_damaged_one(damaged_first):
    """A run in which all was refused need not be tried again; a damaged answer may come whole the next time."""
    errors = [MalformedResponse("deals of 1: no list"), BadRequest("deals of 2: bad", status=400)]
    refusals = Refusals()
    for error in errors if damaged_first else reversed(errors):
        refusals.note(error)
    with pytest.raises(MalformedResponse, match="deals of 1"):
        refusals.check()
