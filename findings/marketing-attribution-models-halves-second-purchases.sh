#!/usr/bin/env bash
# marketing-attribution-models gives too little credit for the purchases of a user who buys twice.
#
# A good guess: in the format "journey" each row is a journey with its conversion; all models share out the
# same sum, whoever the journeys belong to.
# What happens (marketing-attribution-models 2.1.1, polars 2.1.0): the column named by `user_id_colname` is
# taken for the journey's id, and two models count by it. With two journeys of one user time decay shares
# one credit among both: two purchases of 100.00 count as 100.00 in all. The position model numbers the
# touches through, so that the second journey has no first and no last touch and gets 60 of its 100.00. Last
# click and linear count both. Nothing is said.
# For a user: models that are laid side by side differ by the share of returning customers, which looks like
# a property of the model. Make an id for each journey (user and number) before, and compare each model's
# sum with the revenue.
set -euo pipefail
unset PYTHONPATH
packages=(marketing-attribution-models==2.1.1 polars==2.1.0 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import polars as pl
from mam.core import MAM

print(*(f"{name} {version(name)}" for name in ("marketing-attribution-models", "polars")))
JOURNEY, HOURS = "search > social > mail", "48 > 24 > 0"
MODELS = ("last_click", "linear", "position_based", "time_decay")


def sums(ids):
    """Return what each model shares out; every journey is worth 100."""
    frame = pl.DataFrame(
        {
            "id": ids,
            "journey": [JOURNEY] * len(ids),
            "hours": [HOURS] * len(ids),
            "bought": [True] * len(ids),
            "revenue": [100.0] * len(ids),
        }
    )
    model = MAM(
        frame,
        format_type="journey",
        channels_colname="journey",
        journey_with_conv_colname="bought",
        user_id_colname="id",
        time_till_conv_colname="hours",
        conversion_value_colname="revenue",
    )
    found = {}
    for name in MODELS:
        shared = getattr(model, f"run_{name}")().to_polars()
        found[name] = round(shared["attribution"].sum(), 2)
    return found


seen = {"each its own": sums(["u1-1", "u1-2", "u2-1"]), "by user": sums(["u1", "u1", "u2"])}
for name, found in seen.items():
    print(f"three purchases of 100, ids {name}: {found}")
stated = seen == {
    "each its own": dict.fromkeys(MODELS, 300.0),
    "by user": {
        "last_click": 300.0,
        "linear": 300.0,
        "position_based": 260.0,
        "time_decay": 200.0,
    },
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
