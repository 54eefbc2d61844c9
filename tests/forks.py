"""Programs of any Python environment, started by a fork: what they import is imported once.

    forks = Forks(python, ["meltano.cli"])
    forks.run("meltano.cli:main", arguments)            to its end; the result is that of subprocess.run
    forks.start("meltano.cli:main", arguments, ...)     started, with pipes or files of one's own
    forks.shim(folder, "meltano", "meltano.cli:main")   a program to be put on PATH

Most of what these tests run takes longer to import than to do its work: a tap half a second, Meltano a second,
a published loader two. So for each environment one process imports it all, and each run is a fork of that: a
process of its own with its own exit code, streams and signals, running the function behind the console script.

The test processes of one run share these: one of them starts a process, the others find its socket in the folder that
the variable FORKS names, and it ends when that folder is gone, or whoever made it.

Run as a script this file is that process, or the program that a shim starts; it then needs nothing but a
Python of 3.9 or newer.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys

STREAMS = 3
"""Standard input, output and error."""
SHARED = "FORKS"
"""The variable that names a run's folder; the second part of its name is the number of the process that made it."""


class Running:
    """A program that was started.

    Args:
        connection: On which its process is named, and its exit code when it has ended.
    """

    def __init__(self, connection) -> None:
        self._connection = connection
        self._said = connection.makefile("r")
        self.pid = int(self._said.readline())
        self._code = None

    def join(self, timeout=None) -> None:
        """Wait until it has ended, at most some seconds."""
        if self._code is None and select.select([self._connection], [], [], timeout)[0]:
            self._code = int(self._said.readline())
            self._said.close()
            self._connection.close()

    @property
    def exitcode(self):
        """Its exit code, the negative number of a signal that ended it; None as long as it runs."""
        self.join(0)
        return self._code

    def kill(self) -> None:
        """End it at once, if it has not ended, and wait."""
        if self.exitcode is None:
            os.kill(self.pid, signal.SIGKILL)
            self.join()


class Forks:
    """A process that has imported some modules, and forks.

    Args:
        python: The environment's interpreter.
        modules: What is imported.
    """

    def __init__(self, python, modules) -> None:
        self._python, self._modules = str(python), modules
        self._process = self._place = None

    def run(
        self, call, arguments, *, given="", folder=None, environment=None, name=None, timeout=None
    ):
        """Run a function as a program of its own, to its end.

        Args:
            call: `module:function`, or the path of a script.
            arguments: The program's arguments.
            given: Its standard input, a text or texts.
            folder: Where it runs; here if None.
            environment: All its variables; this process's if None.
            name: What it is called by; the function's place if None.
            timeout: Seconds until it is given up; None leaves that to pytest.
        """
        import subprocess
        import tempfile

        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(STREAMS)]
            for text in [given] if isinstance(given, str) else given:
                streams[0].write(text.encode())
            streams[0].seek(0)
            running = self.start(
                call, arguments, streams=streams, folder=folder, environment=environment, name=name
            )
            try:
                running.join(timeout)
                hangs = running.exitcode is None
            finally:
                running.kill()
            for stream in streams:
                stream.seek(0)
            said = [stream.read().decode() for stream in streams[1:]]
        words = [name or str(call), *map(str, arguments)]
        if hangs:
            raise subprocess.TimeoutExpired(words, timeout, *said)
        return subprocess.CompletedProcess(words, running.exitcode, *said)

    def start(
        self, call, arguments, *, streams, folder=None, environment=None, name=None
    ) -> Running:
        """Start a function as a program of its own.

        Args:
            call: `module:function`, or the path of a script.
            arguments: The program's arguments.
            streams: Its standard input, output and error: descriptors, or what has one.
            folder: Where it runs; here if None.
            environment: All its variables; this process's if None.
            name: What it is called by; the function's place if None.
        """
        return wish(
            self.address, str(call), [name or str(call), *map(str, arguments)],
            folder=folder, environment=environment, streams=streams,
        )  # fmt: skip

    def shim(self, folder, name, call, *first) -> None:
        """Write a program of that name into a folder, which starts a fork and ends as it does.

        Args:
            folder: The folder.
            name: The program's name.
            call: `module:function`, or the path of a script.
            first: Arguments that stand before those that the program is given.
        """

        def quoted(words):
            return " ".join(f"'{word}'" for word in words)

        path = folder / name
        words = quoted((self._python, "-IS", __file__, "-", self.address, call))
        path.write_text(f'#!/bin/sh\nexec {words} "$0" {quoted(first)} "$@"\n')
        path.chmod(0o755)

    @property
    def address(self) -> str:
        """Where the process listens, which starts if it does not run."""
        import atexit
        import tempfile

        if folder := os.environ.get(SHARED):
            return self._shared(folder)
        if self._process is None or self._process.poll() is not None:
            self._place = tempfile.mkdtemp(prefix="forks-")
            self._process = self._started(f"{self._place}/socket")
            atexit.register(self.close)
        return f"{self._place}/socket"

    def _shared(self, folder) -> str:
        import fcntl
        import hashlib
        from pathlib import Path

        named = hashlib.sha256(" ".join([self._python, *self._modules]).encode()).hexdigest()
        address = f"{folder}/{named[:12]}"
        with Path(f"{address}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not Path(address).exists():
                process = self._started(address)
                process.returncode = 0  # not waited for: it outlives this process
                for end in (process.stdin, process.stdout):
                    end.close()
        return address

    def _started(self, address):
        import subprocess

        process = subprocess.Popen(
            [self._python, __file__, address, *self._modules],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        if not process.stdout.read(1):
            raise RuntimeError(f"{self._python} could not import {', '.join(self._modules)}")
        return process

    def close(self) -> None:
        """End the process."""
        import shutil

        if self._process is not None:
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()
            self._process = None
            shutil.rmtree(self._place, ignore_errors=True)


def wish(address, call, argv, *, folder=None, environment=None, streams=(0, 1, 2)) -> Running:
    """Ask a process for a fork."""
    document = {
        "call": call,
        "argv": argv,
        "folder": str(folder or os.getcwd()),  # noqa: PTH109 - a shim imports no more than it must
        "environment": dict(os.environ if environment is None else environment),
    }
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    text = json.dumps(document).encode()
    numbers = [s if isinstance(s, int) else s.fileno() for s in streams]
    socket.send_fds(connection, [b"%12d" % len(text)], numbers)
    connection.sendall(text)
    return Running(connection)


def serve(address, modules) -> None:
    """Fork for each wish, and tell each fork's end, until standard input ends, or the run whose processes share this."""
    import gc
    import importlib

    # The standard streams are left as they are, unread and unwritten: modules keep them at import.
    end, ready = os.dup(0), os.dup(1)
    del sys.path[0]  # this file's folder, which nobody imports from
    for module in modules:
        importlib.import_module(module)
    gc.freeze()  # to look through what was imported would copy its pages in each fork
    gc.set_threshold(50_000, 20, 100)  # a tenth of a short run, else: others' programs set nothing
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(64)
    ended, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running = {}  # what is told the end of each fork, by its number
    folder = os.environ.get(SHARED)
    watched, seconds = ([listening, ended], 2) if folder else ([listening, ended, end], None)
    os.write(ready, b".")
    while end not in (there := select.select(watched, [], [], seconds)[0]):
        if folder and not _lasts(folder):
            return
        if ended in there:
            _tell(ended, running)
        if listening not in there:
            continue
        connection, _ = listening.accept()
        document, streams = _wished(connection)
        if document is None:
            continue
        child = os.fork()
        if child == 0:
            own = (listening.detach(), connection.detach(), end, ready, ended, told)
            _alone((*own, *(one.detach() for one in running.values())))
            _become(document, streams)
            return
        for stream in streams:
            os.close(stream)
        running[child] = connection
        with contextlib.suppress(OSError):  # whoever asked may have gone
            connection.sendall(b"%d\n" % child)


def _alone(descriptors) -> None:
    """In the fork: leave what is the other's."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in descriptors:
        os.close(number)


def _lasts(folder) -> bool:
    """Whether the run is on whose folder this is."""
    from pathlib import Path

    with contextlib.suppress(ProcessLookupError):
        os.kill(int(Path(folder).name.split("-")[1]), 0)
        return Path(folder).is_dir()
    return False


def _wished(connection):
    """Give a wish's document and streams; nothing, and all closed, if whoever began to ask was killed."""
    head, streams, _, _ = socket.recv_fds(connection, 12, STREAMS)
    try:
        with connection.makefile("rb") as reader:
            return json.loads(reader.read(int(head))), streams
    except (OSError, ValueError):
        for one in (*streams, connection.detach()):
            os.close(one)
        return None, ()


def _tell(ended, running) -> None:
    """Tell whoever asked for a fork how it ended, for each that has."""
    os.read(ended, select.PIPE_BUF)
    with contextlib.suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            connection = running.pop(child, None)
            if connection is not None:  # else a module's own child
                with connection, contextlib.suppress(OSError):
                    connection.sendall(b"%d\n" % code)


def _become(document, streams) -> None:
    import atexit
    import importlib
    import runpy
    import threading

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(document["folder"])
    os.environ.clear()
    os.environ.update(document["environment"])
    sys.argv = document["argv"]
    module, _, path = document["call"].partition(":")
    code = 0
    try:
        if path:
            program = importlib.import_module(module)
            for part in path.split("."):
                program = getattr(program, part)
            sys.exit(program())
        runpy.run_path(document["call"], run_name="__main__")
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            sys.stderr.write(f"{code}\n")
            code = 1
    except BaseException:  # noqa: BLE001 - said as Python says it
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        # As at the end of a process, but without what C++ would do to threads that a fork has not (DuckDB's).
        threading._shutdown()
        atexit._run_exitfuncs()
        try:
            if not sys.stdout.closed:
                sys.stdout.flush()
        except OSError as error:
            sys.stderr.write(
                f"Exception ignored in: {sys.stdout!r}\n{type(error).__name__}: {error}\n"
            )
            code = 120
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit((code or 0) & 0xFF)


def _shim(address, call, argv) -> None:
    running = wish(address, call, argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(running.pid, number))
    running.join()
    code = running.exitcode
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    if sys.argv[1] == "-":
        _shim(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        serve(sys.argv[1], sys.argv[2:])
