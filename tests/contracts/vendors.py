"""The vendors' own published clients, unmodified, each in an environment of its own.

    vendor_python(name)        the interpreter that has the client; builds it on first use
    run_vendor(name, script)   runs a script with it and gives what it printed
    tunnel(url)                brings a client that hard-codes an https host to the sandbox

The clients pin old releases that can't live beside ours, and some need an older Python. A client
whose Python is not on the machine is skipped with the reason; with ``ADTAP_VENDORS=required`` in
the environment it is a failure instead.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import select
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

import pytest

CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "vendors"

HOSTS: Final = (
    "api.adjust.com",
    "automate.adjust.com",
    "dash.adjust.com",
    "api.atomx.com",
    "api.mediamath.com",
    "auth.mediamath.com",
    "api.openx.com",
    "sso.openx.com",
    "northwind-ui.openx.example",
)
"""Hosts that the tunnel's certificate is good for."""


@dataclass(frozen=True)
class Vendor:
    """A vendor's client.

    Attributes:
        module: What is imported to see that the environment works.
        requirements: Pinned, for pip.
        pythons: Versions it runs on, best first.
        prelude: Put before each script, by Python version: what a newer Python took away.
    """

    module: str
    requirements: tuple[str, ...]
    pythons: tuple[str, ...] = ("3.11", "3.12", "3.10", "3.13")
    prelude: Mapping[str, str] | None = None


# `terminalone` takes `Iterator` from `collections`, which has lost it in Python 3.10.
_ITERATOR: Final = (
    "import collections, collections.abc\ncollections.Iterator = collections.abc.Iterator\n"
)

VENDORS: Final[Mapping[str, Vendor]] = {
    "atomx": Vendor("atomx", ("atomx==1.7",)),
    "adjusty": Vendor("adjusty.adjust_api", ("adjusty==1.1",)),
    "python-adjust": Vendor("adjustapi", ("python-adjust==1.0.3",)),
    # Its CDK fails to import on 3.11.
    "airbyte-source-adjust": Vendor(
        "source_adjust", ("airbyte-source-adjust==0.1.2",), pythons=("3.10", "3.9")
    ),
    "terminalone": Vendor(
        "terminalone",
        # PyJWT 2 reads the same call differently, and the client does not say so.
        ("terminalone==1.9.20", "pyjwt==1.7.1", "requests", "python-dotenv"),
        pythons=("3.9", "3.8", "3.10", "3.11"),
        prelude={"3.10": _ITERATOR, "3.11": _ITERATOR},
    ),
    "ox3apiclient": Vendor("ox3apiclient", ("ox3apiclient==0.6.3",)),
}


def vendor_python(name: str) -> Path:
    """The interpreter of an environment that has a vendor's client.

    The environment is built on first use, below ``.cache/vendors``; processes that want it at the
    same time wait for the one that builds.

    Args:
        name: A key of ``VENDORS``.
    """
    return _environment(name)[0]


def run_vendor(
    name: str,
    script: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    timeout: float = 100.0,
) -> str:
    """Run a script with a vendor's client; gives what it printed.

    Args:
        name: A key of ``VENDORS``.
        script: Python source; runs in an empty folder of its own.
        arguments: Its ``sys.argv[1:]``.
        env: Added to an environment that names no proxy and no certificates.
        timeout: Seconds it may take.

    Raises:
        AssertionError: If it ends with another code than 0; the message is its standard error.
    """
    python, version = _environment(name)
    prelude = (VENDORS[name].prelude or {}).get(version, "")
    folder = CACHE / "run" / f"{name}-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    dropped = ("PYTHON", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "SSL_")
    clean = {key: text for key, text in os.environ.items() if not key.upper().startswith(dropped)}
    try:
        done = subprocess.run(
            [python, "-c", prelude + script, *arguments],
            cwd=folder,
            env={**clean, "PYTHONIOENCODING": "utf-8", **(env or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def tunnel(url: str) -> Iterator[dict[str, str]]:
    """A proxy that takes every https host for the sandbox.

    It ends TLS with a certificate for ``HOSTS`` and passes plain http on, so the sandbox sees the
    request line and headers as the client wrote them, on the platform's bare paths.

    Args:
        url: The sandbox.

    Yields:
        Environment variables that send a client on ``requests`` through it.
    """
    certificate, key = _certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    split = urlsplit(url)
    target = (split.hostname or "127.0.0.1", split.port or 80)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, context, target), daemon=True).start()
    proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(certificate),
        }
    finally:
        # Closing alone would leave the thread in accept().
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@functools.cache
def _environment(name: str) -> tuple[Path, str]:
    """Interpreter of the vendor's environment, and its Python version."""
    return build(name, VENDORS[name])


def build(name: str, vendor: Vendor) -> tuple[Path, str]:
    """Interpreter of an environment with these requirements, and its Python version.

    Built on first use and kept; the test is skipped with the reason where it cannot be built.

    Args:
        name: The folder's name below the cache.
        vendor: What is installed.
    """
    found = next(
        ((version, python) for version in vendor.pythons if (python := find_python(version))),
        None,
    )
    if found is None:
        _unavailable(f"{name} needs Python {' or '.join(vendor.pythons)}, which is not here")
    version, base = found
    digest = hashlib.sha256("\n".join((version, *vendor.requirements)).encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{digest}"
    python = folder / "bin" / "python"
    marker = folder / "complete"
    with _locked(folder):
        if not marker.exists():
            # What an interrupted build has left is no start.
            shutil.rmtree(folder, ignore_errors=True)
            if _not_with_uv(base, folder, vendor) and (why := _not_with_pip(base, folder, vendor)):
                # Most of all: no way to a package index.
                _unavailable(f"the environment of {name} could not be built:\n{why}")
            script = (vendor.prelude or {}).get(version, "") + f"import {vendor.module}"
            if why := _fails((python, "-c", script)):
                pytest.fail(f"the client {name} can't be imported on Python {version}:\n{why}")
            marker.write_text("\n".join(vendor.requirements) + "\n")
    return python, version


def _not_with_uv(base: Path, folder: Path, vendor: Vendor) -> str:
    """Build with uv, which takes seconds where pip takes half a minute; why it could not, else nothing.

    Nothing is compiled in advance: what is imported is compiled then, and that is the smaller part.
    """
    # Meltano brings it. It does not read pip's configuration, so pip may succeed where it fails.
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    uv = shutil.which("uv", path=beside)
    if uv is None:
        return "there is no uv"
    python = folder / "bin" / "python"
    return _fails((base, "-m", "venv", "--without-pip", folder)) or _fails(
        (uv, "pip", "install", "--quiet", "--python", python, *vendor.requirements)
    )


def _not_with_pip(base: Path, folder: Path, vendor: Vendor) -> str:
    """Build with pip; why it could not, else nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet")
    return _fails((base, "-m", "venv", folder)) or _fails(
        (*pip, "--disable-pip-version-check", *vendor.requirements)
    )


@functools.cache
def find_python(version: str) -> Path | None:
    """An interpreter of a version such as ``3.10``, from PATH or pyenv; None if there is none."""
    candidates = [Path(sys.executable)]
    if on_path := shutil.which(f"python{version}"):
        candidates.append(Path(on_path))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)
    # The name on PATH may be a shim that only says that the version is not switched on.
    question = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for candidate in candidates:
        said = subprocess.run(
            [candidate, "-c", question], capture_output=True, encoding="utf-8", check=False
        )
        if said.returncode == 0 and said.stdout.strip() == version:
            return candidate
    return None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder below the cache; other processes wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fails(command: Sequence[str | Path]) -> str:
    """Run a command; the end of its standard error if it fails, else nothing."""
    done = subprocess.run(command, cwd=CACHE, capture_output=True, encoding="utf-8", check=False)
    if done.returncode == 0:
        return ""
    return "\n".join(done.stderr.splitlines()[-8:]) or f"it ended with {done.returncode}"


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("ADTAP_VENDORS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@functools.cache
def _certificate() -> tuple[Path, Path]:
    """Certificate and key of the tunnel; the certificate is its own authority."""
    digest = hashlib.sha256("\n".join(HOSTS).encode()).hexdigest()[:12]
    folder = CACHE / f"tls-{digest}"
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    marker = folder / "complete"
    with _locked(folder):
        if not marker.exists():
            openssl = shutil.which("openssl")
            if openssl is None:
                _unavailable("a certificate for the tunnel needs the program openssl")
            folder.mkdir(exist_ok=True)
            names = ",".join(f"DNS:{host}" for host in (*HOSTS, "localhost"))
            subprocess.run(
                [
                    *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"),
                    *("-subj", "/CN=adtap sandbox"),
                    *("-addext", f"subjectAltName={names},IP:127.0.0.1"),
                    *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
                    *("-keyout", key, "-out", certificate),
                ],
                capture_output=True,
                check=True,
            )
            marker.touch()
    return certificate, key


def _accept(listener: socket.socket, context: ssl.SSLContext, target: tuple[str, int]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, context, target), daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, target: tuple[str, int]) -> None:
    """Answer one CONNECT, then pass bytes both ways until either side ends."""
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        stack.enter_context(client)
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(4096)
            if not part:
                return
            head += part
        if not head.startswith(b"CONNECT "):
            client.sendall(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        plain = stack.enter_context(context.wrap_socket(client, server_side=True))
        server = stack.enter_context(socket.create_connection(target))
        # One thread for both ways: TLS state must not be read and written at once.
        while True:
            ready = [plain] if plain.pending() else select.select([plain, server], [], [])[0]
            for source in ready:
                part = source.recv(65536)
                if not part:
                    return
                (server if source is plain else plain).sendall(part)
