"""The ways a sync can go wrong: what a scheduler sees of each, and what a caller may catch."""

import signal

import pytest

from adtap_core import errors


def test_exit_codes_are_those_of_the_documentation():
    """2: settings. 3: the login, which must not be tried again. A signal's own. All else: 1."""
    codes = {
        errors.SettingsError(["x"]): 2,
        errors.CredentialsError("x"): 3,
        errors.Interrupted(signal.SIGTERM): 143,
        errors.Interrupted(signal.SIGINT): 130,
        errors.TargetGone("x"): 1,
        errors.RetriesExhausted("x"): 1,
        errors.Forbidden("x"): 1,
    }
    assert {error: error.exit_code for error in codes} == codes


def test_the_tree_in_the_docstring_is_the_tree():
    """Whoever catches a class catches what stands below it, and nothing else."""
    above: list[type[BaseException]] = []
    shown = set()
    for line in (errors.__doc__ or "").splitlines():
        name = line.replace("│", " ").replace("├── ", "    ").replace("└── ", "    ")
        found = getattr(errors, (name.split() or [""])[0], None)
        if found is None:
            continue
        depth = (len(name) - len(name.lstrip())) // 4
        above[depth:] = [found]
        shown.add(found)
        assert found.__mro__[1] is (above[depth - 1] if depth else Exception), found
    assert shown == {
        kind
        for kind in errors.__dict__.values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }


def test_every_fault_of_the_settings_has_a_line():
    """And each can be had by itself."""
    error = errors.SettingsError(["`a` is missing", "`b` is no date"])
    assert str(error) == "`a` is missing\n`b` is no date"
    assert error.errors == ["`a` is missing", "`b` is no date"]


def test_a_request_error_keeps_the_status():
    """A gateway's 504 is told from a 500: a smaller piece may pass."""
    error = errors.RetriesExhausted("slow", status=504, heavy=True)
    assert (str(error), error.status, error.heavy) == ("slow", 504, True)
    assert errors.MalformedResponse("odd").status is None


def test_a_signal_is_named():
    """With what it leaves behind."""
    said = str(errors.Interrupted(signal.SIGTERM))
    assert said == "stopped by SIGTERM; state holds the last complete window"
    with pytest.raises(errors.AdtapError):
        raise errors.Interrupted(signal.SIGINT)
