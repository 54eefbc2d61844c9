"""The same streams the ordinary way on singer-sdk, as its template and guide make them.

    python -m benchmarks.ordinary --config CONFIG

A stream on the SDK's own REST class, typed properties, a JSON path to the records, and text made into
numbers in `post_process`. The setting `stream` says which: `bench` or `creatives`.
"""

from decimal import Decimal
from typing import Any, ClassVar

from singer_sdk import RESTStream, Stream, Tap
from singer_sdk import typing as th
from singer_sdk.helpers.types import Context, Record
from singer_sdk.pagination import BaseOffsetPaginator
from typing_extensions import override

from benchmarks.bodies import ADJUST, END, ENTITIES, ENTITY_PAGE, START


class _Stream(RESTStream[Any]):
    @property
    @override
    def url_base(self) -> str:
        return str(self.config["api_url"])


class ReportStream(_Stream):
    """Adjust's report: one request."""

    name = "bench"
    path = "/reports-service/report"
    primary_keys = ADJUST.dimensions
    replication_key = "day"
    records_jsonpath = "$.rows[*]"
    schema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("day", th.DateType, required=True),
        *(th.Property(name, th.StringType) for name in ADJUST.dimensions[1:]),
        *(th.Property(name, th.IntegerType) for name in ADJUST.counts),
        *(th.Property(name, th.NumberType) for name in ADJUST.money),
    ).to_dict()

    @override
    def get_url_params(self, context: Context | None, next_page_token: Any) -> dict[str, Any]:
        return {
            "dimensions": ",".join(ADJUST.dimensions),
            "metrics": ",".join(ADJUST.metrics),
            "date_period": f"{START}:{END}",
        }

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        for name in ADJUST.counts:
            row[name] = int(row[name])
        for name in ADJUST.money:
            row[name] = Decimal(row[name])
        return row


class _Pages(BaseOffsetPaginator):
    @override
    def has_more(self, response: Any) -> bool:
        return self.current_value + self._page_size < ENTITIES


class CreativesStream(_Stream):
    """atomx's creatives: pages by offset."""

    name = "creatives"
    path = "/v3/creatives"
    primary_keys = ("id",)
    replication_key = None
    records_jsonpath = "$.creatives[*]"
    schema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True),
        *(
            th.Property(name, th.StringType)
            for name in ("name", "state", "title", "content_type", "content", "extension")
        ),
        *(th.Property(name, th.StringType) for name in ("final_url", "url", "click_url")),
        *(
            th.Property(name, th.IntegerType)
            for name in ("advertiser", "category", "size", "language", "size_bytes", "modified_by")
        ),
        th.Property("attributes", th.ArrayType(th.IntegerType)),
        th.Property("types", th.ArrayType(th.StringType)),
        th.Property("https", th.BooleanType),
        th.Property("notify", th.BooleanType),
        *(
            th.Property(name, th.DateTimeType)
            for name in ("audited_at", "checked_at", "created_at", "updated_at")
        ),
    ).to_dict()

    @override
    def get_new_paginator(self) -> BaseOffsetPaginator:
        return _Pages(0, ENTITY_PAGE)

    @override
    def get_url_params(self, context: Context | None, next_page_token: Any) -> dict[str, Any]:
        return {"limit": ENTITY_PAGE, "offset": next_page_token}


class TapOrdinary(Tap):
    """A tap as the SDK's template makes it."""

    name = "tap-ordinary"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("stream", th.StringType, required=True),
    ).to_dict()

    @override
    def discover_streams(self) -> list[Stream]:
        return [ReportStream(self) if self.config["stream"] == "bench" else CreativesStream(self)]


if __name__ == "__main__":
    TapOrdinary.cli()
