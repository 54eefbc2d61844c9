"""A Chromium of the machine, driven through its own protocol: what a page looks like and says in a real browser.

It is asked over two pipes (`--remote-debugging-pipe`), so no further program or package is needed.
"""

import base64
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def program() -> str:
    """Return the browser: `CHROME_BIN`, or one of the usual names; skips the test if there is none."""
    found = os.environ.get("CHROME_BIN") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on this machine: `CHROME_BIN` can name one")
    return found


class Browser:
    """One page in a running browser.

    Args:
        send: The pipe that it reads.
        receive: The pipe that it writes.
    """

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive = os.fdopen(send, "wb"), os.fdopen(receive, "rb")
        self._number, self._rest, self._session = 0, b"", None
        self.requests: list[str] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Accessibility"):
            self.do(f"{domain}.enable")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._receive.fileno(), 1 << 16)
            assert read, "the browser has ended"
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        if found.get("method") == "Network.requestWillBeSent":
            self.requests.append(found["params"]["request"]["url"])
        return found

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._send.write(json.dumps(message).encode() + b"\0")
        self._send.flush()
        while (answer := self._next()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, file: Path, *, width: int = 1280, dark: bool = False) -> None:
        """Show a file at a width, and wait until it is there."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self.requests.clear()
        self.do("Page.navigate", url=file.as_uri())
        while (
            self.js("document.readyState") != "complete"
            or self.js("location.href") == "about:blank"
        ):
            pass

    def js(self, expression: str) -> Any:
        """Return what an expression is worth in the page."""
        answer = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                    windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key],
                    **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))  # fmt: skip

    def spoken(self) -> list[tuple[str, str]]:
        """Return role and name of everything that a screen reader meets."""
        nodes = self.do("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], (node.get("name") or {}).get("value", ""))
            for node in nodes
            if not node.get("ignored")
        ]

    def picture(self, file: Path, height: int) -> None:
        """Save the page's upper part as PNG."""
        width = self.js("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        found = self.do("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start the machine's Chromium.

    Args:
        folder: For its profile.
    """
    theirs, ours_to = os.pipe()
    ours_from, theirs_to = os.pipe()

    def pipes() -> None:
        # It reads commands from 3 and answers on 4; copied away first, as either may be one of these already.
        read, write = os.dup(theirs), os.dup(theirs_to)
        os.dup2(read, 3)
        os.dup2(write, 4)

    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
    ]
    more = shlex.split(os.environ.get("CHROME_FLAGS", ""))
    process = subprocess.Popen(
        [program(), "--remote-debugging-pipe", *flags, *more, f"--user-data-dir={folder}"],
        preexec_fn=pipes,  # noqa: PLW1509 - it duplicates two numbers, and waits for no thread
        close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    os.close(theirs_to)
    page = None
    try:
        page = Browser(ours_to, ours_from)
        yield page
    finally:
        process.kill()
        process.wait()
        if page is not None:
            page._send.close()
            page._receive.close()
