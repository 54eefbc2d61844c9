"""Monthly invoices. The wiki names the calls and the date filter; what an invoice holds is made up."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from adtap_sandbox.atomx.facts import NAMES, Facts
from adtap_sandbox.atomx.models import fold
from adtap_sandbox.atomx.replies import Refusal
from adtap_sandbox.atomx.store import Store
from adtap_sandbox.environment import ONE_DAY, midnight
from adtap_sandbox.tables import table

TYPES: dict[str, tuple[str, str]] = table(__package__, "reports")["invoices"]
"""Type -> entity of its owner, and the figure that is charged."""


def type_of(word: str) -> str:
    """Find an invoice type by a word of a path; 404 if there is none."""
    for name in TYPES:
        if fold(name) == fold(word):
            return name
    raise Refusal(404, f"There are no invoices of type {word!r}")


def months(given: dict[str, str], now: datetime, *, year: bool) -> list[date]:
    """List the months asked for: `date>` is inclusive, `date<` exclusive; 400 for a bound that is no month.

    The default is this `year` so far (one owner's invoices) or this month (a list).
    """
    this = now.date().replace(day=1)
    first = _month(given["date>"]) if "date>" in given else None
    last = _month(given["date<"]) if "date<" in given else None
    if first is None:
        first = this.replace(month=1) if year or last is not None else this
    if last is None:
        last = _after(this)
    made = []
    while first < last:
        made.append(first)
        first = _after(first)
    return made


def invoices(
    facts: Facts, store: Store, kind: str, wanted: list[date], owner: int | None = None
) -> list[dict[str, Any]]:
    """Return the invoices of some months, by month and owner; a month without any amount has none."""
    entity, metric = TYPES[kind]
    model = "network" if entity.endswith("network") else entity
    now = store.environment.clock.now()
    place = NAMES.index(metric)
    owned = [(x, x.dims[entity] or 0) for x in facts.lines if owner in (None, x.dims[entity])]
    made = []
    for month in wanted:
        sums: Counter[int] = Counter()
        day = month
        while day < _after(month) and day < now.date():
            for line, ident in owned:
                runs = ident and line.first <= day and (line.last is None or day <= line.last)
                numbers = facts.known(line, day, now) if runs else None
                if numbers is not None and numbers[place]:
                    sums[ident] += numbers[place]
            day += ONE_DAY
        made += [
            {
                "id": int(f"{month:%Y%m}{ident}"),
                "type": kind,
                model: {"id": ident, "name": store.name_of(model, ident)},
                "date": f"{month:%Y-%m}",
                "amount": round(amount / 1e6, 2),
                "currency": "USD",
                "is_final": midnight(_after(month)) <= now,
            }
            for ident, amount in sorted(sums.items())
        ]
    return made


def pdf(kind: str, owner: int, month: str) -> bytes:
    """Return a PDF of one page without words, enough to tell that it is one; 400 if `month` is none."""
    _month(month)
    return (
        f"%PDF-1.4\n% invoice {kind} {owner} {month}\n"
        "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
        "trailer<</Root 1 0 R>>\n%%EOF\n"
    ).encode()


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Refusal(400, f"{text!r} is no month, expected YYYY-MM") from None


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
