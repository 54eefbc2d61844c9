"""How fast, how small, how few: the measurements that `make bench` makes and holds to bounds.

    __init__.py    the names of the sections, in the order they are shown
    __main__.py    python -m benchmarks [--quick] [--only NAME ...] [--repeats N] [--rows N …] [--write]
    measure.py     programs as whole processes: wall, CPU and peak memory, side by side
    sections.py    what a section gives: a table, and bars that must hold
    page.py        a section as text for the terminal and for docs/performance.md (scale: docs/scale.md)
    machine.py     what it ran on
    bodies.py      the platforms' answers, made once below .cache/bench
    serve.py       replays them on loopback, as fast as a file is copied
    <section>.py   one module per section
    same_messages.py  no measurement: compares what the taps of two checkouts write

**To write a section**, make a module with one function and add the module's name to `SECTIONS`:

    def measure(size: Size) -> Section:
        command = tap_command("tap-adjust", folder, config=…, catalog=…)
        tap = Contender("tap-adjust", (command,), stream="bench", rows=10_000)
        plain = Contender("ordinary SDK stream", (Command((sys.executable, "-m", "benchmarks.x")),))
        runs = measured((tap, plain), size)                  # A B A B …, medians
        ratio = runs[plain.name].cpu / runs[tap.name].cpu
        return Section(
            title="Throughput",
            lead="What is measured, in a sentence or two; markdown.",
            columns=("contender", "CPU s"),
            rows=[("tap-adjust", seconds(runs[tap.name].cpu)), …],
            bars=[at_least("tap-adjust against the ordinary stream", ratio, 5.0)],
        )

- `size.quick` asks for the short form (all sections of it together stay under a minute);
  `size.rows` and `size.repeats` follow from it. What is made on first use (bodies, environments)
  is not part of any measurement.
- Every contender is a program in a process of its own, so that start-up counts. `tap_command`
  gives the installed script of a tap; files it needs go to a folder below `workspace()`.
- Work must be checked, not only timed: a contender says how many rows it must write, and `measured`,
  which knows both forms, counts them.
- A bar is made with `at_least`, `at_most` or, where a contender cannot be had here,
  `not_measured`, with the reason. If a bar falls short, the section is measured once more; if one does then, too, the program ends with 1.
- The process that measures stays small: a child's peak memory begins at its parent's, so DuckDB,
  pyarrow and the like are imported in children only.
- A picture is a file below docs/images, shown by the section's `after`, which is markdown.
"""

from typing import Final

QUICK: Final[tuple[str, ...]] = ("throughput", "warehouses", "entities", "memory", "latency")
"""Sections that the short form has time for."""
SECTIONS: Final[tuple[str, ...]] = (
    *QUICK,
    "loaders",
    "heavy_loads",
    "stages",
    "startup",
    "asking",
    "growth",
    "scale",
)
