"""Records of models as columns: relations become ids, however deep the server renders them.

A to-one relation stands under its bare name, as an id (`depth=0`) or as an object, or is absent; the
platform's own clients meet all three. The column is `<name>_id` in each case: what else an object holds is
the record of another stream, which has it whole.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from tap_atomx.streams import AtomxEntity

_KEY_BYTES = 16
_PLAIN = frozenset({int, str})


def normalize(entity: AtomxEntity, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a model's record with its relations as ids, still under the platform's names.

    Args:
        entity: The entity.
        record: The record as the platform sent it.
    """
    made: dict[str, Any] = {}
    for name, value in record.items():
        if type(value) is dict and name in entity.one and (found := _id_of(value)) is not None:
            made[name] = found
        elif type(value) is dict:
            made[name] = _without_people(entity, value)
        elif type(value) is list and not _PLAIN.issuperset(map(type, value)):
            ids = list(map(_id_of, value)) if name in entity.many else [None]
            made[name] = ids if None not in ids else _without_people(entity, value)
    whole = {**record, **made} if made else record
    return _without_receivers(whole) if entity.part else whole


def _without_people(entity: AtomxEntity, value: Any) -> Any:
    """Return a value with people rendered where nobody knew of them as ids.

    Who they are stands in `users`, for whoever asks for people.
    """
    if isinstance(value, list):
        return [_without_people(entity, part) for part in value]
    if not isinstance(value, dict) or entity.people:
        return value
    if isinstance(value.get("email"), str):  # a change of one, in a log, is a pair
        if "id" in value:
            return _id_of(value)
        # No object of a model, such as an address for invoices: the rest of it stands nowhere else.
        value = {name: part for name, part in value.items() if name != "email"}
    return {name: _without_people(entity, part) for name, part in value.items()}


def _without_receivers(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a stored report whose query, the request as it was sent, no longer repeats the receivers' addresses.

    Those in force stand beside it, in a column that is read only if it is selected.
    """
    query = report.get("query")
    if not isinstance(query, Mapping) or "emails" not in query:
        return report
    asked = {name: value for name, value in query.items() if name != "emails"}
    emails = report.get("emails")
    return {**report, "query": asked, "emails": query["emails"] if emails is None else emails}


def _id_of(value: object) -> int | str | None:
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def log_entries(
    model: str, ident: object, entries: list[Mapping[str, Any]], seen: Counter[bytes]
) -> list[Mapping[str, Any]]:
    """Return change log entries as records, each with a key of its own.

    An entry has no id. The key is a digest of all that tells it apart: object, moment, user and the
    changes themselves; entries that agree in all of it are told apart by their number, so that two saves
    within one second stay two.

    Args:
        model: The stream whose object was changed.
        ident: The object.
        entries: As the platform sent them, in the order of their date.
        seen: Digests of this object so far; counted on.
    """
    made: list[Mapping[str, Any]] = []
    for entry in entries:
        rest = dict(entry)
        user = rest.pop("user", None)
        # The documentation of the vendor's Python client calls the changes `history`.
        changes = rest.pop("changes") if "changes" in rest else rest.pop("history", None)
        record: dict[str, Any] = {
            "model": model,
            "object_id": ident,
            **_user_columns(user),
            "changes": changes,
            **rest,
        }
        text = [model, ident, entry.get("date"), record.get("user_id"), changes]
        digest = _digest([*text, entry.get("comment")])
        record["_history_key"] = _key(digest, seen[digest])
        seen[digest] += 1
        made.append(record)
    return made


def _user_columns(user: object) -> dict[str, Any]:
    if not isinstance(user, Mapping):
        return {"user_id": user}
    known = {f"user_{k}": user.get(k) for k in ("id", "name", "ip")}
    known["user_agent"] = user.get("user_agent")
    # An address is that of the user in `users`, for whoever asks for people.
    told = {"id", "name", "ip", "user_agent", "email"}
    more = {f"user_{k}": v for k, v in user.items() if k not in told}
    return {**known, **more}


def invoice(kind: str, record: Mapping[str, Any], seen: Counter[bytes]) -> Mapping[str, Any]:
    """Return an invoice as a record.

    What an invoice holds is not published: its key is a digest of its type, its id or number, its month and
    whose it is, as far as it says so.

    Args:
        kind: The type of invoice that was asked for.
        record: As the platform sent it.
        seen: Digests so far; counted on.
    """
    made = dict(record)
    for name in ("advertiser", "publisher", "network"):
        if name not in made:
            continue
        found, known = _id_of(made[name]), made.get(f"{name}_id")
        if made[name] is not None and (found is None or known not in (None, found)):
            continue  # what is no owner's id, or another one, stays as it came
        made[f"{name}_id"] = known if found is None else found
        del made[name]
    owners = [made.get(f"{name}_id") for name in ("advertiser", "publisher", "network")]
    named = [made.get(name) for name in ("id", "number", "date", "month")]
    digest = _digest([kind, *named, owners])
    made["_invoice_key"] = _key(digest, seen[digest])
    made["invoice_type"] = kind
    seen[digest] += 1
    return made


def _digest(parts: list[Any]) -> bytes:
    text = msgspec.json.encode(parts, order="deterministic")
    return hashlib.blake2b(text, digest_size=_KEY_BYTES).digest()


def _key(digest: bytes, times: int) -> str:
    if not times:
        return digest.hex()
    return hashlib.blake2b(digest + b"#%d" % times, digest_size=_KEY_BYTES).hexdigest()
