"""Calls on models: lists, single rows, relations, writes, history, search, login."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from adtap_sandbox import lists
from adtap_sandbox.atomx.accounts import Accounts
from adtap_sandbox.atomx.data import USER_ID, Edit, Row, text
from adtap_sandbox.atomx.lists import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Question,
    Reader,
    ask,
    matches,
    order,
    whole,
    words,
)
from adtap_sandbox.atomx.models import (
    MODELS,
    NAME_LISTS,
    SEARCH_KEYS,
    Call,
    Model,
    find_model,
    fold,
)
from adtap_sandbox.atomx.replies import Refusal, success
from adtap_sandbox.atomx.reports_api import ReportsApi
from adtap_sandbox.atomx.store import Store, need_model
from adtap_sandbox.environment import Environment


class Resources:
    """Answers calls on models."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.store = Store(environment)
        self.accounts = Accounts(environment)
        self.reports = ReportsApi(environment, self.store)

    def reader(self) -> Reader:
        internal = self.environment.switch("internal_attributes")
        bounds = self.environment.switch("bound_filters")
        return Reader(self.store.view(), self.reports.quickstats, internal, bounds)

    def call(self, call: Call) -> Response:
        """Answer a call whose path begins with a model, `history` or a `…_list`; 404 for what is not there."""
        if call.head == "history" and call.verb == "GET":
            model, ident = need_model(_word(call, 1)), _number(_word(call, 2))
            return self._history(call, model, ident)
        if call.head.endswith("list") and call.verb == "GET":
            return self._name_list(call)
        verbs = {"GET": self._get, "POST": self._post, "PUT": self._put, "DELETE": self._delete}
        return verbs[call.verb](call, need_model(call.words[0]))

    def search(self, call: Call) -> Response:
        """Answer a search: ids and names only, by plural model name."""
        given = dict(call.params)
        wanted = words(given.get("index", "")) or SEARCH_KEYS
        pattern = given.get("q", "")
        if "*" not in pattern:
            pattern = f"*{pattern}*"
        view = self.store.view()
        found: dict[str, list[dict[str, Any]]] = {}
        for word in wanted:
            model = need_model(word)
            rows = [row for row in view.rows(model.name).values() if row.get("name")]
            hits = (row for row in rows if matches(pattern, str(row["name"])))
            found[model.plural] = [{"id": row["id"], "name": row["name"]} for row in hits]
        return success(view.now, "search", found)

    def welcome(self, call: Call, token: str, *, totp_required: bool) -> Response:
        """Answer who has logged in, or has yet to give the second factor."""
        view = self.store.view()
        row = view.get(MODELS["user"], USER_ID)
        user = {"id": row["id"], "name": row["name"], "email": row["email"]}
        look = self.environment.switch("user_lists")
        for attribute, target in MODELS["user"].many.items():
            if look == "ids":
                user[attribute] = row[attribute]
            elif look == "objects":
                rows = view.rows(target)
                there = [ident for ident in row[attribute] if ident in rows]
                user[attribute] = [{"id": ident, "name": rows[ident]["name"]} for ident in there]
        key = "auth_token" if call.version == "v3" else "auth_tkt"
        said = f"{row['name']} (user id {row['id']}) logged in"
        more = {"totp_required": totp_required, "message": said, "user": user}
        reply = success(view.now, key, token, **more)
        if call.version != "v3":
            reply.set_cookie("auth_tkt", token)
        return reply

    def _get(self, call: Call, model: Model) -> Response:
        if len(call.words) == 1:
            return self._list(call, model)
        ident = _number(call.words[1])
        if len(call.words) == 2:  # noqa: PLR2004 - model and id
            return self._one(call, model, ident)
        if fold(call.words[2]) == "history":
            return self._history(call, model, ident)
        return self._attribute(call, model, ident, call.words[2])

    def _question(self, call: Call) -> Question:
        setting = self.environment.switch("order_parameter")
        names = ("order_by", "sort") if setting == "both" else (setting,)
        question = ask(call.params, order_names=names)
        refused = self.environment.switch("refused_bounds")
        for condition in question.conditions:
            if condition.operator != "=" and condition.path in refused:
                raise Refusal(400, f"{condition.path} takes no bound")
        shape = question.shape
        depth = max(shape.depth, self.environment.switch("least_depth"))
        return replace(question, shape=replace(shape, depth=depth))

    def _list(self, call: Call, model: Model) -> Response:
        question = self._question(call)
        reader = self.reader()
        ident = dict(call.params).get("id", "")
        if ident.isdigit() and self.environment.switch("single_id_is_object"):
            return self._one(call, model, int(ident))
        page = lists.page(reader.select(model, question), question.limit, question.offset)
        reply = self._page(reader, model.plural, model, page, question)
        shifting = self.environment.switch("shifting_lists")
        if page.next is not None and model.writable and model.plural in shifting:
            kinds = self.environment.switch("shifting_kinds")
            times = self.environment.switch("shifting_times")
            self.store.shift(model, [row["id"] for row in page.rows], kinds, times)
        return reply

    def _page(
        self, reader: Reader, name: str, model: Model, page: lists.Page[Row], question: Question
    ) -> Response:
        per_page = self.environment.switch("count_is_page")
        count = len(page.rows) if per_page else page.total
        cut: dict[str, object] = {"count": count, "limit": page.limit, "offset": page.offset}
        if question.sort:
            cut["sort"] = question.sort
        rows = [reader.render(model, row, question.shape) for row in page.rows]
        return success(reader.view.now, name, rows, **cut)

    def _one(self, call: Call, model: Model, ident: int) -> Response:
        reader = self.reader()
        row = reader.view.get(model, ident)
        shape = self._question(call).shape
        return success(reader.view.now, model.name, reader.render(model, row, shape))

    def _attribute(self, call: Call, model: Model, ident: int, word: str) -> Response:
        reader = self.reader()
        row = reader.view.get(model, ident)
        name = _attribute_name(model, row, word)
        now = reader.view.now
        question = self._question(call)
        if name == "quickstats":
            return success(now, name, self.reports.quickstats(model, ident))
        if name in model.many or name in model.children:
            target = MODELS[model.many[name] if name in model.many else model.children[name][0]]
            members = {
                member["id"] for member in reader.collection(model, row, name, question.shape)
            }
            found = [one for one in reader.select(target, question) if one["id"] in members]
            page = lists.page(found, question.limit, question.offset)
            return self._page(reader, name, target, page, question)
        value = row.get(name)
        if name in model.one and isinstance(value, int):
            target = MODELS[model.one[name]]
            related = reader.view.get(target, value)
            return success(now, name, reader.render(target, related, question.shape))
        return success(now, name, value)

    def _name_list(self, call: Call) -> Response:
        model = find_model(call.words[0][: -len("list")].rstrip("-_"))
        if model is None or model.plural not in NAME_LISTS:
            raise Refusal(404, f"Resource {call.words[0]!r} not found")
        view = self.store.view()
        rows = view.rows(model.name).values()
        listed: list[Any] = [{"id": row["id"], "name": row["name"]} for row in rows]
        if call.version == "v1":
            listed = [[row["id"], row["name"]] for row in rows]
        return success(view.now, f"{model.plural}_list", listed, count=len(listed))

    def _history(self, call: Call, model: Model, ident: int) -> Response:
        given = dict(call.params)
        edits = self.store.history(model, ident)
        # What was deleted keeps its history; what never was has none.
        if not edits:
            self.store.view().get(model, ident)
        sort = given.get("sort") or given.get("order_by") or "date.asc"
        columns = order(sort)
        for path, _ in columns:
            if path != "date":
                raise Refusal(400, f"Can't sort history by {path!r}")
        edits = lists.sort(edits, [(lambda edit: edit.at, down) for _, down in columns])
        limit = min(whole(given, "limit", DEFAULT_LIMIT), MAX_LIMIT)
        page = lists.page(edits, limit, whole(given, "offset", 0))
        entries, now = [self._entry(call, edit) for edit in page.rows], self.environment.clock.now()
        cut = {"count": page.total, "limit": page.limit, "offset": page.offset, "sort": sort}
        return success(now, "history", entries, **cut)

    def _entry(self, call: Call, edit: Edit) -> dict[str, Any]:
        name = self.store.name_of("user", edit.user)
        entry: dict[str, Any] = {
            "date": text(edit.at),
            "user": {
                "id": edit.user,
                "name": name,
                "ip": call.ip if edit.comment else "203.0.113.7",
                "user_agent": call.agent if edit.comment else "Mozilla/5.0",
            },
            "changes": {key: list(pair) for key, pair in edit.changes.items()},
        }
        if edit.comment is not None:
            entry["comment"] = edit.comment
        return entry

    def _post(self, call: Call, model: Model) -> Response:
        if len(call.words) > 1:
            # The one POST below an id that is documented: a user's own password.
            return self._change(call, model, _number(call.words[1]), _object(call))
        if model.name == "domain" and isinstance(call.body, str):
            return self._domains(call)
        given = _object(call)
        comment = given.pop("comment", None)
        row = self.store.create(model, given, comment)
        return self._written(call, model, row["id"])

    def _put(self, call: Call, model: Model) -> Response:
        if len(call.words) == 1:
            question = self._question(call)
            found = self.reader().select(model, question)
            if len(found) != 1:
                raise Refusal(400, f"{len(found)} rows match, exactly one must")
            return self._change(call, model, found[0]["id"], _object(call))
        ident = _number(call.words[1])
        if len(call.words) == 2:  # noqa: PLR2004 - model and id
            return self._change(call, model, ident, _object(call))
        row = self.store.view().get(model, ident)
        name = _attribute_name(model, row, call.words[2])
        value = call.body.get(name) if isinstance(call.body, dict) else call.body
        return self._change(call, model, ident, {name: value})

    def _change(self, call: Call, model: Model, ident: int, given: dict[str, Any]) -> Response:
        comment = given.pop("comment", None)
        # Passwords are taken and forgotten: no reply may ever hold one.
        for secret in ("password", "old_password"):
            given.pop(secret, None)
        self.store.change(model, ident, given, comment)
        return self._written(call, model, ident)

    def _written(self, call: Call, model: Model, ident: int) -> Response:
        reader = self.reader()
        row = reader.view.get(model, ident)
        shown = reader.render(model, row, self._question(call).shape)
        message = f"{model.name} {ident} saved"
        return success(reader.view.now, model.name, shown, message=message)

    def _delete(self, call: Call, model: Model) -> Response:
        removed = self.store.delete(model, _number(_word(call, 1)))
        return success(self.environment.clock.now(), "deleted", removed)

    def _domains(self, call: Call) -> Response:
        """Find or make domains by host names, given as one text."""
        model = MODELS["domain"]
        by_name = {row["name"]: row["id"] for row in self.store.view().rows("domain").values()}
        ids = []
        for name in dict.fromkeys(call.body.replace(",", " ").split()):
            if name not in by_name:
                by_name[name] = self.store.create(model, {"name": name}, None)["id"]
            ids.append(by_name[name])
        reader = self.reader()
        shape = self._question(call).shape
        rows = [reader.render(model, reader.view.get(model, ident), shape) for ident in ids]
        return success(reader.view.now, "domains", rows, count=len(rows))


def _word(call: Call, place: int) -> str:
    if len(call.words) <= place:
        raise Refusal(404, "Not found")
    return call.words[place]


def _number(word: str) -> int:
    if not word.isascii() or not word.isdigit():
        raise Refusal(404, f"{word!r} is no id")
    return int(word)


def _object(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise Refusal(400, "The body must be a JSON object")
    return dict(call.body)


def _attribute_name(model: Model, row: Row, word: str) -> str:
    """Find an attribute by a word of a path; 404 if there is none."""
    known = [*row, *model.one, *model.many, *model.children]
    if model.stats:
        known.append("quickstats")
    for name in known:
        if fold(name) == fold(word) and name not in model.hidden:
            return str(name)
    raise Refusal(404, f"{model.name} has no attribute {word!r}")
