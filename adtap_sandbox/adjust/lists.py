"""What can be listed: ``filters_data`` and ``events``."""

from collections.abc import Callable
from typing import Any, Final

from adtap_sandbox.tables import fill, table

from .metrics import AD_REVENUE_SOURCES, LAST_PERIOD, Listed, catalogue_sections, listed, readable
from .periods import TIME_DIMENSIONS
from .query import CELL_DIMENSIONS, IAP_MODES, Params, words
from .replies import invalid
from .store import COUNTRY_NAMES, CURRENCY_NAMES, ORGANIC_PARTNER, AdjustStore

Option = dict[str, Any]
_DECLARED: Final = table(__package__ or "", "filters")
PERIODS: Final = tuple(
    f"{unit}{number}" for unit, last in LAST_PERIOD.items() for number in range(last + 1)
)


def option(key: str, name: str, section: str = "", formatting: str | None = None) -> Option:
    made: Option = {"id": key, "name": name, "short_name": "", "section": section}
    return made | {"formatting": formatting, "description": "", "increase_is_negative": False}


def _metric(entry: Listed, key: str) -> Option:
    title: str = _DECLARED["titles"][entry.section]
    return option(key, entry.name or readable(key), title, _DECLARED["formatting"][entry.format])


class Lists:
    """The options of every filter, for one account."""

    def __init__(self, store: AdjustStore) -> None:
        self.store = store
        self.filters: dict[str, Callable[[str], list[Option]]] = {
            "apps": self._apps,
            "apps_network": lambda account: [
                option(f"{app.store_type}:{app.store_id}", app.name)
                for app in store.apps_of(account).values()
            ],
            "skad_metrics": lambda _: [
                _metric(entry, entry.id)
                for entry in catalogue_sections()[0].values()
                if entry.section == "skan"
            ],
            "cohort_metric_names": lambda _: [
                _metric(entry, entry.id) for entry in catalogue_sections()[1].values()
            ],
            "cohort_metrics": lambda _: [
                _metric(entry, f"{entry.id}_{period}")
                for entry in catalogue_sections()[1].values()
                for period in PERIODS
            ],
            "full_cohort_periods": lambda _: [option(p, p.upper()) for p in PERIODS],
            "event_metrics": self._event_metrics,
            "dimensions": lambda _: [
                option(name, readable(name)) for name in (*TIME_DIMENSIONS, *CELL_DIMENSIONS)
            ],
            "countries": lambda _: [
                option(code, COUNTRY_NAMES.get(code, (code, ""))[0])
                for code in store.world.countries
            ],
            "currencies": self._currencies,
            "networks": lambda _: _plain(*store.world.networks),
            "partners": lambda _: [
                option(partner.id, partner.name, "Partners") for partner in store.partners.values()
            ],
            "channels": lambda _: [
                option(f"partner_{ORGANIC_PARTNER}", "Organic", "Partners"),
                *(
                    option(f"partner_{partner.id}", partner.name, "Partners")
                    for partner in store.partners.values()
                ),
            ],
            "ad_revenue_sources": lambda _: _plain(*AD_REVENUE_SOURCES.values()),
            "iap_revenue_mode": lambda _: _plain(*IAP_MODES),
            "utc_offset": lambda _: _plain(*(f"{hour:+03d}:00" for hour in range(-12, 15))),
            "index": lambda _: _plain(*CELL_DIMENSIONS),
        }

    def filters_data(self, params: Params, account: str) -> dict[str, list[Option]]:
        """The filters asked for (none is an empty object); 400 for an unknown filter or section."""
        answer: dict[str, list[Option]] = {}
        section = params.get("section")
        if section is not None and section not in _DECLARED["sections"]:
            raise invalid(f"Invalid value: {section} loc=section")
        for name in words(params, "required_filters"):
            if name not in {*self.filters, *_DECLARED["plain"], *_DECLARED["metrics"]}:
                raise invalid(f"Unsupported filter: {name} loc=required_filters")
            wanted = params.get(f"{name}__contains", "").casefold()
            answer[name] = [
                entry
                for entry in self._options(name, account)
                if (wanted in entry["id"].casefold() or wanted in entry["name"].casefold())
                and (section is None or entry["section"].casefold() in ("", section))
            ]
        return answer

    def _options(self, name: str, account: str) -> list[Option]:
        kept, question = self.store.environment.kept, f"filter {name} {account}"
        return kept(question, lambda: self._made(name, account))

    def _made(self, name: str, account: str) -> list[Option]:
        if name in _DECLARED["plain"]:
            return _plain(*_DECLARED["plain"][name])
        if name in _DECLARED["metrics"]:
            sections = _DECLARED["metrics"][name]
            return [_metric(entry, entry.id) for entry in listed() if entry.section in sections]
        return self.filters[name](account)

    def _apps(self, account: str) -> list[Option]:
        made = []
        for app in self.store.apps_of(account).values():
            values = {"app": app, "currency": CURRENCY_NAMES.get(app.currency, app.currency)}
            platforms = {app.os_name: fill(_DECLARED["platform"], values)}
            made.append({**fill(_DECLARED["app"], values), "platforms": platforms})
        return made

    def _event_metrics(self, account: str) -> list[Option]:
        owned = self.store.apps_of(account).keys()
        made = []
        for event in self.store.events:
            if not owned & event.tokens.keys():
                continue
            for key, entry in catalogue_sections()[2].items():
                periods = PERIODS if "{cohort_period}" in key else ("",)
                keys = (key.replace("{cohort_period}", period) for period in periods)
                made += [_metric(entry, f"{event.slug}_{name}") for name in keys]
        return made

    def _currencies(self, account: str) -> list[Option]:
        own = {app.currency for app in self.store.apps_of(account).values()}
        return [
            option(code, name, "Apps Currencies" if code in own else "Other Currencies")
            for code, name in CURRENCY_NAMES.items()
        ]

    def events(self, params: Params, account: str, tokens: tuple[str, ...]) -> list[Option]:
        """The events of the apps, as ``/events`` lists them; 400 for an app that is not the account's."""
        owned = set(self.store.apps_of(account))
        if not owned.issuperset(tokens):
            raise invalid("Invalid app tokens")
        asked = set(tokens) or owned
        wanted = params.get("events__contains", "").casefold()
        mapping = params.get("tokens_mapping", "false").lower() == "true"
        made: list[Option] = []
        for event in self.store.events:
            here = {app: token for app, token in event.tokens.items() if app in asked}
            if not here or (wanted != event.slug and wanted not in event.name.casefold()):
                continue
            made.append(
                {
                    **option(event.slug, event.name, "Events", "money" if event.money else None),
                    "app_token": list(here),
                    "tokens": list(here.values()),
                    "is_skad_event": event.skan,
                    "app_token_x_event_tokens_mapping": {a: [t] for a, t in here.items()}
                    if mapping
                    else None,
                }
            )
        return made


def _plain(*ids: str) -> list[Option]:
    return [option(name, name) for name in ids]
