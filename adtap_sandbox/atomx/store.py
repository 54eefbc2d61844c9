"""What the atomx room remembers: writes, deletes, stored reports, and how rows stand now. No HTTP."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adtap_sandbox.atomx.data import USER_ID, Edit, Row, ground, text
from adtap_sandbox.atomx.models import MODELS, Model, find_model
from adtap_sandbox.atomx.replies import Refusal
from adtap_sandbox.environment import Environment

STATES = ("ACTIVE", "INACTIVE")


@dataclass
class StoredReport:
    """A report that somebody asked for: its query and what was noted beside it."""

    ident: str
    query: dict[str, Any]
    created: datetime
    name: str | None
    emails: list[str]
    scheduled: bool
    listed: bool


@dataclass
class Writes:
    """What requests have changed since the last reset."""

    changed: dict[tuple[str, int], Row] = field(default_factory=dict)
    created: dict[str, dict[int, Row]] = field(default_factory=dict)
    deleted: set[tuple[str, int]] = field(default_factory=set)
    edits: dict[tuple[str, int], list[Edit]] = field(default_factory=dict)


class Store:
    """The state of the room since the last reset."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        world = environment.world
        base = ground(world.seed, world.size, world.least_creatives)
        self.lives = base.lives
        self.reference = base.reference
        self.writes = Writes()
        self.reports: dict[str, StoredReport] = {}
        self.shifted: dict[str, int] = {}

    def view(self) -> "View":
        return View(self)

    def rows_at(self, model: str, now: datetime) -> dict[int, Row]:
        """Return the rows of `model` at `now`, by id, ascending."""
        if model in self.reference:
            return self.reference[model]
        made: dict[int, Row] = {}
        writes = self.writes
        stamped = MODELS[model].stamped
        for ident, life in self.lives[model].items():
            if (model, ident) in writes.deleted:
                continue
            row = life.at(now)
            if row is None:
                continue
            change = writes.changed.get((model, ident))
            if change:
                latest = max(row["updated_at"], change.get("updated_at", ""))
                row.update(change)
                row["updated_at"] = latest
            if not stamped:
                del row["created_at"], row["updated_at"]
            made[ident] = row
        for ident, row in writes.created.get(model, {}).items():
            if (model, ident) not in writes.deleted:
                made[ident] = {**row, **writes.changed.get((model, ident), {})}
        return dict(sorted(made.items()))

    def name_of(self, model: str, ident: int) -> str | None:
        """Return the name that reports show for a thing, deleted ones included."""
        if model in self.reference:
            row: Row = self.reference[model].get(ident, {})
        else:
            life = self.lives[model].get(ident)
            row = dict(life.row) if life else self.writes.created.get(model, {}).get(ident, {})
            row = {**row, **self.writes.changed.get((model, ident), {})}
        name = row.get("name")
        return None if name is None else str(name)

    def create(self, model: Model, given: dict[str, Any], comment: str | None) -> Row:
        """Add a row; 400 if an attribute is missing or wrong, 403 if the model can't be written."""
        if not model.writable:
            raise Refusal(403, f"{model.name} can not be created")
        row = self._clean(model, given)
        missing = [name for name in model.required if row.get(name) is None]
        if missing:
            raise Refusal(400, f"Missing attribute: {', '.join(missing)}")
        now = self.environment.clock.now()
        taken = {*self.lives.get(model.rows, {}), *self.writes.created.get(model.rows, {})}
        ident = max(taken, default=0) + 1
        defaults: Row = {"id": ident, "name": None}
        if "state" in self._attributes(model):
            defaults["state"] = "ACTIVE"
        row = {**defaults, **row}
        if model.stamped:
            row |= {"created_at": text(now), "updated_at": text(now)}
        self.writes.created.setdefault(model.rows, {})[ident] = row
        self._note(model, ident, {key: (None, value) for key, value in row.items()}, comment)
        return row

    def change(self, model: Model, ident: int, given: dict[str, Any], comment: str | None) -> Row:
        """Change attributes of a row, and note it in the history; 404, 400 or 403 if it can't be."""
        if not model.writable:
            raise Refusal(403, f"{model.name} can not be changed")
        old = self.view().get(model, ident)
        wanted = self._clean(model, given)
        changes = {
            key: (old.get(key), value) for key, value in wanted.items() if old.get(key) != value
        }
        row = self.writes.changed.setdefault((model.rows, ident), {})
        row.update(wanted)
        if model.stamped:
            row["updated_at"] = text(self.environment.clock.now())
        self._note(model, ident, changes, comment)
        return self.view().get(model, ident)

    def delete(self, model: Model, ident: int) -> dict[str, list[int]]:
        """Remove a row and all that hangs on it; return the removed ids by model. 404 or 403 if it can't be."""
        if not model.writable:
            raise Refusal(403, f"{model.name} can not be deleted")
        view = self.view()
        view.get(model, ident)
        removed: dict[str, list[int]] = {}
        pending = [(model, ident)]
        while pending:
            what, which = pending.pop()
            if (what.rows, which) in self.writes.deleted:
                continue
            self.writes.deleted.add((what.rows, which))
            removed.setdefault(what.name, []).append(which)
            for child, attribute in what.children.values():
                pending += [(MODELS[child], row) for row in view.children(child, attribute, which)]
        return {name: sorted(ids) for name, ids in removed.items()}

    def history(self, model: Model, ident: int) -> list[Edit]:
        """List all changes of a row, oldest first; those of a deleted one too."""
        life = self.lives.get(model.rows, {}).get(ident)
        edits = life.history(self.environment.clock.now()) if life else []
        edits = edits + self.writes.edits.get((model.rows, ident), [])
        return sorted(edits, key=lambda edit: edit.at)

    def store_report(
        self, query: dict[str, Any], *, name: str | None, emails: list[str], scheduled: bool
    ) -> StoredReport:
        """Keep a report's query under a new id of 32 hexadecimal digits."""
        ident = hashlib.blake2b(
            f"{self.environment.world.seed}/{len(self.reports)}".encode(), digest_size=16
        ).hexdigest()
        report = StoredReport(
            ident=ident,
            query=query,
            created=self.environment.clock.now(),
            name=name,
            emails=emails,
            scheduled=scheduled,
            listed=bool(query.get("save", True)) or scheduled,
        )
        self.reports[ident] = report
        return report

    def shift(self, model: Model, page: list[int], kinds: list[str], times: int) -> None:
        """Change a list under its reader, after a page of it was served; at most so many `times` a model.

        Of the page's rows the first is deleted (kind `vanish`), the second is modified (`touch`), and a copy of the last
        is created under a new id (`appear`).
        """
        if len(page) < 2 or self.shifted.get(model.rows, 0) >= times:  # noqa: PLR2004 - first and second row
            return
        self.shifted[model.rows] = self.shifted.get(model.rows, 0) + 1
        view = self.view()
        if "touch" in kinds and page[1] in view.rows(model.rows):
            self.change(model, page[1], {"comment_of_sandbox": "touched while listed"}, None)
        if "appear" in kinds and page[-1] in view.rows(model.rows):
            copy = {**view.rows(model.rows)[page[-1]]}
            for attribute in ("id", "created_at", "updated_at"):
                copy.pop(attribute, None)
            self.create(model, copy, None)
        if "vanish" in kinds:
            self.writes.deleted.add((model.rows, page[0]))

    def _attributes(self, model: Model) -> set[str]:
        first = next(iter(self.lives.get(model.rows, {}).values()), None)
        return set(first.row) if first else set()

    def _note(
        self, model: Model, ident: int, changes: dict[str, tuple[Any, Any]], comment: str | None
    ) -> None:
        self.writes.edits.setdefault((model.rows, ident), []).append(
            Edit(self.environment.clock.now(), USER_ID, changes, comment)
        )

    def _clean(self, model: Model, given: dict[str, Any]) -> Row:
        """Bring attributes as clients send them into the form in which rows hold them."""
        view = self.view()
        row: Row = {}
        lazy = {"id", "quickstats", "created_at", "updated_at", "deleted", *model.children}
        for key, value in given.items():
            bare = key.removesuffix("_id")
            if key in lazy:
                continue
            if key in model.one or bare in model.one:
                row[bare if bare in model.one else key] = self._one(view, model, bare, value)
            elif key in model.many:
                row[key] = self._many(view, model, key, value)
            else:
                row[key] = value
        if row.get("state", "ACTIVE") not in STATES:
            raise Refusal(400, f"state must be one of {', '.join(STATES)}")
        return row

    def _one(self, view: "View", model: Model, attribute: str, value: object) -> int | None:
        if isinstance(value, dict):
            value = value.get("id")
        if value is None:
            return None
        target = model.one[attribute]
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refusal(400, f"{attribute} must be the id of a {target}")
        if value not in view.rows(MODELS[target].rows):
            raise Refusal(400, f"There is no {target} with id {value}")
        return value

    def _many(self, view: "View", model: Model, attribute: str, value: object) -> list[int]:
        target = model.many[attribute]
        if not isinstance(value, list):
            raise Refusal(400, f"{attribute} must be a list of ids of {target}")
        ids: list[int] = []
        for item in value:
            ident = item.get("id") if isinstance(item, dict) else item
            if not isinstance(ident, int) or ident not in view.rows(target):
                raise Refusal(400, f"There is no {target} with id {ident}")
            ids.append(ident)
        return ids


class View:
    """All rows at one moment, the clock's at the making; each model's are made when first asked for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = store.environment.clock.now()
        self._rows: dict[str, dict[int, Row]] = {}
        self._children: dict[tuple[str, str], dict[int, list[int]]] = {}

    def rows(self, model: str) -> dict[int, Row]:
        model = MODELS[model].rows
        if model not in self._rows:
            self._rows[model] = self.store.rows_at(model, self.now)
        return self._rows[model]

    def get(self, model: Model, ident: int) -> Row:
        row = self.rows(model.name).get(ident)
        if row is None:
            raise Refusal(404, f"{model.name} {ident} not found")
        return row

    def children(self, model: str, attribute: str, parent: int) -> list[int]:
        """List the ids of the rows of `model` whose to-one `attribute` is `parent`."""
        key = (model, attribute)
        if key not in self._children:
            index: dict[int, list[int]] = {}
            for ident, row in self.rows(model).items():
                index.setdefault(row.get(attribute) or 0, []).append(ident)
            self._children[key] = index
        return self._children[key].get(parent, [])


def need_model(word: str) -> Model:
    """Find a model by a word of a path; 404 if there is none."""
    model = find_model(word)
    if model is None:
        raise Refusal(404, f"Resource {word!r} not found")
    return model
