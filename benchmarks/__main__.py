"""The command line: measure, show, hold to the bars, write down."""

import argparse
import compileall
import importlib
import sys
from dataclasses import replace
from datetime import UTC, datetime

from benchmarks import QUICK, SECTIONS, machine, page
from benchmarks.measure import ROOT, ContenderError, progress
from benchmarks.sections import Section, Size


def main(arguments: list[str] | None = None) -> int:
    """Measure sections. Return 1 if a bar falls short or a contender fails, else 0."""
    asked = _parse(arguments)
    _compile()
    size = Size.of(quick=asked.quick, repeats=asked.repeats, rows=asked.rows)
    short: list[str] = []
    for name in asked.only or (QUICK if asked.quick else SECTIONS):
        try:
            section = _measured(name, size)
        except ContenderError as failure:
            progress("")
            sys.stderr.write(f"{name}: {failure}\n")
            short.append(f"{name}: not measured")
            continue
        sys.stdout.write(page.for_terminal(section))
        sys.stdout.flush()
        short += [f"{section.title}: {fallen}" for fallen in section.short]
        if asked.write:
            text = page.as_markdown(
                section,
                command=_command(asked, name),
                day=datetime.now(UTC).date().isoformat(),
                machine=machine.describe(),
            )
            page.write(name, text, section.page)
    if short:
        sys.stdout.write("\nShort of the bar:\n" + "".join(f"- {line}\n" for line in short))
    return 1 if short else 0


def _measured(name: str, size: Size) -> Section:
    """Measure a section; once more if a bar falls short, and keep the better of the two.

    A busy minute of the machine falls short once, a program that became slower does so both times.
    What the first measurement read stands in the page.
    """
    measure = importlib.import_module(f"benchmarks.{name}").measure
    first: Section = measure(size)
    if not first.short:
        return first
    progress(f"{name} is measured a second time: {'; '.join(first.short)}")
    second: Section = measure(size)
    kept, left = (second, first) if len(second.short) <= len(first.short) else (first, second)
    told = f"Measured twice, as a bar fell short. The other time: {'; '.join(left.short)}."
    return replace(kept, after=f"{kept.after}\n\n{told}".lstrip())


def _compile() -> None:
    """Compile our modules, as installing them does: a checkout may be forbidden to keep compiled ones."""
    for name in ("adtap_*", "tap_*", "benchmarks"):
        for package in ROOT.glob(name):
            compileall.compile_dir(package, quiet=1)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the short form, under a minute")
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, metavar="NAME", help=f"of {', '.join(SECTIONS)}"
    )
    parser.add_argument("--repeats", type=int, help="runs of each contender; the median counts")
    parser.add_argument("--rows", type=int, nargs="+", help="sizes of report bodies")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args(arguments)


def _command(asked: argparse.Namespace, name: str) -> str:
    words = ["python", "-m", "benchmarks", *(["--quick"] if asked.quick else [])]
    if asked.only:
        words += ["--only", name]
    for option in ("repeats", "rows"):
        if (given := getattr(asked, option)) is not None:
            words += [f"--{option}", *map(str, given if isinstance(given, list) else [given])]
    return " ".join(words)


if __name__ == "__main__":
    sys.exit(main())
