"""The current generation: identity, OAuth 2 with PKCE, and reports as jobs that end in CSV.

Source: the vendor's own reporting client of January 2026.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from adtap_sandbox import credentials
from adtap_sandbox.environment import full_hour
from adtap_sandbox.openx import fields, questions, request_parts
from adtap_sandbox.openx.delivery import Question, on_the_wire
from adtap_sandbox.openx.replies import (
    Refusal,
    identity_error,
    oauth2_error,
    plain_json,
    reporting_error,
)
from adtap_sandbox.openx.sessions import Grant, knows_login
from adtap_sandbox.openx.store import Job, Store
from adtap_sandbox.tables import csv_text, fill, table

_SCOPES: Final = frozenset({"openid", "email", "profile", "api", "offline_access"})
_DOCUMENTS: Final = table(__package__, "documents")
_GRAIN: Final = {"HOURLY": "Hour", "DAILY": "Day"}
_ID_TOKEN_LIFE: Final = timedelta(hours=1)
_CODE_LIFE: Final = timedelta(minutes=5)


class Login:
    """The steps from e-mail and password to a bearer token."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = store.current

    async def sign_in(self, request: Request) -> Response:
        """The identity toolkit's `accounts:signInWithPassword`; a form or JSON."""
        key = dict(request_parts.query(request)).get("key")
        if key != credentials.OPENX_IDENTITY_KEY:
            return identity_error("API key not valid. Please pass a valid API key.")
        if request.headers.get("content-type", "").startswith("application/json"):
            given = await request_parts.json_object(request)
            if given is None:
                return identity_error("Invalid JSON payload received.")
        else:
            given = dict(await request_parts.form(request))
        if not given.get("password"):
            return identity_error("MISSING_PASSWORD")
        if self._store.switch("password_expired"):
            return identity_error("PASSWORD_EXPIRED")
        if not knows_login(str(given.get("email")), str(given["password"])):
            return identity_error("INVALID_LOGIN_CREDENTIALS")
        token = "sandbox." + secrets.token_urlsafe(120)
        self._sessions.identities.add(token, None, _ID_TOKEN_LIFE)
        values = {"email": credentials.EMAIL, "token": token}
        return plain_json(fill(_DOCUMENTS["signed_in"], values))

    async def authorize(self, request: Request) -> Response:
        """The start of the code flow: sends the browser to the login page with a session id."""
        given = dict(request_parts.query(request))
        if given.get("client_id") != credentials.OPENX_CLIENT_ID:
            return oauth2_error("invalid_client", "Unknown client_id", 401)
        if given.get("response_type") != "code":
            return oauth2_error("unsupported_response_type", "response_type must be code")
        if given.get("code_challenge_method") != "S256" or not given.get("code_challenge"):
            return oauth2_error("invalid_request", "PKCE with S256 is required")
        redirect = given.get("redirect_uri", "")
        hosts = {credentials.OPENX_INSTANCE_HOSTNAME, "unity.openx.com"}
        if urlsplit(redirect).hostname not in hosts:
            return oauth2_error("invalid_request", "redirect_uri is not registered")
        scope = given.get("scope", "")
        if not scope or not set(scope.split()) <= _SCOPES:
            return oauth2_error("invalid_scope", f"Unknown scope: {scope}")
        grant = Grant(
            given["client_id"], redirect, scope, given.get("state", ""), given["code_challenge"]
        )
        session_id = self._sessions.grants.add(secrets.token_urlsafe(24), grant)
        page = self._store.switch("login_page") or "login?session_id={}"
        return RedirectResponse(page.format(session_id), status_code=302)

    async def login(self, request: Request) -> Response:
        """One more redirect on the way, as the real host makes."""
        return RedirectResponse(f"login/start?{request.url.query}", status_code=302)

    async def start(self, request: Request) -> Response:
        """The page the redirects end on; its URL carries the session id."""
        del request
        return HTMLResponse("<!DOCTYPE html><html><body>Log in</body></html>")

    async def session_info(self, request: Request) -> Response:
        grant = self._grant(request, dict(request_parts.query(request)).get("session_id", ""))
        return plain_json({"scope": grant.scope, "client_id": grant.client_id})

    async def consent(self, request: Request) -> Response:
        """The user's yes; gives the code."""
        given = dict(await request_parts.form(request))
        session_id = given.get("session_id", "")
        grant = self._grant(request, session_id)
        if given.get("consent") != "true":
            return oauth2_error("access_denied", "Consent was not given", 403)
        if given.get("instance_hostname") != credentials.OPENX_INSTANCE_HOSTNAME:
            return oauth2_error("access_denied", "This user has no access to the instance", 403)
        if not set(given.get("scope", "").split()) <= set(grant.scope.split()):
            return oauth2_error("invalid_scope", "More than was asked for")
        self._sessions.grants.drop(session_id)
        code = self._sessions.codes.add(secrets.token_urlsafe(32), grant, _CODE_LIFE)
        query = urlencode({"code": code, "state": grant.state})
        return plain_json({"code": code, "redirect_uri": f"{grant.redirect_uri}?{query}"})

    async def token(self, request: Request) -> Response:  # noqa: PLR0911 - one per way to fail
        """A code and its PKCE verifier, or a refresh token, for a bearer token."""
        given = dict(await request_parts.form(request))
        if given.get("client_id") != credentials.OPENX_CLIENT_ID:
            return oauth2_error("invalid_client", "Unknown client_id", 401)
        kind = given.get("grant_type")
        if kind == "refresh_token":
            token = given.get("refresh_token", "")
            if self._sessions.refreshers.find(token) is None:
                return oauth2_error("invalid_grant", "Unknown refresh token")
            return plain_json(self._bearer({"refresh_token": token}))
        if kind != "authorization_code":
            return oauth2_error("unsupported_grant_type", f"Unknown grant_type: {kind}")
        code = self._sessions.codes.find(given.get("code", ""))
        if code is None:
            return oauth2_error("invalid_grant", "The code is unknown, used or too old")
        self._sessions.codes.drop(given["code"])  # it works once
        grant = code.holder
        if given.get("redirect_uri") != grant.redirect_uri:
            return oauth2_error("invalid_grant", "redirect_uri differs from that of authorize")
        verifier = given.get("code_verifier", "").encode()
        if credentials.base64url(hashlib.sha256(verifier).digest()) != grant.challenge:
            return oauth2_error("invalid_grant", "The code_verifier does not match")
        more: dict[str, object] = {"scope": grant.scope}
        if "offline_access" in grant.scope.split():
            # It stays good.
            more["refresh_token"] = self._sessions.refreshers.add(secrets.token_urlsafe(48), grant)
        return plain_json(self._bearer(more))

    async def revoke(self, request: Request) -> Response:
        """Ends a token; 200 whether it was known or not (RFC 7009)."""
        token = dict(await request_parts.form(request)).get("token", "")
        self._sessions.bearers.drop(token)
        self._sessions.refreshers.drop(token)
        return Response(status_code=200)

    async def discovery(self, request: Request) -> Response:
        issuer = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
        values = {"issuer": issuer, "scopes": sorted(_SCOPES)}
        return plain_json(fill(_DOCUMENTS["discovery"], values))

    def _bearer(self, more: dict[str, object]) -> dict[str, object]:
        seconds = int(self._store.switch("bearer_seconds"))
        life, bearers = timedelta(seconds=seconds), self._sessions.bearers
        token = bearers.add(secrets.token_urlsafe(48), None, life)
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, **more}

    def _grant(self, request: Request, session_id: str) -> Grant:
        if not self._sessions.identities.find(request_parts.bearer(request)):
            raise Refusal(oauth2_error("invalid_token", "The identity token is not valid", 401))
        found = self._sessions.grants.find(session_id)
        if found is None:
            raise Refusal(oauth2_error("invalid_request", "Unknown session_id", 404))
        return found.holder


class Reporting:
    """Reports of the current generation: asked for, polled for, then read as CSV."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def generate(self, request: Request) -> Response:  # noqa: PLR0911 - one per way to fail
        """`POST generateReport`: takes a report in and gives its id."""
        self._admit(request)
        given = await self._body(request)
        kind = given.get("reportType")
        if kind not in _GRAIN:
            return reporting_error(400, "reportType must be HOURLY or DAILY")
        dimensions, metrics = _names(given.get("dimensions")), _names(given.get("metrics"))
        if dimensions is None or not metrics:
            return reporting_error(400, "dimensions and metrics must be lists of names")
        strange = [name for name in dimensions if name not in fields.CURRENT_DIMENSIONS]
        strange += [name for name in metrics if name not in fields.CURRENT_METRICS]
        if strange:
            return reporting_error(400, f"Unknown field(s): {', '.join(strange)}")
        if kind == "DAILY" and "Hour" in dimensions:
            return reporting_error(400, "Hour is not available in a DAILY report")
        try:
            start = questions.read_date(given.get("dateFrom"))
            end = questions.read_date(given.get("dateTo"))
        except questions.DateError as error:
            return reporting_error(400, f"Unparseable date: {error}")
        bucket = (fields.CURRENT_DIMENSIONS[_GRAIN[kind]],)
        span = questions.available(self._store.environment, bucket, ())
        if not (start < end and span.first <= start):
            message = "dateFrom and dateTo are outside the lookback of this report"
            return reporting_error(400, message)
        try:
            wanted = questions.read_filter(_renamed(given.get("filters")), fields.ATTRIBUTES)
        except questions.FilterError as error:
            return reporting_error(400, f"Invalid filter: {error}")
        question = Question(
            start,
            # Hours to come hold nothing: a report may end in the future. Nothing says that whole ones come late.
            max(start, min(end, full_hour(self._store.now()))),
            tuple(fields.CURRENT_DIMENSIONS[name] for name in dimensions),
            tuple(fields.CURRENT_METRICS[name] for name in metrics),
            wanted,
        )
        job = self._store.new_job(question, (*dimensions, *metrics))
        return plain_json({"id": job.id})

    async def pull(self, request: Request) -> Response:
        """`POST pullReport`: 202 while it runs, then CSV; 500 if it failed."""
        self._admit(request)
        given = await self._body(request)
        job = self._store.jobs.get(given["id"]) if isinstance(given.get("id"), str | int) else None
        life = timedelta(hours=self._store.switch("job_life_hours"))
        if job is None or self._store.now() - job.made >= life:
            return reporting_error(404, "Report not found")
        job.polls += 1
        age = (self._store.now() - job.made).total_seconds()
        waits = self._store.switch("polls_before_ready")
        if job.polls <= waits or age < self._store.switch("job_seconds"):
            return plain_json({"id": job.id, "status": "IN_PROGRESS"}, 202)
        if job.csv is None and not job.error:
            await run_in_threadpool(self._run, job)
        if job.fails or job.error:
            return reporting_error(500, job.error or "Report generation failed")
        return Response(job.csv, media_type="text/csv")

    def _run(self, job: Job) -> None:
        """Write a job's CSV once: pulling it again gives the same bytes."""
        rows: list[Sequence[Any]] = [job.header]
        limit = self._store.switch("report_row_limit")
        noise = self._store.switch("money_noise")
        question = job.question
        for count, row in enumerate(self._store.delivery.rows(question), start=1):
            if count > limit:
                job.error = f"The report exceeds {limit} rows"
                return
            buckets = {"hour": row.stamp, "day": row.day.isoformat()}
            pairs = zip(question.attributes, row.values, strict=True)
            values = [buckets.get(name, value) for name, value in pairs]
            money = zip(question.metrics, row.metrics, strict=True)
            numbers = [repr(on_the_wire(name, number, noise=noise)) for name, number in money]
            rows.append([*values, *numbers])
        job.csv = csv_text(rows).encode()

    def _admit(self, request: Request) -> None:
        if not self._store.current.bearers.find(request_parts.bearer(request)):
            raise Refusal(reporting_error(401, "Unauthorized"))

    @staticmethod
    async def _body(request: Request) -> dict[str, Any]:
        given = await request_parts.json_object(request)
        if given is None:
            raise Refusal(reporting_error(400, "Invalid JSON"))
        return given


def _names(given: object) -> list[str] | None:
    """A list of names, or None for anything else."""
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return None
    return given


def _renamed(tree: object) -> object:
    """A filter tree with the current names turned into the store's.

    The real shape of filters is not known; the Data Service's tree is taken.
    """
    if not isinstance(tree, dict):
        return tree
    if "name" in tree:
        return {**tree, "name": fields.CURRENT_DIMENSIONS.get(str(tree["name"]), "?")}
    return {
        key: _renamed(value) if key in {"leftOperand", "rightOperand"} else value
        for key, value in tree.items()
    }
