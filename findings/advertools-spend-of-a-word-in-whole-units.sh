#!/usr/bin/env bash
# advertools rounds the spend of each word to whole units, and counts a word twice in one search term.
#
# A good guess: word_frequency(search_terms, spend) splits each search term into words and adds up the spend
# of the terms that hold each word, exactly or as floats are added.
# What happens (advertools 0.18.0): the sums and their averages are rounded to whole numbers before they are
# handed back, although the arguments and the result have no word of it. Words that cost 0.49 and 0.50 in
# all are listed with 0, and 1.50 and 2.50 are both 2 (half to even). `rel_value`, the spend for each use of
# a word, is a whole number as well. A word that stands twice in a term ("shoes running shoes") gets that
# term's spend twice, so that it can have more spend than the account.
# For a user: lists of words by spend, from which words to exclude are picked, are useless for accounts with
# small amounts or for values below 1 such as rates. Give it amounts in cents or micros (whole numbers pass
# unharmed), make each term's words unique before, and divide the columns oneself.
set -euo pipefail
unset PYTHONPATH
packages=(advertools==0.18.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import advertools

print("advertools", version("advertools"))
TERMS = {
    "shoes running shoes": 10.00,
    "boots": 1.50,
    "sandals": 2.50,
    "slippers": 0.49,
    "clogs sale": 0.30,
    "clogs outlet": 0.20,
}
SHOWN = ["shoes", "boots", "sandals", "slippers", "clogs"]


def by_word(spend):
    frame = advertools.word_frequency(list(TERMS), spend).set_index("word")
    return {word: tuple(frame.loc[word, ["wtd_freq", "rel_value"]].tolist()) for word in SHOWN}


units = by_word(list(TERMS.values()))
cents = by_word([round(100 * spend) for spend in TERMS.values()])
for word in SHOWN:
    print(f"{word}: spend {units[word][0]}, each {units[word][1]}; in cents {cents[word]}")
print(f"spend of all terms: {sum(TERMS.values()):.2f}")
stated = units == {
    "shoes": (20.0, 10.0),
    "boots": (2.0, 2.0),
    "sandals": (2.0, 2.0),
    "slippers": (0.0, 0.0),
    "clogs": (0.0, 0.0),
} and cents == {
    "shoes": (2000, 1000),
    "boots": (150, 150),
    "sandals": (250, 250),
    "slippers": (49, 49),
    "clogs": (50, 25),
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
