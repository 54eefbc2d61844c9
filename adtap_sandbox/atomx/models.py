"""The models of the API: names, relations, and what may be done with them; and a call on them.

The models themselves, one entry each, are in `models.json`.
"""

from dataclasses import dataclass, field
from typing import Any

from adtap_sandbox.tables import table


@dataclass(frozen=True)
class Model:
    """One model and its relations."""

    name: str  # singular, snake_case: the key of one object in a reply
    plural: str  # the key of a list in a reply
    # to-one relations that a row holds as an id: attribute -> model
    one: dict[str, str] = field(default_factory=dict)
    # to-many relations that a row holds as ids: attribute -> model
    many: dict[str, str] = field(default_factory=dict)
    # collections that point at this model: attribute -> (model, its to-one attribute)
    children: dict[str, tuple[str, str]] = field(default_factory=dict)
    stamped: bool = False  # whether rows carry `created_at` and `updated_at`
    writable: bool = False  # whether rows may be created, changed and deleted
    required: tuple[str, ...] = ()  # attributes that a new row must have
    stats: bool = False  # whether the lazy attribute `quickstats` exists
    rows_of: str = ""  # name of the model whose rows this one shares (an alias)
    hidden: tuple[str, ...] = ()  # attributes that only a user inside atomx sees

    @property
    def rows(self) -> str:
        """Name of the model that holds the rows."""
        return self.rows_of or self.name


MODELS: dict[str, Model] = {
    name: Model(name, **{"plural": f"{name}s", **entry})
    for name, entry in table(__package__, "models").items()
}

# Id-and-name lists of everything the user sees.
NAME_LISTS = ("networks", "publishers", "advertisers", "sites", "placements")

SEARCH_KEYS = ("advertisers", "campaigns", "creatives", "placements", "publishers", "sites")


def fold(word: str) -> str:
    """Return the form in which path words are compared.

    Clients write `Creatives`, `conversion-pixel`, `creative_attribute` and (the oldest) `CreativeAttribute` for the
    same things, so case, `-` and `_` are dropped.
    """
    return word.lower().replace("-", "").replace("_", "")


_BY_WORD: dict[str, Model] = {
    **{fold(model.plural): model for model in MODELS.values()},
    **{fold(model.name): model for model in MODELS.values()},
    "language": MODELS["languages"],
    "suspicious": MODELS["ssp_suspicious"],
}


def find_model(word: str) -> Model | None:
    """Find a model by a word of a path, singular or plural, however it is spelled."""
    return _BY_WORD.get(fold(word))


@dataclass(frozen=True)
class Call:
    """One call, read."""

    version: str  # `v1`, `v2` or `v3`
    verb: str  # HTTP method
    words: list[str]  # words of the path after the version, as sent
    params: list[tuple[str, str]]  # decoded query string
    body: Any  # decoded JSON body; None if there is none
    ip: str = ""  # address of the caller, for the history
    agent: str = ""  # the caller's user agent, for the history

    @property
    def head(self) -> str:
        """The first word, folded."""
        return fold(self.words[0])
