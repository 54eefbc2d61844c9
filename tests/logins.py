"""How each tap logs in to the sandbox: addresses and credentials, once for each generation of an API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adtap_sandbox import credentials


@dataclass(frozen=True)
class Login:
    """Settings that a tap needs to log in.

    Args:
        paths: Settings that hold an address, each with its path below the sandbox's own.
        settings: The credentials, and what chooses the way to log in.
    """

    paths: Mapping[str, str]
    settings: Mapping[str, Any]

    def config(self, url: str, **more: Any) -> dict[str, Any]:
        """Return the settings for the sandbox at `url`; a value of None takes a setting out."""
        addresses = {name: f"{url}{path}" for name, path in self.paths.items()}
        made = {**self.settings, **addresses, **more}
        return {name: value for name, value in made.items() if value is not None}


ADJUST: Final = Login(
    {"api_url": "/adjust/reports-service", "kpi_api_url": "/adjust/kpis/v1"},
    {"api_token": credentials.ADJUST_API_TOKEN},
)
ATOMX: Final = Login(
    {"api_url": "/atomx/v3"},
    {"email": credentials.EMAIL, "password": credentials.ATOMX_PASSWORD},
)
_OPENX_USER: Final = {"email": credentials.EMAIL, "password": credentials.OPENX_PASSWORD}
OPENX: Final = Login(
    {"api_url": "/openx", "sso_url": "/openx"},
    {
        **_OPENX_USER,
        "consumer_key": credentials.OPENX_CONSUMER_KEY,
        "consumer_secret": credentials.OPENX_CONSUMER_SECRET,
    },
)
OPENX_CURRENT: Final = Login(
    {"api_url": "/openx", "identity_url": "/openx"},
    {
        **_OPENX_USER,
        "client_id": credentials.OPENX_CLIENT_ID,
        "identity_key": credentials.OPENX_IDENTITY_KEY,
        "instance_hostname": credentials.OPENX_INSTANCE_HOSTNAME,
    },
)
_T1_PATHS: Final = {"api_url": "/terminalone", "auth_url": "/terminalone"}
_T1_USER: Final = {"username": credentials.USERNAME, "password": credentials.T1_PASSWORD}
TERMINALONE: Final = Login(
    _T1_PATHS,
    {
        **_T1_USER,
        "auth_method": "oauth_password",
        "client_id": credentials.T1_CLIENT_ID,
        "client_secret": credentials.T1_CLIENT_SECRET,
    },
)
TERMINALONE_LEGACY: Final = Login(
    _T1_PATHS,
    {
        **_T1_USER,
        "api_generation": "legacy",
        "auth_method": "cookie",
        "api_key": credentials.T1_API_KEY,
    },
)
