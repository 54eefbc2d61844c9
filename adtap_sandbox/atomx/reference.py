"""Rows of the models that nobody edits: small code lists and the big tables.

Of most of these models only the name is known; an id and a name are certain, what else a row holds here is made up
(codes, dimensions) so that a reader meets attributes that no documentation names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adtap_sandbox.world import World

Row = dict[str, Any]

BIG = {"app": 400, "city": 2600, "isp": 1500, "zipcode": 3200}
"""Rows of the big tables in a world of size 1. Domains, the biggest, can be created: see `business`."""

DOMAINS = 4300

_NAMES: dict[str, tuple[str, ...]] = {
    "appstore": ("Apple App Store", "Google Play", "Amazon Appstore", "Windows Store"),
    "bidder": ("bidder-ams-1", "bidder-ams-2", "bidder-nyc-1", "bidder-sin-1"),
    "browser": (
        "Chrome",
        "Firefox",
        "Safari",
        "Edge",
        "Opera",
        "Samsung Internet",
        "UC Browser",
        "Other",
    ),
    "campaign_debug_reason": (
        "Budget exhausted",
        "Daily budget exhausted",
        "Bid below floor",
        "No matching creative size",
        "Creative not audited",
        "Frequency cap reached",
        "Profile does not match",
    ),
    "category": (
        "Arts & Entertainment",
        "Automotive",
        "Business",
        "Careers",
        "Education",
        "Family & Parenting",
        "Health & Fitness",
        "Food & Drink",
        "Hobbies & Interests",
        "Home & Garden",
        "Law, Gov't & Politics",
        "News",
        "Personal Finance",
        "Society",
        "Science",
        "Pets",
        "Sports",
        "Style & Fashion",
        "Technology & Computing",
        "Travel",
        "Real Estate",
        "Shopping",
    ),
    "connection_type": ("Unknown", "Cable/DSL", "Corporate", "Cellular", "Dialup", "Satellite"),
    "creative_attribute": (
        "Audio (auto play)",
        "Audio (user initiated)",
        "Expandable (automatic)",
        "Expandable (user initiated)",
        "In-banner video",
        "Pop",
        "Provocative or suggestive imagery",
        "Shaky, flashing, flickering",
        "Surveys",
        "Text only",
    ),
    "creative_ban_reason": (
        "Malware",
        "Misleading",
        "Adult content",
        "Broken landing page",
        'Fake "system" dialog',
    ),
    "datacenter": ("Amsterdam", "New York", "Singapore"),
    "device_type": (
        "Unknown",
        "Desktop",
        "Mobile",
        "Tablet",
        "Connected TV",
        "Game console",
    ),
    "domain_attribute": ("Brand safe", "User generated content", "Forum", "Parked", "Adult"),
    "dsp": ("Meridian DSP", "Bidhaus", "クリック入札"),
    "languages": ("English", "German", "French", "Danish", "Japanese", "Portuguese", "Swedish"),
    "operating_system": (
        "Windows 10",
        "Windows 11",
        "macOS",
        "iOS 16",
        "iOS 17",
        "Android 13",
        "Android 14",
        "Linux",
        "Other",
    ),
    "placement_type": ("BANNER", "POPUNDER", "VIDEO", "NATIVE", "APP"),
    "price_model": ("CPM", "DCPM", "CPC", "CPA"),
    "reason": ("Fraud", "Low quality", "Policy violation", "Publisher request"),
    "ssp": ("Nordlys SSP", "Harbor Exchange", "Pont d'Enchères"),
    "ssp_result_type": ("won", "lost", "below floor", "timeout", "blocked"),
    "ssp_suspicious": ("datacenter ip", "spoofed referrer", "no cookies", "proxy"),
    "timezone": (
        "UTC",
        "EST",
        "PST8PDT",
        "CET",
        "America/New_York",
        "America/Los_Angeles",
        "America/Sao_Paulo",
        "Europe/Berlin",
        "Europe/Copenhagen",
        "Europe/London",
        "Europe/Paris",
        "Asia/Kolkata",
        "Asia/Singapore",
        "Asia/Tokyo",
        "Australia/Lord_Howe",
    ),
    "visibility": ("Unknown", "Above the fold", "Below the fold", "Partially visible"),
}

_COUNTRY_NAMES = {
    "BR": "Brazil",
    "DE": "Germany",
    "DK": "Denmark",
    "FR": "France",
    "GB": "United Kingdom",
    "JP": "Japan",
    "SE": "Sweden",
    "US": "United States",
}

_SYLLABLES = ("atom", "nord", "vent", "blau", "kiosk", "mini", "nova", "é", "pixel", "str", "han")
_ENDINGS = ("example", "test.example", "news.example", "blog.example")


def word(world: World, *key: object) -> str:
    """Return a made-up lower-case word that depends on the key alone."""
    number = world.number(*key)
    parts = []
    for _ in range(2 + number % 2):
        number, nth = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[nth])
    return "".join(parts)


def host(world: World, number: int) -> str:
    """Return the host name of the made-up domain `number`; every one is another."""
    ending = _ENDINGS[world.number("host end", number) % len(_ENDINGS)]
    return f"{word(world, 'host', number).replace('é', 'e')}{number}.{ending}"


def reference_rows(world: World) -> dict[str, dict[int, Row]]:
    """Return the rows of every reference model, by model and id."""
    rows: dict[str, list[Row]] = {
        model: [{"id": nth, "name": name} for nth, name in enumerate(names, 1)]
        for model, names in _NAMES.items()
    }
    # Only `description` is evidenced for these two, and `name` nowhere.
    for row in rows["creative_ban_reason"]:
        row["description"] = row.pop("name")
    rows["country"] = [
        {"id": nth, "name": _COUNTRY_NAMES.get(code, code), "code": code}
        for nth, code in enumerate(world.countries, 1)
    ]
    rows["size"] = _sizes(world)
    rows["dma"] = [{"id": 500 + nth, "name": f"Market {nth:03d}, US"} for nth in range(210)]
    for row in rows["ssp"]:
        row["seller_profile"] = row["id"]
    rows["app"] = _apps(world)
    countries = len(world.countries)
    rows["city"] = [
        {
            "id": 1000 + nth,
            # Names repeat, as cities do; a key made of names would lose rows.
            "name": word(world, "city", nth % 1700).capitalize(),
            "country": 1 + nth % countries,
        }
        for nth in range(BIG["city"] * world.size)
    ]
    rows["isp"] = [
        {
            "id": 1 + nth * 3,
            "name": f"{word(world, 'isp', nth).capitalize()} Telecom",
            "country": 1 + world.number("isp country", nth) % countries,
        }
        for nth in range(BIG["isp"] * world.size)
    ]
    rows["zipcode"] = [
        # Leading zeros: a zip code is no number.
        {"id": 1 + nth, "name": f"{nth * 29 % 100_000:05d}", "country": 1 + nth % countries}
        for nth in range(BIG["zipcode"] * world.size)
    ]
    return {model: {row["id"]: row for row in made} for model, made in rows.items()}


def _sizes(world: World) -> list[Row]:
    known = dict.fromkeys(
        [
            *(creative.size for creative in world.creatives),
            *(unit.size for unit in world.ad_units),
            (468, 60),
            (120, 600),
            (1, 1),
        ]
    )
    return [
        {"id": nth, "name": f"{width}x{height}", "width": width, "height": height}
        for nth, (width, height) in enumerate(known, 1)
    ]


def _apps(world: World) -> list[Row]:
    rows: list[Row] = [
        {
            "id": nth,
            "name": app.name,
            "bundle": app.bundle_id,
            "appstore": 1 if app.store == "app_store" else 2,
        }
        for nth, app in enumerate(world.apps, 1)
    ]
    rows += [
        {
            "id": nth,
            # An app that the store no longer names.
            "name": None if nth % 50 == 0 else f"{word(world, 'app', nth).capitalize()} {nth}",
            "bundle": f"com.example.{word(world, 'bundle', nth)}{nth}",
            "appstore": 1 + nth % 2,
        }
        for nth in range(len(rows) + 1, BIG["app"] * world.size + 1)
    ]
    return rows
