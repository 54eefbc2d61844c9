"""An object of the Platform API through time: made, changed, perhaps deleted.

Its revisions follow from the world; what a list shows of it is what it is at the clock's now.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adtap_sandbox.environment import midnight
from adtap_sandbox.tables import table
from adtap_sandbox.world import World

Document = dict[str, Any]

INSTANCE_UID: Final = "5d0c7e2a-4b11-11e6-9f21-08002b3fa9c1"
MAX_REVISIONS: Final = 12

KINDS: Final[dict[str, dict[str, Any]]] = table(__package__, "objects")
"""The object types, by their name in a path; what is declared of each: see `objects.json`."""

SUBTYPES: Final[dict[str, list[str]]] = {
    kind: declared["subtypes"] for kind, declared in KINDS.items() if "subtypes" in declared
}

# Accounts share one id range: the network first, then each kind at its own distance.
NETWORK_ACCOUNT: Final = 0
AGENCY_ACCOUNT: Final = 1
PUBLISHER_ACCOUNTS: Final = 0x100
ADVERTISER_ACCOUNTS: Final = 0x4000
DEMAND_ACCOUNTS: Final = 0xF000


def id_of(kind: str, index: int) -> int:
    """The id of the nth object of a type; the same in reports and in the Platform API.

    All fit 32 bits unsigned, because eight hex digits of the id open the UID.
    """
    return int(KINDS[kind]["ids"], 16) + index


def stamp(moment: datetime) -> str:
    """A moment as the Platform API writes it: UTC, no zone, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class ApiObject:
    """One object."""

    kind: str  # its type, as in the path
    number: int  # its id
    fields: Document  # what is its own, beyond the common fields
    changes: list[datetime]  # moments of its revisions, the first of which made it; ascending, UTC
    deleted: datetime | None = None  # when it was deleted, if ever
    # who and what made each revision by hand, by its place in `changes`
    written: dict[int, Document] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.number)

    @property
    def uid(self) -> str:
        """Its UID: eight hex digits of its id, its type, the instance's last six."""
        return f"{self.number:08x}-{KINDS[self.kind]['uid']}-fff1-8123-{INSTANCE_UID[-6:]}"

    def alive(self, now: datetime) -> bool:
        return self.changes[0] <= now and (self.deleted is None or now < self.deleted)

    def revision(self, now: datetime) -> int:
        """How often it has been written by a moment, its making included."""
        return sum(1 for change in self.changes if change <= now)

    def document(self, now: datetime) -> Document:
        """It as the API shows it at a moment: nearly every scalar is a string."""
        revision = max(1, self.revision(now))
        common: Document = {
            "id": self.id,
            "uid": self.uid,
            "instance_uid": INSTANCE_UID,
            "type": self.kind,
            "external_id": None,
            "notes": "" if revision == 1 else f"Revision {revision}",
            "created_date": stamp(self.changes[0]),
            "modified_date": stamp(self.changes[revision - 1]),
            "deleted": "0",
            "revision": revision,
            "v": "3",
        }
        shown = {**common, **self.fields}
        for place in sorted(self.written):
            if self.changes[place] <= now:
                shown |= self.written[place]
        return shown

    def trail(self, now: datetime) -> list[Document]:
        """Its audit trail at a moment, oldest first."""
        rows = []
        for place, moment in enumerate(self.changes):
            if moment > now:
                break
            usual = {"notes": f"Revision {place + 1}"} if place else self.fields
            new = self.written.get(place, usual)
            rows.append(self._trail_row("update" if place else "create", place + 1, moment, new))
        if self.deleted is not None and self.deleted <= now:
            rows.append(self._trail_row("delete", len(rows) + 1, self.deleted, {"deleted": "1"}))
        return rows

    def _trail_row(self, action: str, revision: int, moment: datetime, new: Document) -> Document:
        email = "ops@northwind.example" if revision % 2 else "olga@northwind.example"
        person = {"first_name": "Olga", "last_name": "Nord", "name": "Olga Nord", "email": email}
        changes: Document = {"new_value": new}
        if action != "create":
            changes["old_value"] = dict.fromkeys(new)
        return {
            "obj_type": self.kind,
            "obj_id": self.id,
            "obj_uid": self.uid,
            "action": action,
            "revision": revision,
            "timestamp": stamp(moment),
            "reason": "api" if revision % 2 else "ui",
            "program": ["ox-api"],
            "ip": "192.0.2.17",
            "user": person,
            "real_user": None,
            "account_uid": self.fields.get("account_uid"),
            "instance_uid": INSTANCE_UID,
            "changes": changes,
            "type": "audittrail",
        }


def made(
    world: World, kind: str, index: int, fields: Document, *, deleted: bool, late: bool = False
) -> ApiObject:
    """The nth object of a type, with fields of its own and a history that follows from the world.

    A deleted one is so in the autumn of its second year; a late one is made a long time after the others, so that a
    later sync finds more.
    """

    def number(low: int, high: int, what: str, *nth: int) -> int:
        return world.between(low, high, f"openx {what}", kind, index, *nth)

    def after(days: int, what: str, *nth: int) -> timedelta:
        return timedelta(days=days, seconds=number(0, 86_399, what, *nth))

    start = midnight(world.first_day)
    days = number(500, 1000, "born") if late else -number(30, 900, "born")
    changes = [start + after(days, "born second")]
    for nth in range(number(0, MAX_REVISIONS - 1, "changes")):
        changes.append(changes[-1] + after(number(3, 150, "gap", nth), "gap second", nth))
    end = start + after(600, "end")
    if deleted:
        changes = [moment for moment in changes if moment < end] or [start]
    return ApiObject(kind, id_of(kind, index), fields, changes, end if deleted else None)
