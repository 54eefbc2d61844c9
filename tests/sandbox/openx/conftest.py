"""A caller of the OpenX room, in both generations, written from the platform's own description."""

import base64
import hashlib
import secrets
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
import requests
from requests_oauthlib import OAuth1

from adtap_sandbox import credentials
from tests.conftest import SandboxHandle

NOW: Final = "2026-03-18T12:30:00+00:00"


class Legacy:
    """A caller with the cookie of the single sign-on."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False

    def initiate(
        self, key=credentials.OPENX_CONSUMER_KEY, secret=credentials.OPENX_CONSUMER_SECRET, **more
    ):
        """Step 1."""
        auth = OAuth1(key, secret, callback_uri="oob", **more)
        return self.http.post(f"{self.url}/api/index/initiate", auth=auth)

    def process(self, token: str, password: str = credentials.OPENX_PASSWORD):
        """Step 2."""
        form = {"email": credentials.EMAIL, "password": password, "oauth_token": token}
        return self.http.post(f"{self.url}/login/process", data=form)

    def token(self, pending: dict[str, str], verifier: str):
        """Step 3, or the code for a token."""
        auth = OAuth1(
            credentials.OPENX_CONSUMER_KEY,
            credentials.OPENX_CONSUMER_SECRET,
            pending["oauth_token"],
            pending["oauth_token_secret"],
            callback_uri="oob",
            verifier=verifier,
        )
        return self.http.post(f"{self.url}/api/index/token", auth=auth)

    def log_in(self) -> "Legacy":
        """All steps."""
        pending = dict(parse_qsl(self.initiate().text))
        text = self.process(pending["oauth_token"]).text
        verifier = dict(parse_qsl(text.partition("?")[2]))["oauth_verifier"]
        token = dict(parse_qsl(self.token(pending, verifier).text))["oauth_token"]
        self.http.cookies.set("openx3_access_token", token)
        return self

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET with a query."""
        return self.http.get(f"{self.url}{path}", params=params)

    def post(self, path: str, body: object) -> requests.Response:
        """POST of JSON."""
        return self.http.post(f"{self.url}{path}", json=body)

    def report(self, attributes, metrics, start, end, **more) -> requests.Response:
        """A report of the Data Service."""
        return self.post(
            "/data/ods/1.0/report",
            {
                "startDate": start,
                "endDate": end,
                "attributes": [{"id": name} for name in attributes],
                "metrics": [{"id": name} for name in metrics],
                **more,
            },
        )

    def truth(self, **params: Any) -> Any:
        """The control's sums."""
        reply = self.get("/_truth", **params)
        assert reply.status_code == 200, reply.text
        return reply.json()


class Current:
    """A caller with a bearer token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.verifier = secrets.token_urlsafe(32)

    def sign_in(self, key=credentials.OPENX_IDENTITY_KEY, password=credentials.OPENX_PASSWORD):
        """The identity token."""
        return self.http.post(
            f"{self.url}/v1/accounts:signInWithPassword",
            params={"key": key},
            data={"email": credentials.EMAIL, "password": password, "returnSecureToken": True},
        )

    def authorize(self, **more: str):
        """The start of the code flow, redirects followed."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        params = {
            "scope": "openid email profile api",
            "response_type": "code",
            "client_id": credentials.OPENX_CLIENT_ID,
            "redirect_uri": f"https://{credentials.OPENX_INSTANCE_HOSTNAME}",
            "state": "abcd",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "nonce": "n-1",
            **more,
        }
        return self.http.get(f"{self.url}/oauth2/v1/authorize", params=params)

    def consent(self, landed: requests.Response, identity: str):
        """Session info, then consent."""
        session_id = dict(parse_qsl(landed.url.partition("?")[2]))["session_id"]
        headers = {"Authorization": f"Bearer {identity}", "Origin": "https://login.openx.com"}
        info = self.http.get(
            f"{self.url}/oauth2/v1/login/session-info",
            params={"session_id": session_id},
            headers=headers,
        )
        form = {
            "consent": "true",
            "scope": info.json()["scope"],
            "session_id": session_id,
            "instance_hostname": credentials.OPENX_INSTANCE_HOSTNAME,
        }
        return self.http.post(f"{self.url}/oauth2/v1/login/consent", data=form, headers=headers)

    def token(self, code: str, **more: str):
        """Step 3, or the code for a token."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"https://{credentials.OPENX_INSTANCE_HOSTNAME}",
            "client_id": credentials.OPENX_CLIENT_ID,
            "code_verifier": self.verifier,
            **more,
        }
        return self.http.post(f"{self.url}/oauth2/v1/token", data=form)

    def code(self, **more: str) -> str:
        """A code, by all steps before it."""
        identity = self.sign_in().json()["idToken"]
        return self.consent(self.authorize(**more), identity).json()["code"]

    def log_in(self) -> "Current":
        """All steps."""
        token = self.token(self.code()).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"
        self.http.headers["X-Openx-Instance"] = credentials.OPENX_INSTANCE_HOSTNAME
        return self

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET with a query."""
        return self.http.get(f"{self.url}/api/v1{path}", params=params)

    def generate(self, kind, dimensions, metrics, start, end, **more) -> requests.Response:
        """Ask for a report."""
        body = {
            "reportType": kind,
            "dateFrom": start,
            "dateTo": end,
            "dimensions": dimensions,
            "metrics": metrics,
            **more,
        }
        return self.http.post(f"{self.url}/api/v1/reporting-api/generateReport", json=body)

    def pull(self, job: str) -> requests.Response:
        """Poll for it."""
        return self.http.post(f"{self.url}/api/v1/reporting-api/pullReport", json={"id": job})


@pytest.fixture
def openx(sandbox: SandboxHandle) -> SandboxHandle:
    """The sandbox with its clock held still."""
    sandbox.clock(NOW)
    return sandbox


def _open(caller):
    with caller.http:
        yield caller


@pytest.fixture
def stranger(openx):
    """A legacy caller who has not logged in."""
    yield from _open(Legacy(f"{openx.url}/openx"))


@pytest.fixture
def legacy(stranger):
    """A legacy caller who has logged in."""
    return stranger.log_in()


@pytest.fixture
def newcomer(openx):
    """A caller of the current generation who has not logged in."""
    yield from _open(Current(f"{openx.url}/openx"))


@pytest.fixture
def current(newcomer):
    """A caller of the current generation who has logged in."""
    return newcomer.log_in()
