#!/usr/bin/env bash
# deepdiff finds no difference between two rows of a campaign and one of them.
#
# A good guess: `ignore_order=True` leaves the order out and counts all the same, and
# `group_by="id"` makes a group of the rows of an id, or refuses two of one id.
# What happens (deepdiff 9.1.0): with ignore_order a row that is there twice equals one that is
# there once ([5.00, 5.00, 7.00] and [5.00, 7.00] are no difference), and with group_by the last
# row of an id stands for all, so that a lost first day of a campaign is no difference either.
# `report_repetition=True` finds the first; `group_by` with two keys finds the second, as does a
# plain comparison with ignore_order.
# For a user: the check that a reload brought the same rows passes where rows are doubled or lost,
# which is what it is for. Add `report_repetition=True`, and group by all columns of the key.
set -euo pipefail
unset PYTHONPATH
packages=(deepdiff==9.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from deepdiff import DeepDiff

print("deepdiff", version("deepdiff"))
twice = [{"id": 1, "spend": 5.0}, {"id": 1, "spend": 5.0}, {"id": 2, "spend": 7.0}]
days = [
    {"id": 1, "day": "2026-01-01", "spend": 5.0},
    {"id": 1, "day": "2026-01-02", "spend": 6.0},
]
checks = {
    "doubled, ignore_order": (DeepDiff(twice, twice[1:], ignore_order=True), False),
    "doubled, report_repetition": (
        DeepDiff(twice, twice[1:], ignore_order=True, report_repetition=True),
        True,
    ),
    "lost day, group_by id": (DeepDiff(days, days[1:], group_by="id"), False),
    "lost day, group_by id and day": (DeepDiff(days, days[1:], group_by=["id", "day"]), True),
    "lost day, ignore_order": (DeepDiff(days, days[1:], ignore_order=True), True),
}
for name, (found, _) in checks.items():
    print(f"{name}: {'a difference' if found else 'no difference'}")
as_stated = all(bool(found) == stated for found, stated in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
