"""What the lists of the Report Service say of apps and events, in whatever shape it comes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from adtap_core.accounts import id_of
from adtap_core.errors import MalformedResponse
from adtap_core.redact import redact

Option = Mapping[str, Any]
_APP: Final = "apps: an option"
_MAPPING: Final = "app_token_x_event_tokens_mapping"


def app_ids(apps: Iterable[Option]) -> list[str]:
    """Return the tokens of apps.

    Raises:
        MalformedResponse: If one has none.
    """
    return [id_of(app, _APP) for app in apps]


def currencies(apps: Iterable[Option]) -> dict[str, str]:
    """Return each app's reporting currency; of an app that says none there is none.

    Raises:
        MalformedResponse: If what stands there can't be understood: money would bear no currency.
    """
    found = {}
    for app in apps:
        said = app.get("currency")
        code = said.get("code") if isinstance(said, Mapping) else said
        if code is not None and not isinstance(code, str):
            msg = f"apps: the currency of {app.get('id')} can't be understood: {redact.beginning(said, 80)}"
            raise MalformedResponse(msg)
        if code:
            found[id_of(app, _APP)] = code
    return found


def slugs(events: Iterable[Option], tokens: Collection[str]) -> list[str]:
    """Return the slugs of some apps' events, each once: one that is listed twice must not be counted twice.

    An event that does not say whose it is may be anybody's: it is asked for.

    Args:
        events: As `/events` lists them.
        tokens: The apps.

    Raises:
        MalformedResponse: If an event has no slug, or whose it is can't be understood.
    """
    return list(dict.fromkeys(id_of(e, "events: an option") for e in events if _is_of(e, tokens)))


def exploded(events: Iterable[Option]) -> Iterator[dict[str, Any]]:
    """Yield each app's token of each event.

    Raises:
        MalformedResponse: If an event has tokens, and whose they are can't be understood.
    """
    for event in events:
        for app_token, tokens in _tokens(event).items():
            for token in _listed(tokens):
                yield {
                    "app_token": app_token,
                    "event_token": token,
                    "event_id": event.get("id"),
                    "event_name": event.get("name"),
                }


def _tokens(event: Option) -> Mapping[str, Any]:
    """Return an event's tokens by app."""
    mapping, tokens = event.get(_MAPPING), list(_listed(event.get("tokens")))
    if isinstance(mapping, Mapping):
        return mapping
    if not mapping and not tokens:
        return {}
    apps = list(_listed(event.get("app_token")))
    if mapping is None and len(apps) == 1:
        return {str(apps[0]): tokens}
    msg = f"events: which app has which token of {event.get('id')!r} can't be understood: {_MAPPING} is {redact.beginning(mapping, 120)}"
    raise MalformedResponse(msg)


def _is_of(event: Option, tokens: Collection[str]) -> bool:
    said = event.get("app_token"), event.get(_MAPPING)
    if all(owners is None for owners in said):
        return True
    owners = [owner for listed in said for owner in _listed(listed)]
    if any(not isinstance(owner, str | int) for owner in owners):
        msg = f"events: whose {event.get('id')!r} is can't be understood: {redact.beginning(said, 120)}"
        raise MalformedResponse(msg)
    return any(str(owner) in tokens for owner in owners)


def _listed(found: Any) -> Iterable[Any]:
    """Return what may be a list, one of its items, or null."""
    if found is None:
        return ()
    return [found] if isinstance(found, str | int) else found
