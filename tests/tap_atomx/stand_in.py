"""An atomx of a few lines: lists, change logs and reports as a test puts them there."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.canned import Asked, Text


class Platform:
    """An atomx whose lists hold what a test puts there, filtered by the bounds that it knows."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.refused: tuple[str, ...] = ()
        self.deaf: tuple[str, ...] = ()
        self.counts_all = False
        self.orders: tuple[str, ...] = ("order_by", "sort")
        self.refuses_orders = False
        self.logs: dict[str, list[dict[str, Any]]] = {}
        self.gone: tuple[str, ...] = ()
        self.report: Callable[[Mapping[str, Any]], object] = lambda _asked: None
        self.on_page: Callable[[Mapping[str, str]], None] = lambda _query: None
        self.query: Mapping[str, str] = {}
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> object:
        self.asked.append(asked)
        path = asked.path.removeprefix("/v3/")
        if path == "login":
            return {"success": True, "resource": "auth_token", "auth_token": "token-0123456789"}
        if path == "report":
            self.query = asked.query
            return self.report(asked.json)
        if any(f"{name}>" in asked.query for name in self.refused):
            refusal = '{"success": false, "error": "no such filter", "errno": 9}'
            return Text(refusal, "application/json", 400)
        if path == "reports":
            return {"success": True, "resource": "reporting", "reporting": self.lists}
        if path in self.logs or (path.startswith("history/") and not self.logs):
            one = {"date": "2026-03-10T00:00:00", "user": 3, "changes": {}, "comment": path}
            rows = self.logs.get(path, [one])[int(asked.query["offset"]) :]
            return {"success": True, "resource": "history", "history": rows, "limit": 1000}
        return self._page(path, asked.query) if path in self.lists else self._object(path)

    def _object(self, path: str) -> object:
        model, _, ident = path.partition("/")
        rows = () if path in self.gone else self.lists.get(f"{model}s", ())
        found = [row for row in rows if str(row["id"]) == ident]
        return {"success": True, "resource": model, model: found[0]} if found else None

    def _page(self, path: str, query: Mapping[str, str]) -> object:
        self.on_page(query)
        rows = sorted(self.lists[path], key=lambda row: row["id"] or 0)
        if {"order_by", "sort"} & set(query) - set(self.orders):
            if self.refuses_orders:
                refusal = '{"success": false, "error": "no such attribute", "errno": 9}'
                return Text(refusal, "application/json", 400)
            rows = []  # an attribute that no row has
        for name in {"id", "updated_at"} - set(self.deaf):
            if (least := query.get(f"{name}>")) is not None:
                low = int(least) if name == "id" else least
                rows = [row for row in rows if row.get(name) and row[name] >= low]
        offset = int(query["offset"])
        count = {"count": len(self.lists[path])} if self.counts_all else {}
        rows = rows[offset : offset + int(query.get("limit", 1000))]
        return {"success": True, "resource": path, path: rows, "limit": 1000, **count}

    def bounds(self, path: str) -> list[tuple[str, ...]]:
        """Which bounds each request for a list had."""
        return [
            tuple(sorted(set(a.query) & {"id>", "updated_at>"}))
            for a in self.asked
            if a.path == f"/v3/{path}"
        ]
