"""`make docs`: a site whose links all lead somewhere, with diagrams that say what the taps declare."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib import resources
from itertools import combinations
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
import yaml

from adtap_cli import diagrams_page
from adtap_cli.diagram import Box, Join, places, svg
from adtap_cli.taps import TAPS, tap_class

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """What a built page links to, loads, and can be linked to by."""

    def __init__(self, file):
        super().__init__()
        self.links, self.loads, self.anchors = [], [], set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in {"link", "script", "img", "iframe"}:
            self.loads += [given[name] for name in ("href", "src") if given.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` does, where nobody else builds."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def broken(site):
    """Every link of every page that leads nowhere, and what is loaded from elsewhere."""
    pages = {file.resolve(): Page(file) for file in site.rglob("*.html")}
    found = []
    for file, page in pages.items():
        for target in [*page.links, *page.loads]:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                if target in page.loads or url.scheme != "https":
                    found.append((file.name, target))
                continue
            # The page for what was not found is shown at any depth: its links begin at the root.
            base = site if url.path.startswith("/") else file.parent
            to = (base / unquote(url.path).lstrip("/")).resolve() if url.path else file
            to = to / "index.html" if to.is_dir() else to
            inside = to.is_relative_to(site.resolve()) and to.is_file()
            if not inside or (
                url.fragment and unquote(url.fragment) not in pages.get(to, page).anchors
            ):
                found.append((file.name, target))
    return found


def test_the_site_is_whole(site):
    """Every link and anchor of every built page leads somewhere, and nothing is loaded from elsewhere."""
    assert len(list(site.glob("*.html"))) > len(list(DOCS.glob("*.md")))
    assert broken(site) == []


@pytest.mark.parametrize(
    "bad",
    [
        '<a href="nowhere.html">', '<a href="openx.html#nowhere">', '<a href="#nowhere">',
        '<a href="../sql">', '<script src="https://cdn.example/x.js">', '<img src="no.svg">',
    ],
)  # fmt: skip
def test_a_broken_link_is_found(site, tmp_path, bad):
    """The check above sees each kind of broken link."""
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    (copy / "one-more.html").write_text(bad, encoding="utf-8")
    assert [name for name, _ in broken(copy)] == ["one-more.html"]


def test_every_page_is_in_the_navigation(site):
    """Each file of docs/ is named once in the navigation, and stands there on the built first page."""

    def files(entry):
        if isinstance(entry, str):
            return [entry]
        parts = entry.values() if isinstance(entry, dict) else entry
        return [file for part in parts for file in files(part)]

    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    pages = sorted(str(page.relative_to(DOCS)) for page in DOCS.glob("**/*.md"))
    assert sorted(files(nav)) == pages
    linked = {link.partition("#")[0] for link in Page(site / "index.html").links}
    assert {page.replace(".md", ".html") for page in pages} - linked <= {"index.html"}


def test_the_first_page_leads_to_every_other():
    """Whoever begins at docs/index.md reaches all pages from there."""
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    others = {str(page.relative_to(DOCS)) for page in DOCS.glob("**/*.md")} - {"index.md"}
    assert set(re.findall(r"\]\(([\w/-]+\.md)\)", text)) == others


def test_make_docs_builds_what_is_tested_here():
    """The target runs the same command, into a folder that git ignores and `make clean` removes."""
    run = subprocess.run(
        ["make", "-n", "docs"], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert "mkdocs build --strict --quiet" in run.stdout
    assert "/site/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    clean = subprocess.run(
        ["make", "-n", "clean"], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert " site" in clean.stdout


def test_a_built_table_is_a_table(site):
    """The folded tables of joins are tables on the site too, not lines of bars."""
    html = (site / "reference/joins.html").read_text(encoding="utf-8")
    _, *tables = html.split("<details>")
    assert len(tables) == len(TAPS)
    for folded in tables:
        assert folded.partition("</details>")[0].count("<tr>") > 5
        assert "| `" not in folded


# What the diagrams say. Read here from what the tap discovers, not by the code that draws.


def declared(name):
    """Streams of a tap with key, kind and whether they are read by default; columns' joins; parents."""
    tap = tap_class(name)
    streams = {e.name: (e.keys, "entity", e.selected) for e in tap.entities}
    streams |= {r.name: (("_row_key",), "report", r.selected) for r in tap.reports}
    bare = tap(config={}, validate_config=False, setup_mapper=False)
    folder = resources.files(tap.package) / "schemas"
    # Of an entity the file, which has the columns of both generations.
    columns = {
        stream: json.loads((folder / f"{stream}.json").read_text(encoding="utf-8"))["properties"]
        if kind == "entity"
        else bare.streams[stream].schema["properties"]
        for stream, (_, kind, _) in streams.items()
    }
    joins = set()
    for stream, properties in columns.items():
        for column, schema in properties.items():
            _, *said = schema.get("description", "").split("Joins ")
            for words in said:
                to = words.split()[0].rstrip(".;,").split(".")
                if len(to) == 2:
                    joins.add((stream, column, *to))
    parents = {(e.name, e.parent) for e in tap.entities if e.parent}
    return streams, columns, joins, parents


def drawn(name):
    """The boxes and arrows of a picture, from its shapes and words."""
    root = ET.parse(DOCS / "reference/diagrams" / f"{diagrams_page.platform(name)}.svg").getroot()  # noqa: S314 - ours
    boxes, lines = {}, {}
    for group in root.iter(f"{SVG}g"):
        if group.get("class") not in {"entity", "report"}:
            continue
        rect, title, *texts = group
        words = [text.text for text in texts]
        keys = tuple(
            words[n + 1].partition(" → ")[0] for n, word in enumerate(words) if word == "PK"
        )
        boxes[title.text] = (
            {k: float(rect.get(k)) for k in ("x", "y", "width", "height")},
            (keys, group.get("class"), rect.get("stroke-dasharray") is None),
        )
        lines[title.text] = [word for word in words if word != "PK"]
    arrows = [
        ([float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))], path[0].text.split(" → "),
         path.get("stroke-dasharray") is not None)
        for path in root.iter(f"{SVG}path") if path.get("class") == "arrow"
    ]  # fmt: skip
    return boxes, lines, arrows


def at_edge(box, x, y):
    """Whether a point lies on the left or the right edge of a box."""
    return x in {box["x"], box["x"] + box["width"]} and box["y"] < y < box["y"] + box["height"]


@pytest.mark.parametrize("name", TAPS)
def test_a_diagram_has_every_stream_and_every_join(name):
    """Each stream is one box with its key; each join and each parent is an arrow, and nothing else is."""
    streams, _, joins, parents = declared(name)
    boxes, lines, arrows = drawn(name)
    assert {stream: what for stream, (_, what) in boxes.items()} == streams
    pairs = {(stream, to) for stream, _, to, _ in joins}
    assert sorted(tuple(pair) for _, pair, _ in arrows) == sorted(pairs | parents)
    assert {tuple(pair) for _, pair, dotted in arrows if dotted} == parents - pairs
    said = {
        (stream, line.partition(" → ")[0], to)
        for stream, all_ in lines.items()
        for line in all_
        for to in line.partition(" → ")[2].split(", ")
        if to
    }
    assert said == {(stream, column, to) for stream, column, to, _ in joins}


@pytest.mark.parametrize("name", TAPS)
def test_an_arrow_touches_the_boxes_it_names(name):
    """Arrows begin at the child's edge and end at the parent's; boxes lie apart and inside the picture."""
    boxes, _, arrows = drawn(name)
    for points, (child, parent), _ in arrows:
        assert at_edge(boxes[child][0], *points[:2]), (child, parent)
        assert at_edge(boxes[parent][0], *points[-2:]), (child, parent)
        assert min(points) >= 0
    for (one, _), (two, _) in combinations(boxes.values(), 2):
        assert (
            one["x"] + one["width"] < two["x"] or two["x"] + two["width"] < one["x"]
            or one["y"] + one["height"] < two["y"] or two["y"] + two["height"] < one["y"]
        )  # fmt: skip


@pytest.mark.parametrize("name", TAPS)
def test_the_table_below_says_the_same(name):
    """The page shows the picture, and has each join, with both columns, in words."""
    streams, _, joins, parents = declared(name)
    short = diagrams_page.platform(name)
    page = (DOCS / "reference/joins.md").read_text(encoding="utf-8")
    part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"](diagrams/{short}.svg)" in part
    found, by = set(), set()
    for stream, cell in re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE):
        found |= {(stream, *one) for one in re.findall(r"`(\w+)` → `(\w+)\.(\w+)`", cell)}
        by |= {(stream, one) for one in re.findall(r"\bby `(\w+)`", cell)}
    assert (found, by) == (joins, parents)
    alone = set(re.findall(r"`(\w+)`", part.partition("\nAlone: ")[2]))
    tied = {s for s, _, to, _ in joins for s in (s, to)} | {s for pair in parents for s in pair}
    assert alone == set(streams) - tied


@pytest.mark.parametrize("name", TAPS)
def test_a_column_named_after_a_stream_says_what_it_joins(name):
    """`campaign_id` beside a stream `campaigns` is no accident: the schema must say what it joins."""
    streams, columns, joins, _ = declared(name)
    said = {(stream, column) for stream, column, *_ in joins}
    silent = []
    for stream, properties in columns.items():
        for column in properties:
            stem, _, kind = column.rpartition("_")
            plurals = {f"{stem}s", f"{stem}es", f"{stem[:-1]}ies"}
            if kind in {"id", "uid"} and any(
                kind in streams[to][0] for to in plurals & set(streams)
            ):
                silent += [(stream, column)] if (stream, column) not in said else []
    assert silent == []


def test_streams_that_join_in_a_circle_can_be_drawn():
    """Two streams that join each other, and one that joins itself, stand in a picture all the same."""

    def box(name, *to, parent=None):
        joins = tuple(Join(f"{one}_id", one, "id") for one in to)
        return Box(name=name, keys=("id",), joins=joins, parent=parent, report=False, selected=True)

    circle = [box("a", "b"), box("b", "a"), box("c", "c"), box("d", parent="c")]
    assert set(places(circle)) == {"a", "b", "c", "d"}
    titles = {one.text for one in ET.fromstring(svg("circle", circle)).iter(f"{SVG}title")}  # noqa: S314 - ours
    assert titles == {"circle", "a → b", "b → a", "c → c", "d → c"}
