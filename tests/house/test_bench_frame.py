"""The frame of `benchmarks/`: what is measured is checked, what falls short is named, pages keep their place.

No times are asserted here: they belong to `make bench`.
"""

import json
import sys
from dataclasses import replace

import pytest

from benchmarks import __main__ as program
from benchmarks import bodies, page, readers, same_messages, serve, stages
from benchmarks.measure import Command, Contender, ContenderError, measured, once, side_by_side
from benchmarks.sections import Section, Size, at_least, at_most, not_measured
from benchmarks.throughput import replay

QUICK = Size.of(quick=True, repeats=None, rows=None)
SECTION = Section("Title", "Lead.", ("a", "b"), [("x", "1")], [at_least("claim", 5.0, 4.0)])


def script(source, *, name="it", **more):
    return Contender(name, (Command((sys.executable, "-c", source)),), **more)


def test_cpu_and_memory_are_those_of_all_programs_of_a_pipe():
    """A pipe's CPU is the sum of its programs; its peak is the greatest."""
    busy = "import time\nwhile time.process_time() < 0.3: pass\nkept = bytearray({})"
    pair = (Command((sys.executable, "-c", busy.format(n))) for n in ("10**8", "1"))
    run = once(Contender("pair", tuple(pair)))
    assert run.cpu > 0.6
    assert run.peak > 10**8


def test_a_program_that_fails_is_told_with_its_own_words():
    """The measurement ends; the program's standard error is in the message."""
    with pytest.raises(ContenderError, match=r"(?s)it: python.* ended with 3.*out of luck"):
        once(script("import sys; sys.stderr.write('out of luck'); sys.exit(3)"))


def test_contenders_take_turns(tmp_path):
    """A B A B, so that a slow minute strikes both alike."""
    log = tmp_path / "log"
    say = "open({!r}, 'a').write({!r})"
    side_by_side([script(say.format(str(log), n), name=n) for n in "AB"], 2)
    assert log.read_text() == "ABAB"


@pytest.mark.parametrize(
    "lines",
    [
        ['{"type": "RECORD", "stream": "bench", "record": {}}'] * 2,
        ['{"type":"RECORD","record":{"stream":"bench","data":{}}}'] * 2,
        ['{"day": "2026-01-01"}'] * 2,
        ["2"],
    ],
    ids=["Singer", "Airbyte", "rows", "a number"],
)
def test_rows_are_counted(lines):
    """Of the stream's records, not of the ledger, whose rows name the stream."""
    ledger = '{"type":"RECORD","stream":"sync_windows","record":{"stream":"bench"}}'
    source = f"print({chr(10).join([ledger, *lines])!r})"
    measured([script(source, rows=2)], QUICK)
    with pytest.raises(ContenderError, match="wrote 2 rows of 3"):
        measured([script(source, rows=3)], QUICK)


def test_a_bar_holds_at_its_bound():
    """Bounds belong to what is good; what can't be measured is neither good nor bad."""
    assert [at_least("c", m, 5.0).good for m in (4.99, 5.0)] == [False, True]
    assert [at_most("c", m, 5.0).good for m in (5.01, 5.0)] == [False, True]
    bar = not_measured("c", 5, "no Python 3.10")
    assert (bar.measured, bar.bound, bar.good) == ("not measured: no Python 3.10", "≥ 5 ×", None)


@pytest.mark.parametrize(("figure", "code"), [(5.0, 0), (3.0, 1)])
def test_what_falls_short_is_named_and_ends_with_1(monkeypatch, capsys, figure, code):
    """`make bench` fails where a figure does not reach its bar."""
    section = replace(SECTION, bars=(at_least("ours against theirs", figure, 4.0),))
    stand_in = type("Module", (), {"measure": staticmethod(lambda _: section)})
    monkeypatch.setattr(program.importlib, "import_module", lambda _: stand_in)
    assert program.main(["--quick", "--only", "memory"]) == code
    named = "Title: ours against theirs: 3.00 ×" in capsys.readouterr().out
    assert named is bool(code)


@pytest.mark.parametrize(
    ("figures", "code"),
    [((3.0, 5.0), 0), ((3.0, 2.0), 1), ((5.0,), 0)],
    ids=["a busy minute", "slower", "holds"],
)
def test_what_falls_short_is_measured_once_more(monkeypatch, tmp_path, figures, code):
    """One that slipped falls short both times; the page says what the other measurement read."""
    left = list(figures)
    sections = type(
        "Module",
        (),
        {"measure": staticmethod(lambda _: replace(SECTION, bars=[at_least("c", left.pop(0), 4)]))},
    )
    monkeypatch.setattr(program.importlib, "import_module", lambda _: sections)
    monkeypatch.setattr(page, "DOCS", tmp_path)
    (tmp_path / "performance.md").write_text("")
    assert program.main(["--quick", "--only", "memory", "--write"]) == code
    assert left == []
    text = (tmp_path / "performance.md").read_text()
    assert f"| c | {figures[-1]:.2f} × | ≥ 4 × |" in text
    assert ("The other time: c: 3.00 × (≥ 4 ×)." in text) is (len(figures) > 1)


def test_a_section_is_written_in_its_place(monkeypatch, tmp_path):
    """Each section can be made anew by itself; what stands around it stays."""
    path = tmp_path / "performance.md"
    path.write_text("# Performance\n\nBy hand.\n")
    monkeypatch.setattr(page, "DOCS", tmp_path)
    page.write("one", "first", path.name)
    page.write("two", "second", path.name)
    made = page.as_markdown(SECTION, command="it", day="2026-01-01", machine="box")
    page.write("one", made, path.name)
    text = path.read_text()
    assert text.startswith("# Performance\n\nBy hand.\n")
    assert "first" not in text
    assert text.index("| claim | 5.00 × | ≥ 4 × | holds |") < text.index("second")


@pytest.mark.parametrize("name", sorted(bodies.WRITERS))
def test_bodies_have_as_many_rows_as_asked_for(tmp_path, name):
    """And money adds up to the totals that they tell, which the taps hold them against."""
    bodies.WRITERS[name](tmp_path / name, 90)
    if name == "adjust.json":
        document = json.loads((tmp_path / name).read_text())
        assert len(document["rows"]) == 90
        assert len({row["adgroup_id_network"] for row in document["rows"]}) == 90
        spent = sum(round(float(row["cost"]) * 10**6) for row in document["rows"])
        assert round(document["totals"]["cost"] * 10**6) == spent == bodies.sums(90)[1]
    elif name == "adjust-days":
        days = [json.loads(day.read_text())["rows"] for day in (tmp_path / name).iterdir()]
        assert sum(map(len, days)) == 90
        assert all(len({row["day"] for row in day}) == 1 for day in days)
    elif name.endswith((".csv", ".tsv", ".jsonl")):
        head = 0 if name.startswith("creatives") else 1
        assert len((tmp_path / name).read_text().splitlines()) == 90 + head


def test_the_replay_gives_pages_by_offset(tmp_path):
    """A page begins where it is asked for, as the platform's does."""
    bodies.WRITERS["creatives.jsonl"](tmp_path / "creatives.jsonl", 1500)
    replay = serve.Replay.__new__(serve.Replay)
    replay.folder = tmp_path
    found = json.loads(replay.page_of_creatives(999))
    assert [one["id"] for one in found["creatives"]] == list(range(1000, 1501))
    assert found["count"] == 1500


def test_every_stage_of_a_tap_is_timed():
    """The profile puts clocks around functions of the core by their names: none may have moved."""
    size = Size(quick=True, repeats=1, rows=(2_000,))
    with replay(2_000, "atomx.tsv") as url:
        spent = stages.profile(readers.tap("atomx.tsv", url, 2_000), size)
    assert all(spent[stage] > 0 for stage in (*stages.STAGES, "whole")), spent
    assert spent["whole"] > spent["start"]


def test_messages_of_two_checkouts_are_told_apart_by_stream():
    """The first message that differs is shown from both sides, once for each stream."""
    here = {"a": ["RECORD 1", "RECORD 2", "RECORD 3"], "b": ["RECORD 1"], "c": ["RECORD 1"]}
    there = {"a": ["RECORD 1", "RECORD 5", "RECORD 6"], "b": ["RECORD 1"]}
    assert list(same_messages.differences(here, here)) == []
    assert list(same_messages.differences(here, there)) == [
        "  a, message 2, here and there:\n    RECORD 2\n    RECORD 5",
        "  c, message 1, here and there:\n    RECORD 1\n    nothing",
    ]
