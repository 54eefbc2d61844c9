#!/usr/bin/env bash
# ChannelAttribution cuts conversions to whole numbers: three paths of half a conversion are none.
#
# A good guess: conversions are numbers like the values beside them, which keep their cents; what is credited
# to all channels together is what was put in.
# What happens (ChannelAttribution 2.2.5): each path's conversions are cut to a whole number first, in
# heuristic_models and in markov_model. 0.5, 2.5 and 3.25 conversions are 5 together, not 6.25, and three
# paths of 0.5 are nothing: each channel has 0.0. No warning. Values (var_value) keep their cents, but where no
# path keeps a conversion, markov_model credits no value at all.
# For a user: platforms with data-driven attribution report fractions of conversions (0.5 here, 0.33 there),
# so that small paths, the long tail of every such report, get no credit at all. Multiply by 100 and round
# before (0.29 * 100 is 28.999999999999996, which is cut to 28), and divide afterwards.
command -v c++ >/dev/null || { echo "skipped: the package is built from source, which needs a C++ compiler"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(ChannelAttribution==2.2.5 pandas==3.1.1 matplotlib==3.11.2 numpy==2.4.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import contextlib
import io
import sys
from importlib.metadata import version

import pandas as pd

with contextlib.redirect_stdout(io.StringIO()):
    import ChannelAttribution as attribution

print("ChannelAttribution", version("ChannelAttribution"))
PATHS = ["Search > Social", "Social", "Search"]


def credited(model, conversions, **options):
    """Return what all channels get together, by column."""
    data = pd.DataFrame({"path": PATHS, "conv": conversions, "value": conversions, "lost": [1, 1, 1]})
    with contextlib.redirect_stdout(io.StringIO()):
        result = model(data, "path", "conv", "value", **options)
    return {name: round(float(result[name].sum()), 6) for name in result.columns[1:]}


stated = True
for conversions, whole, value in (([0.5, 2.5, 3.25], 5, 6.25), ([0.5, 0.5, 0.5], 0, 0)):
    simple = credited(attribution.heuristic_models, conversions, flg_pro=False)
    markov = credited(attribution.markov_model, conversions, var_null="lost", flg_pro=False, verbose=False)
    print(f"put in {conversions}, {sum(conversions)} together")
    print("  heuristic_models:", simple)
    print("  markov_model:", markov)
    counts = {name: value for name, value in (simple | markov).items() if "conversions" in name}
    stated &= set(counts.values()) == {whole} and simple["linear_touch_value"] == sum(conversions)
    stated &= markov["total_conversion_value"] == value
for title, conversion, whole in (("times 100", 0.29 * 100, 28), ("times 100, rounded", round(0.29 * 100, 0), 29)):
    simple = credited(attribution.heuristic_models, [conversion] * 3, flg_pro=False)
    counts = {name: value for name, value in simple.items() if "conversions" in name}
    print(f"three paths of 0.29, {title}:", counts)
    stated &= set(counts.values()) == {3 * whole}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
