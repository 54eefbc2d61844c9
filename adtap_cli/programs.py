"""The programs that are installed beside this Python: Meltano, the taps, uv."""

import os
import shutil
import sys
from pathlib import Path


def environment() -> dict[str, str]:
    """Return the environment, this Python's own programs first on PATH: also where it is not activated."""
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{path}"}


def found(name: str) -> str | None:
    """Return the path of a program, beside this Python or elsewhere; None if there is none."""
    return shutil.which(name, path=environment()["PATH"])
