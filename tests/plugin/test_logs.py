"""No log line of the process shows a secret, whoever writes it: taps, loaders, and the libraries they stand on."""

import io
import json
import logging
import subprocess
import sys

import pytest
from singer_sdk.logging import ConsoleFormatter, StructuredFormatter
from singer_sdk.metrics import Metric, MetricExclusionFilter, Point, log

from adtap_plugin.redact import guard_logging
from tests.plugin.test_variables import run

SIGNATURE = "kGhvjoLVtGkxyzhNfwyKzaElUbg="


@pytest.fixture
def said(caplog):
    """What a logger says of something, as it would be written."""
    guard_logging()
    caplog.set_level(logging.DEBUG)

    def say(logger, *words, **more):
        caplog.clear()
        logging.getLogger(logger).debug(*words, **more)
        (record,) = caplog.records
        return logging.Formatter().format(record)

    return say


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("Signature: %s", SIGNATURE), "Signature: ***"),
        (("nonce %s", "c4e19b07d25fa83641b0e97c"), "nonce ***"),
        (("Obtained token %s", {"oauth_verifier": "v1"}), "Obtained token {'oauth_verifier': '***'}"),
        (("Starting new HTTPS connection (1): %s:443", "api.example.com"),
         "Starting new HTTPS connection (1): api.example.com:443"),
        (('"GET %s HTTP/1.1" 200', "/reports-service/report?dimensions=day,app_token"),
         '"GET /reports-service/report?dimensions=day,app_token HTTP/1.1" 200'),
        (("proxy http://me:hunter2@proxy.example:3128",), "proxy http://me:***@proxy.example:3128"),
        (("bad %d format", "oauth_token=abc"), "bad %d format ('oauth_token=***',)"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_in_another_librarys_words_is_masked(said, words, shown):
    """A signature is no value that anybody could have taught us; addresses and paths stay readable."""
    assert said("some.library", *words) == shown


def test_our_own_words_keep_the_ids_they_name(said):
    """A request id or a report's digest in our own messages is for the platform's support: it stays."""
    assert said("adtaps", "request %s", "Root=1-Aa67b891233X") == "request Root=1-Aa67b891233X"


def test_a_line_end_in_a_value_makes_no_second_line(said):
    """A setting's or a platform's words, a terminal's controls: spelt out in ours; a library's stay as they are."""
    given = "user a\nERROR all is well\x1b[2J\u2028b"
    assert said("adtaps", "%s", given) == r"user a\nERROR all is well\x1b[2J\u2028b"
    assert said("tap-adjust", "%s", "a\r\n\tb") == "a\\r\\n\tb"
    assert said("some.library", "%s", "a\nb") == "a\nb"


def test_tracebacks_and_stacks_pass_the_same_gate(said):
    """A library that logs its exception logs the text of a request with it."""
    try:
        int("api_token=hunter2-of-the-error")
    except ValueError as error:
        shown = said("some.library", "failed", exc_info=error, stack_info=True)
    assert "api_token=***" in shown.splitlines()[4]
    assert "Traceback" in shown
    assert "Stack (most recent call last)" in shown
    assert "hunter2" not in shown


PLUGIN = """
import logging, sys
from singer_sdk import Target, typing as th
from singer_sdk.sinks import BatchSink
from adtap_plugin.plugin import FromVariables

class Sink(BatchSink):
    def process_batch(self, context): ...

class TargetX(FromVariables, Target):
    name = "target-x"
    default_sink_class = Sink
    config_jsonschema = th.PropertiesList(
        th.Property("password", th.StringType, secret=True), th.Property("port", th.IntegerType)
    ).to_dict()
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        logging.getLogger("driver").debug("connecting with %r", self.config["password"])

TargetX.cli()
"""


def test_a_loader_is_guarded_like_a_tap(tmp_path):
    """Whatever a database's driver logs at its most talkative, the loader's password is not in it."""
    program = tmp_path / "target_x.py"
    program.write_text(PLUGIN)
    for word in ("hunter2 of the loader", "short1"):
        done = subprocess.run(
            [sys.executable, program, "--config=ENV"],
            cwd=tmp_path,
            env={"LOGLEVEL": "DEBUG", "TARGET_X_PASSWORD": word, "TARGET_X_PORT": "1"},
            input="",
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "connecting with '***'" in done.stderr
        assert word not in done.stdout + done.stderr


def test_the_companion_says_more_at_debug_and_still_no_secret(tmp_path, sandbox):
    """`LOGLEVEL=DEBUG adtap check` shows the requests, none of the credentials."""
    secret = "canary-consumer-0123456789"
    done = run(
        tmp_path, "adtap", "check", "tap-openx", "--config=ENV", LOGLEVEL="DEBUG",
        TAP_OPENX_API_URL=f"{sandbox.url}/openx", TAP_OPENX_SSO_URL=f"{sandbox.url}/openx",
        TAP_OPENX_EMAIL="me@example.com", TAP_OPENX_PASSWORD=secret,
        TAP_OPENX_CONSUMER_KEY=secret, TAP_OPENX_CONSUMER_SECRET=secret,
    )  # fmt: skip
    assert done.returncode == 1
    assert "/api/index/initiate" in done.stderr
    assert "Signature: ***" in done.stderr
    assert secret not in done.stdout + done.stderr


def test_a_metric_names_its_stream_where_meltano_shows_it():
    """Meltano shows a metric's name and value; with the stream in its text a reader knows whose they are.

    On a terminal the line is the SDK's, to the letter, and filters still find the metric.
    """
    guard_logging()
    point = Point("counter", Metric.RECORD_COUNT, 7, {"stream": "sales 50%", "pid": 1})
    shown = {}
    for formatter in (ConsoleFormatter(fmt="{message}"), StructuredFormatter()):
        handler = logging.StreamHandler(io.StringIO())
        handler.setFormatter(formatter)
        logger = logging.getLogger("singer_sdk.metrics")
        root = logging.getLogger()
        root.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            log(logger, point)
            handler.addFilter(MetricExclusionFilter(metrics=["record_count"]))
            log(logger, point)
        finally:
            root.removeHandler(handler)
        (shown[type(formatter)],) = handler.stream.getvalue().splitlines()
    assert shown[ConsoleFormatter] == f"METRIC: {point}"
    document = json.loads(shown[StructuredFormatter])
    assert document["message"] == "METRIC sales 50%"
    assert document["extra"]["metric_info"] == point.to_dict()
