"""Does it work: settings, login, accounts, reports and, if wanted, each stream, with the fewest requests.

Nothing is written and no bookmark moves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from adtap_core.errors import (
    AdtapError,
    BadRequest,
    CredentialsError,
    Forbidden,
    RequestError,
    SettingsError,
)
from adtap_core.formatting import count
from adtap_core.inspect.dry_run import last_bucket, record_requests
from adtap_core.platform import EntityQuery, ProbeResult
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.streams import EntityStream
from adtap_core.sync.summary import bucket_text
from adtap_core.tap import AdTap
from adtap_plugin.variables import (
    VariableError,
    own_environment,
    unfit,
    unknown,
    unknown_settings,
    variable_of,
    working_directory,
)

SOON: Final = timedelta(days=1)
"""A login that nobody can renew and that ends this soon is worth a warning."""


@dataclass(frozen=True)
class CheckResult:
    """One thing that was looked at.

    Args:
        area: `settings`, `login`, `account`, `report` or `stream`.
        subject: Which one.
        good: Whether it works.
        words: What was found, in the platform's words where there are some.
        advice: What to do if it does not work.
    """

    area: str
    subject: str
    good: bool
    words: str
    advice: str = ""


@dataclass
class CheckReport:
    """What was found.

    Args:
        tap: The tap's name.
        findings: In the order they were found.
        expires_at: When the login ends, if the platform told.
        requests: How many requests it took, logins and retries left out.
    """

    tap: str
    findings: list[CheckResult] = field(default_factory=list)
    expires_at: datetime | None = None
    requests: int = 0

    @property
    def good(self) -> bool:
        """Return whether everything works."""
        return all(f.good for f in self.findings)

    def document(self) -> dict[str, Any]:
        """Return it for JSON.

        Returns:
            `tap`, `good`, `findings` (`area`, `subject`, `good`, `words`, `advice`), `login_expires_at` (ISO, or null),
            `requests`.
        """
        return {
            "tap": self.tap,
            "good": self.good,
            "findings": [vars(f) for f in self.findings],
            "login_expires_at": None
            if self.expires_at is None
            else self.expires_at.isoformat(timespec="seconds"),
            "requests": self.requests,
        }


def _failed_check(area: str, subject: str, message: str, advice: str) -> CheckResult:
    return CheckResult(area, subject, good=False, words=message, advice=advice)


def _subject(fault: str) -> str:
    """Return what a line about the settings is about: a setting's or a report's name."""
    return fault.partition(":")[0].partition(" is ")[0]


def settings_error(kind: type[AdTap], error: SettingsError) -> list[CheckResult]:
    """Return the findings of settings that can't be used, misspelt variables among them."""
    faults = error.errors
    others = (f for f in variable_results(kind) if not any(f.subject in fault for fault in faults))
    return [
        *(_failed_check("settings", _subject(f), f, _setting_advice(kind, f)) for f in faults),
        *others,
    ]


def _setting_advice(kind: type[AdTap], fault: str) -> str:
    """Return what to do about a line that says what is wrong with the settings."""
    if fault.startswith("--"):
        return ""  # about a file or an option: the line itself says which
    name = _subject(fault)
    if " is missing; " in fault and name in kind.config_jsonschema["properties"]:
        variable = variable_of(kind.name, name)
        return (
            f"set {variable} in `.env` or in the environment, or `{name}` in the file of --config"
        )
    return _SET


_RENAME: Final = "correct the variable's name, or take it out: a run goes on without it"
_RENAME_SETTING: Final = "correct the setting's name, or take it out: a run goes on without it"
_SET: Final = "correct the setting; `adtap explain`, `--about` and docs/reference/settings.md say what it takes"
_DESELECT: Final = "ask the platform for access, or deselect the stream {!r}"
_REFUSED: Final = "correct the setting or the report that is named"
_LATER: Final = "is the platform up? Try again later"
_CREDENTIALS: Final = "correct the credentials that are named; nothing can be read without a login"


def variable_results(kind: type[AdTap]) -> list[CheckResult]:
    """Return the variables that look like settings of the tap and set nothing, and those that hold no such value."""
    try:
        dotenv = working_directory()
    except VariableError:
        return []  # somebody else's file, as long as nobody asked for its settings
    environment = own_environment()
    lines = unknown(kind.name, kind.config_jsonschema, environment, dotenv)
    # Under Meltano a word that is not true is false, and the run goes on.
    odd = unfit(kind.name, kind.config_jsonschema, dotenv)
    return [
        *(_failed_check("settings", name, line, _RENAME) for name, line in lines.items()),
        *(
            _failed_check("settings", name, line, _SET)
            for name, line in odd.items()
            if name not in environment
        ),
    ]


def run_check(tap: AdTap, *, streams: bool = False) -> CheckReport:
    """Look at everything that a sync needs.

    Args:
        tap: With its settings and catalog.
        streams: Whether to ask for a little of each selected stream as well.
    """
    made = CheckReport(tap.name, _setting_results(tap))
    watch = record_requests(tap.platform.http)
    try:
        made.findings += _login(tap)
        if all(f.good for f in made.findings if f.area == "login"):
            made.findings += _reports(tap)
            if streams:
                made.findings += _streams(tap)
    except CredentialsError as error:
        made.findings.append(_failed_check("login", "login", str(error), _login_advice(tap, error)))
    finally:
        tap.workers.close()
    made.requests = len(watch.metadata)
    _expiry(tap, made)
    return made


def _setting_results(tap: AdTap) -> list[CheckResult]:
    """Return what is wrong with settings that a run goes on with; that they are valid if nothing is."""
    unknown_ones = unknown_settings(tap.config, tap.config_jsonschema)
    return [
        *(
            _failed_check("settings", name, line, _RENAME_SETTING)
            for name, line in unknown_ones.items()
        ),
        *variable_results(type(tap)),
    ] or [CheckResult("settings", "settings", good=True, words="valid")]


def _login(tap: AdTap) -> Iterator[CheckResult]:
    answered = False
    try:
        for probed in tap.platform.probe():
            yield _found(probed, "account" if answered else "login")
            answered = True
        if not answered:
            yield _found(_first_page(tap), "login")
    except CredentialsError:
        raise
    except RequestError as error:
        message, advice = str(error), f"{_addresses(tap)}; is the platform up?"
        if isinstance(error, Forbidden):
            advice = "ask the platform for this permission"
        yield _failed_check("account" if answered else "login", "platform", message, advice)


def _addresses(tap: AdTap) -> str:
    urls = (f"{name} {value}" for name, value in tap.config.items() if name.endswith("_url"))
    return f"check the addresses: {', '.join(urls)}"


def _login_advice(tap: AdTap, error: CredentialsError) -> str:
    """Return what to do: if no answer came at all, it may be the address that is wrong."""
    cause = error.__cause__
    if isinstance(cause, RequestError) and cause.status is None:
        return f"{_addresses(tap)}; without a login nothing can be read"
    return _CREDENTIALS


def _found(probed: ProbeResult, area: str) -> CheckResult:
    return CheckResult(area, probed.subject, probed.good, probed.message, probed.advice)


def _first_page(tap: AdTap) -> ProbeResult:
    """Ask for the first page of the first entity: the cheapest call that every platform has."""
    for entity in tap.entities:
        if entity.parent is None and tap.platform_class.offers(entity, tap.config):
            for page in tap.platform.pages(entity, EntityQuery()):
                return ProbeResult(
                    subject="login", message=f"accepted; {entity.name} begins with {len(page)}"
                )
            return ProbeResult(subject="login", message=f"accepted; {entity.name} is empty")
    partitions = {p.text for s in tap.report_streams() for p in tap.platform.partitions(s.report)}
    return ProbeResult(
        subject="login", message=f"{count(len(partitions), 'account')} (no call was needed to tell)"
    )


def _expiry(tap: AdTap, made: CheckReport) -> None:
    made.expires_at = moment = tap.platform.login_expires()
    if moment is None or not made.good:
        return
    renewed = tap.platform.auth.can_refresh
    left = moment - tap.clock.read_at()
    message = f"this login ends {moment:%Y-%m-%d %H:%M} UTC"
    made.findings.append(
        CheckResult(
            "login",
            "expiry",
            good=renewed or left > timedelta(0),
            words=f"{message}; a new one is made by itself"
            if renewed
            else f"{message}; it can't be renewed{', soon' if left < SOON else ''}",
            advice="" if renewed else "get a new one before then",
        )
    )


# -- reports ---------------------------------------------------------------------------------


def _reports(tap: AdTap) -> Iterator[CheckResult]:
    """Check fields and accounts against the platform's metadata."""
    selected = [s for s in tap.streams_to_read() if isinstance(s, ReportStream)]
    if not selected:
        return
    try:
        tap.check_reports()
    except SettingsError as error:
        for fault in error.errors:
            yield _failed_check("report", _subject(fault), fault, _SET)
        return
    for failure in tap.failures:
        yield _failed_check(
            "report", failure.stream, failure.message, _report_advice(failure.error, failure.stream)
        )
    failed = {f.stream for f in tap.failures}
    for stream in selected:
        if stream.name not in failed:
            yield _report(tap, stream)


def _report_advice(error: BaseException | None, stream: str) -> str:
    """Return what to do about a report that can't be read."""
    if isinstance(error, Forbidden):
        return _DESELECT.format(stream)
    return _REFUSED if isinstance(error, BadRequest) else _LATER


def _report(tap: AdTap, stream: ReportStream) -> CheckResult:
    report = stream.asked()
    try:
        partitions = tap.platform.partitions(report)
        available = tap.platform.available_range(report, partitions[0]) if partitions else None
    except RequestError as error:
        return _failed_check("report", stream.name, str(error), _report_advice(error, stream.name))
    if not partitions:
        needed = " or ".join(report.generations)
        message = (
            f"not read: only `api_generation` {needed} has it"
            if needed
            else "nothing to read: no account has it"
        )
        return CheckResult("report", stream.name, good=True, words=message)
    message = f"{count(len(partitions), 'account')}, fields known"
    if available is not None:
        message += (
            f"; the platform holds {available.start:%Y-%m-%d} to {available.end:%Y-%m-%d %H:%M}"
        )
    return CheckResult("report", stream.name, good=True, words=message)


# -- streams ---------------------------------------------------------------------------------


def _streams(tap: AdTap) -> Iterator[CheckResult]:
    """Ask for the first page of each selected entity, and for one bucket of each selected report."""
    for stream in tap.streams_to_read():
        try:
            if isinstance(stream, EntityStream):
                message = _entity_text(tap, stream)
            elif isinstance(stream, ReportStream):
                message = _bucket_text(tap, stream)
            else:
                continue
        except CredentialsError:
            raise
        except Forbidden as error:
            yield _failed_check("stream", stream.name, str(error), _DESELECT.format(stream.name))
        except AdtapError as error:
            yield _failed_check("stream", stream.name, str(error), "")
        else:
            yield CheckResult("stream", stream.name, good=True, words=message)


def _entity_text(tap: AdTap, stream: EntityStream) -> str:
    parent = None
    if stream.entity.parent is not None:
        above = next(e for e in tap.entities if e.name == stream.entity.parent)
        if above.parent is not None:
            return f"not checked: its parent {above.name} has a parent itself"
        page = next(iter(tap.platform.pages(above, EntityQuery())), [])
        if not page:
            return f"there is no {above.name} to ask it for"
        parent = tap.current.parent_fields(above, page[0])
    for page in tap.platform.pages(stream.entity, EntityQuery(parent=parent)):
        return f"readable; the first page has {len(page)}"
    return "readable; empty"


def _bucket_text(tap: AdTap, stream: ReportStream) -> str:
    """Read the last bucket that is over, of the first account."""
    planner = stream.planner()
    report = planner.report
    partitions = tap.platform.partitions(report)
    if not partitions:
        return "nothing to read"
    available = tap.platform.available_range(report, partitions[0])
    job = last_bucket(planner, partitions[0], available)
    fetched = tap.platform.fetch(job)
    fetched.close()
    bucket = bucket_text(job.window.start, report.grain)
    return f"readable; asked for one {report.grain.value}, {bucket}"
