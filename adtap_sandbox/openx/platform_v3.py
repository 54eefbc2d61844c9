"""The Platform API, version 3: what the vendor's client touches at log-on, lists, reads, creates."""

from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox.openx import metadata, replies, request_parts
from adtap_sandbox.openx.replies import plain_json
from adtap_sandbox.openx.store import Store


class PlatformV3:
    """Answers `/ox/3.0/a/…`: bodies are forms, lists are bare arrays."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer(self, request: Request, path: str) -> Response:
        """One call; `path` is what follows `/ox/3.0/`."""
        parts = [part for part in path.split("/") if part]
        if not parts or parts[0] != "a":
            return replies.not_found("service", path)
        match parts[1:]:
            case ["session", "validate"]:
                return plain_json({"valid": True})
            case ["session"] if request.method == "DELETE":
                self._store.legacy.end(request_parts.cookie(request))
                return plain_json({})
            case ["account", ("currencyOptions" | "timezoneOptions") as key]:
                return plain_json(metadata.options(key.replace("Options", "_options")))
            case [kind, *rest] if kind in self._store.entities.by_kind:
                return await self._object(request, kind, rest)
        return replies.not_found("service", path)

    async def _object(  # noqa: PLR0911 - one per method and path
        self, request: Request, kind: str, rest: list[str]
    ) -> Response:
        query = dict(request_parts.query(request))
        if not rest and request.method == "GET":
            objects = self._store.alive(kind)[: int(query.get("limit", "1000000"))]
            full = query.get("overload") == "medium"
            return plain_json(objects if full else [item["id"] for item in objects])
        if rest and rest[0] in {"availableFields", "requiredFields"}:
            described = metadata.describe(self._store.alive(kind)[0])
            return plain_json(
                {
                    name: entry
                    for name, entry in described.items()
                    if rest[0] == "availableFields" or entry["required"]
                }
            )
        # null is written as the text "null".
        given = {
            name: None if value == "null" else value
            for name, value in await request_parts.form(request)
        }
        if not rest:
            return plain_json(self._store.create(kind, given)["id"])
        thing = self._store.find(kind, rest[0])
        if thing is None:
            return replies.not_found(kind, rest[0])
        if request.method == "DELETE":
            self._store.delete(thing)
            return plain_json({})
        if request.method == "POST":
            return plain_json(self._store.update(thing, dict(given)))
        return plain_json(thing.document(self._store.now()))
