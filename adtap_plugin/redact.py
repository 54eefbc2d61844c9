"""Secrets out of URLs, bodies and messages."""

import html
import json
import logging
import re
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
SHORTEST_SECRET: Final = 4
"""Shorter values are not masked: they would blot out ordinary words."""

SECRET_NAMES: Final = (
    "access_token",
    "api_?key",
    "api_token",
    "auth_token",
    "bearer_token",
    "client_secret",
    "code_verifier",
    "consumer_key",
    "consumer_secret",
    "id_?token",
    "oauth_signature",
    "oauth_token",
    "oauth_token_secret",
    "oauth_verifier",
    "passwd",
    "passwords?",
    "private_key",
    "refresh_token",
    "secret",
    "session_?id",
    "session_token",
    "totp",
    "user_token",
)
"""Names whose value is a secret wherever they stand: in a query string, a form, JSON, a header, XML, or as a
field of a record. Regular expressions; `Platform.secret_fields` adds a platform's own names."""


def _behind(names: str) -> str:
    return rf"(?P<head>{names}\\?[\"']?\s*[=:]\s*\\?[\"']?)" r"(?P<value>[^\s\"'&;,<>\\]+)"


_NAMES: Final = "|".join(SECRET_NAMES)
_NAMED: Final = re.compile(_behind(rf"(?<![A-Za-z])(?:{_NAMES})"), re.IGNORECASE)
_TELLING: Final = re.compile(rf"(^|_)({_NAMES})($|_)", re.IGNORECASE)
_BEARER = re.compile(
    r"(?P<head>\b(?:Bearer|Basic|Token token=|OAuth)\s*)(?P<value>[A-Za-z0-9+/._~=%-]{8,})"
)

_IN_ADDRESS: Final = re.compile(
    r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)(?P<value>[^\s/@]+)(?=@)"
)
_OPAQUE: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX: Final = re.compile(r"[0-9a-f]{24,}|[0-9A-F]{24,}")
_PERCENT: Final = re.compile(r"%[0-9A-F]{2}")
_BREAKS: Final = re.compile("[\x00-\x08\n-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that end a line, or tell a terminal what to do."""
METRICS: Final = "singer_sdk.metrics"
_OURS: Final = ("adtap", "tap-", "tap_", "target-", "singer_sdk")
"""Beginnings of the names of loggers whose words are written with care."""


class Redactor:
    """Knows the secrets of this process and takes them out of text.

    Values are learned from the settings and from every login; besides, anything that stands behind a
    secret's usual name is masked, so a secret that nobody taught us is not shown either.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spellings: tuple[str, ...] = ()
        self._values: frozenset[str] = frozenset()
        self._own_names: frozenset[str] = frozenset()
        self._own_named: re.Pattern[str] | None = None

    def learn_names(self, names: Iterable[str]) -> None:
        """Remember further names whose values are secrets, in messages and in records.

        Unlike the common ones they count as a whole only: `token` of one platform says nothing of `app_token`.

        Args:
            names: Of fields, parameters or cookies, as the platform spells them; any letter case.
        """
        with self._lock:
            self._own_names |= {name.lower() for name in names}
            if self._own_names:
                whole = "|".join(map(re.escape, sorted(self._own_names)))
                pattern = _behind(rf"(?<![A-Za-z0-9_-])(?:{whole})")
                self._own_named = re.compile(pattern, re.IGNORECASE)

    def names_secret(self, name: str) -> bool:
        """Check whether a field's name says that its value is a secret: `smtp_password`, `api_key_2`."""
        return bool(_TELLING.search(name)) or name.lower() in self._own_names

    def learn(self, *values: object) -> None:
        """Remember values as secret, in every spelling they may travel in.

        Args:
            values: Secrets; None and values shorter than four characters are ignored.
        """
        fresh = {str(v) for v in values if v is not None and len(str(v)) >= SHORTEST_SECRET}
        with self._lock:
            self._values |= fresh
            spellings = set(self._spellings)
            for value in fresh:
                spellings |= _spellings(value)
            # Longest first: a secret that holds another one must go as a whole.
            self._spellings = tuple(sorted(spellings, key=len, reverse=True))

    def is_secret(self, value: object) -> bool:
        """Return whether a value is one of the learned secrets."""
        return isinstance(value, str) and value in self._values

    def knows_one_of(self, values: Sequence[object]) -> bool:
        """Return whether one of some values is a learned secret; quick where, as always, none is."""
        try:
            return not self._values.isdisjoint(values)
        except TypeError:  # lists and objects among them
            return not self._values.isdisjoint([v for v in values if isinstance(v, str)])

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        for spelling in self._spellings:
            if spelling in text:
                text = text.replace(spelling, MASK)
        for named in (_NAMED, self._own_named):
            if named is not None:
                text = named.sub(lambda m: m["head"] + MASK, text)
        text = _IN_ADDRESS.sub(lambda m: m["head"] + MASK, text)
        return _BEARER.sub(lambda m: m["head"] + MASK, text)

    def beginning(self, value: object, length: int) -> str:
        """Return the beginning of what somebody sent, for a message: of a secret that is cut in two neither half is known."""
        return self(str(value))[:length]

    def words_of_others(self, text: str) -> str:
        """Return what another library logs, with whatever looks like a token, a key or a signature masked too.

        A library logs what it has in hand before anybody could teach us the value: `Signature: kGh…=` is one.
        """
        return _OPAQUE.sub(lambda m: MASK if _looks_made(m[0]) else m[0], self(text))


def _spellings(value: str) -> set[str]:
    """Return a secret in every spelling in which an answer may repeat it: plain, in an address, in JSON, on a page."""
    in_address = {quote(value, safe=""), quote(value), quote_plus(value)}
    small = {_PERCENT.sub(lambda m: m[0].lower(), text) for text in in_address}
    in_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    escaped = html.escape(value)
    # Where the apostrophe is escaped, it is &#x27; or &#39;.
    on_page = {escaped, html.escape(value, quote=False), escaped.replace("&#x27;", "&#39;")}
    return {value, *in_address, *small, *in_json, *on_page}


def _looks_made(word: str) -> bool:
    """Check whether a long word was made by a machine: both letter cases and digits, padding, or many hex digits."""
    if _HEX.fullmatch(word):
        return True
    mixed = word != word.lower() and word != word.upper()
    return mixed and (word.endswith("=") or any(c.isdigit() for c in word))


redact: Final = Redactor()
"""The process's redactor: settings and logins teach it, logs and errors go through it."""


def on_one_line(text: str) -> str:
    r"""Return a text with its line ends and control characters spelt out.

    A setting or a platform's words may hold some: half of a message would be a line of its own.

    >>> on_one_line("user a\nb")
    'user a\\nb'
    """
    return _BREAKS.sub(lambda m: m[0].encode("unicode_escape").decode(), text)


def learn_settings(config: Mapping[str, Any], jsonschema: Mapping[str, Any]) -> None:
    """Teach the redactor the values of every setting that is marked secret."""
    for name, prop in jsonschema.get("properties", {}).items():
        if prop.get("secret") and config.get(name) is not None:
            redact.learn(config[name])


def guard_logging() -> None:
    """Let every log line of the process pass the redactor, whoever writes it and whatever the level.

    Where records are made, not at each logger or handler: none that is added later goes around it.
    """
    factory: Callable[..., logging.LogRecord] = logging.getLogRecordFactory()
    if getattr(factory, "redacts", False):
        return

    def build(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        if record.name == METRICS:
            _name_stream(record)
        if not getattr(record, "_keep_args", False) and record.name != METRICS:
            ours = record.name.startswith(_OURS)
            masked = redact if ours else redact.words_of_others
            message = masked(_message(record))
            record.msg, record.args = on_one_line(message) if _is_our_own(record) else message, ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)))
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return record

    build.redacts = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(build)


def _is_our_own(record: logging.LogRecord) -> bool:
    """Check whether a record is ours and not of the SDK, which also logs whole documents."""
    return record.name.startswith(_OURS) and not record.name.startswith("singer_sdk")


def _name_stream(record: logging.LogRecord) -> None:
    """Put the stream into the text of a metric that goes to Meltano, which shows the metric's name and value alone.

    On a terminal the SDK's line is left as it is: the stream stands in its JSON.
    """
    tags = getattr(record.args[0], "tags", None) if isinstance(record.args, tuple) else None
    stream = tags.get("stream") if isinstance(tags, Mapping) and record.args else None
    handlers = logging.getLogger().handlers
    if stream and any(type(h.formatter).__name__ == "StructuredFormatter" for h in handlers):
        record.metric_info = record.args[0].to_dict()  # type: ignore[index,union-attr] # checked above
        # The argument stays, for filters that look at it, and shows nothing.
        record.msg = f"METRIC {str(stream).replace('%', '%%')}%.0s"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (
        TypeError,
        ValueError,
    ):  # a library's own mistake; logging would print the arguments as they are
        return f"{record.msg} {record.args}"
