"""What the OpenX room remembers: objects, sessions, quotas, report jobs. No HTTP here."""

import json
import pickle
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain

from adtap_sandbox.environment import Environment, full_hour
from adtap_sandbox.openx.data import Entities
from adtap_sandbox.openx.delivery import Delivery, Question, inventory_of
from adtap_sandbox.openx.objects import SUBTYPES, ApiObject, Document, id_of
from adtap_sandbox.openx.sessions import CurrentSessions, LegacySessions
from adtap_sandbox.world import World

_WRITTEN_FROM = 0x8000  # places of objects made by a caller, past those of the world


@dataclass
class Job:
    """A report under way on the current API."""

    id: str | int
    question: Question
    header: tuple[str, ...]
    made: datetime
    fails: bool
    polls: int = 0
    csv: bytes | None = None
    error: str = ""


@lru_cache(maxsize=2)
def _entities(world: World) -> bytes:
    """A world's objects, packed: each reset unpacks its own, which callers may change."""
    return pickle.dumps(Entities(world, inventory_of(world)))


class Store:
    """The room's state; made anew by a reset."""

    def __init__(self, environment: Environment) -> None:
        self.environment, self.switch = environment, environment.switch
        self.delivery = Delivery(environment)
        self.entities: Entities = pickle.loads(_entities(environment.world))  # noqa: S301 - our own
        self.legacy = LegacySessions(environment)
        self.current = CurrentSessions(environment)
        self.jobs: dict[str | int, Job] = {}
        self._calls: Counter[datetime] = Counter()
        self._shifts: Counter[str] = Counter()
        self._struck: Counter[str] = Counter()
        self._writes = 0
        self._by_uid: dict[tuple[str, str], ApiObject] = {}
        for kind, objects in self.entities.by_kind.items():
            for entity in objects:
                self._index(kind, entity)

    def now(self) -> datetime:
        return self.environment.clock.now()

    def over_quota(self) -> bool:
        """Count a Platform call; whether this clock hour's quota is used up."""
        hour, quota = full_hour(self.now()), self.switch("hourly_quota")
        self._calls[hour] += 1
        return quota is not None and self._calls[hour] > quota

    def failure(self, endpoint: str) -> tuple[int, str] | None:
        """The failure that the switch `data_failure` wants for this call, if any.

        The switch is None or `{"endpoint", "status", "message", "times"}`; times is counted per
        value of the switch.
        """
        wanted = self.switch("data_failure")
        if wanted is None or wanted.get("endpoint", endpoint) != endpoint:
            return None
        key = json.dumps(wanted, sort_keys=True)
        self._struck[key] += 1
        if self._struck[key] > int(wanted.get("times", 1)):
            return None
        return int(wanted["status"]), str(wanted["message"])

    def find(self, kind: str, name: str) -> ApiObject | None:
        entity = self._by_uid.get((kind, name))
        return entity if entity is not None and entity.alive(self.now()) else None

    def alive(self, kind: str) -> list[Document]:
        """All objects of a type that exist now, by name."""
        now, objects = self.now(), self.entities.by_kind[kind]

        def made() -> list[Document]:
            shown = [entity.document(now) for entity in objects if entity.alive(now)]
            return sorted(shown, key=lambda one: (str(one.get("name") or "").casefold(), one["id"]))

        return made() if self._writes else self.environment.kept(kind, made)

    def shifted(self, kind: str, objects: list[Document], offset: int) -> list[Document]:
        """A list as its reader finds it, moved under them if the switch says so.

        Each shift renames what stood first, once a reader is past the first page: every entity moves
        up one place, so the object at the page's edge is skipped and the renamed one comes twice.
        """
        if offset > 0 and self._shifts[kind] < self.switch("shifting_lists"):
            self._shifts[kind] += 1
        turns = self._shifts[kind] % len(objects) if objects else 0
        return objects[turns:] + objects[:turns]

    def trail(self) -> list[Document]:
        """Every audit row there is now, newest revision first."""
        now = self.now()
        entities = chain.from_iterable(self.entities.by_kind.values())
        rows = [row for entity in entities for row in entity.trail(now)]
        return sorted(rows, key=lambda row: (-row["revision"], row["obj_type"], row["obj_id"]))

    def create(self, kind: str, fields: Document) -> Document:
        """Make an object; gives it as the API shows it."""
        base = id_of(kind, _WRITTEN_FROM)
        number = base + sum(1 for entity in self.entities.by_kind[kind] if entity.number >= base)
        account = self.entities.network
        defaults = {"account_id": account.id, "account_uid": account.uid}
        defaults |= {"name": f"{kind} {number}", "status": "Active"}
        if kind in SUBTYPES:
            defaults["type_full"] = SUBTYPES[kind][0]
        entity = ApiObject(kind, number, {**defaults, **fields}, [self.now()])
        self.entities.by_kind[kind].append(entity)
        self._writes += 1
        self._index(kind, entity)
        return entity.document(self.now())

    def update(self, entity: ApiObject, fields: Document) -> Document:
        """Change an object; gives it as the API shows it."""
        now = self.now()
        entity.changes = [moment for moment in entity.changes if moment <= now] + [now]
        entity.written[len(entity.changes) - 1] = fields
        self._writes += 1
        return entity.document(now)

    def delete(self, entity: ApiObject) -> None:
        """Delete an object: it leaves the lists, its audit trail stays."""
        now = self.now()
        entity.changes = [moment for moment in entity.changes if moment <= now]
        entity.deleted = now
        self._writes += 1

    def new_job(self, question: Question, header: tuple[str, ...]) -> Job:
        """Take in a report of the current API."""
        self._struck["failed jobs"] += 1
        fails = self._struck["failed jobs"] <= self.switch("failed_jobs")
        number: str | int = len(self.jobs) + 1 if self.switch("numeric_ids") else str(uuid.uuid4())
        job = Job(number, question, header, self.now(), fails)
        self.jobs[job.id] = job
        return job

    def _index(self, kind: str, entity: ApiObject) -> None:
        self._by_uid[kind, entity.id] = entity
        self._by_uid[kind, entity.uid] = entity
