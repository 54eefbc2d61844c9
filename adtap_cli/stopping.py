"""Ctrl-C: every subcommand ends with one line and 130, at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from adtap_plugin.signals import comes_again

EXIT: Final = 128 + signal.SIGINT
"""What a shell gives for Ctrl-C."""


@contextmanager
def noted() -> Iterator[list[int]]:
    """Note whether Ctrl-C came: a library may put an error of its own (DuckDB: `Query interrupted`) in its place."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def note(number: int, frame: FrameType | None) -> None:
        if not comes_again(number, frame):
            came.append(number)
            signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def ends_on_ctrl_c(interrupt: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C end what a library does at once; by itself Python hears of it when the library returns.

    Args:
        interrupt: Ends it; called from another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def watch() -> None:
        while told := os.read(reader, 1):
            if told[0] == signal.SIGINT:
                interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    before = signal.set_wakeup_fd(writer)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)
        watcher.join()
        os.close(reader)
