"""Signals that come where an exception would get lost."""

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from adtap_cli.stopping import noted
from adtap_core.errors import Interrupted
from adtap_core.sync.output import LineWriter
from adtap_loader import programs
from adtap_loader.duckdb_target import TargetAdtapDuckdb
from tests.running import signal_handlers_kept


def interrupted_import(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import a module, send SIGINT to this process in the middle of the callback that ends an import, and go on."""
    (folder / "interrupted_module.py").write_text("")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "interrupted_module", raising=False)
    sent: list[int] = []

    def send(frame, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name == "cb" and not sent:
            sent.append(signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    before = sys.getprofile()
    sys.setprofile(send)
    try:
        importlib.import_module("interrupted_module")
    finally:
        sys.setprofile(before)
    assert sent
    time.sleep(10)


def test_ctrl_c_in_a_callback_of_an_import_ends_the_companion(tmp_path, monkeypatch, capsys):
    """Python would print a traceback, and the command would go on."""
    with noted() as came, pytest.raises(KeyboardInterrupt):
        interrupted_import(tmp_path, monkeypatch)
    assert came == [signal.SIGINT]
    assert "ignored" not in capsys.readouterr().err


def test_ctrl_c_in_a_callback_of_an_import_ends_a_tap(tmp_path, monkeypatch, capsys):
    """As the companion."""
    handler: Callable[..., None] = LineWriter().on_signal
    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(Interrupted):
            interrupted_import(tmp_path, monkeypatch)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "ignored" not in capsys.readouterr().err


@pytest.mark.parametrize("way", ["plain", "sdk"])
def test_a_signal_in_a_callback_of_an_import_ends_a_loader(way, tmp_path, monkeypatch, capsys):
    """As the companion, whichever way it loads: it would go on to its end, and then say nothing of an error."""
    monkeypatch.setattr("adtap_loader.stopping._stopped_by", [])
    with signal_handlers_kept():
        if way == "plain":
            signal.signal(signal.SIGINT, programs._stop)
        else:
            TargetAdtapDuckdb(config={"path": str(tmp_path / "ads.duckdb")}).warehouse.close()
        with pytest.raises(SystemExit) as ended:
            interrupted_import(tmp_path, monkeypatch)
    assert ended.value.code == 130
    assert "ignored" not in capsys.readouterr().err


UNREAD = """
import logging, os, signal, sys, threading, time
from adtap_plugin import signals
signals._PATIENCE_SECONDS = 0.2
_reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while os.write(writer, bytes(4096)):
        pass
except BlockingIOError:
    os.set_blocking(writer, True)
logging.basicConfig(stream=os.fdopen(writer, "w"))
signal.signal(signal.SIGTERM, lambda number, frame: signals.comes_again(number, frame))
def send():
    while sys._current_frames()[threading.main_thread().ident].f_code.co_name != "flush":
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=send).start()
logging.warning("nobody reads this")
"""


def test_a_signal_ends_a_program_whose_log_nobody_reads():
    """It stands in the middle of a line, with the log's pipe full: the signal would come again for ever."""
    done = subprocess.run([sys.executable, "-c", UNREAD], timeout=60, check=False)
    assert done.returncode == 128 + signal.SIGTERM
