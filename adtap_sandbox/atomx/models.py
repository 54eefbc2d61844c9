"""The models of the API: names, relations, and what may be done with them.

The models themselves, one entry each, are in `models.json`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adtap_sandbox.tables import table


@dataclass(frozen=True)
class Model:
    """One model and its relations.

    Args:
        name: Singular, snake_case: the key of one object in a reply.
        plural: The key of a list in a reply.
        one: To-one relations that a row holds as an id: attribute -> model.
        many: To-many relations that a row holds as ids: attribute -> model.
        children: Collections that point at this model: attribute -> (model, its to-one attribute).
        stamped: Whether rows carry `created_at` and `updated_at`.
        writable: Whether rows may be created, changed and deleted.
        required: Attributes that a new row must have.
        stats: Whether the lazy attribute `quickstats` exists.
        rows_of: Name of the model whose rows this one shares (an alias).
        hidden: Attributes that only a user inside atomx sees.
    """

    name: str
    plural: str
    one: dict[str, str] = field(default_factory=dict)
    many: dict[str, str] = field(default_factory=dict)
    children: dict[str, tuple[str, str]] = field(default_factory=dict)
    stamped: bool = False
    writable: bool = False
    required: tuple[str, ...] = ()
    stats: bool = False
    rows_of: str = ""
    hidden: tuple[str, ...] = ()

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
