"""A console script that answers signals from its first moment on.

What a tap or a loader imports takes a third of a second. Until then Python itself would answer Ctrl-C, with a
traceback out of the middle of somebody's import, and SIGTERM without a word. So a script's entry point imports this
module alone, which is why it imports next to nothing itself.
"""

import importlib
import operator
import os
import signal
from collections.abc import Sequence
from types import FrameType


class Script:
    """A console script; call it to run its program.

    Until the program has handlers of its own, a signal ends it with one line and the code that a shell gives for it.

    Args:
        name: The script's name.
        program: What to import and call: `module:attribute`, as in `[project.scripts]`.
        signals: What is answered.
    """

    def __init__(
        self,
        name: str,
        program: str,
        *,
        signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
    ) -> None:
        self.name, self.program, self.signals = name, program, signals

    def __call__(self) -> object:
        """Run the program."""
        for number in self.signals:
            signal.signal(number, self._stop)
        module, _, attribute = self.program.partition(":")
        program = operator.attrgetter(attribute)(importlib.import_module(module))
        return program()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        # No exception: whatever is being imported could catch it. And there is nothing yet to be closed.
        try:
            line = f"{self.name}: stopped by {signal.Signals(number).name} before it began\n"
            os.write(2, line.encode())
        finally:
            os._exit(128 + number)
