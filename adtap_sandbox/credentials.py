"""The logins that the sandbox accepts; they open nothing but the sandbox.

The values are spelled so that a leak into a log line is found by searching for ``sandbox-``.
"""

import base64
from typing import Final


def base64url(data: bytes) -> str:
    """Return bytes as the parts of web tokens are written: base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


EMAIL: Final = "ops@northwind.example"
"""Who logs in, on atomx and OpenX."""
USERNAME: Final = EMAIL
"""Who logs in, on TerminalOne."""

ATOMX_PASSWORD: Final = "sandbox-atomx-password"

ADJUST_API_TOKEN: Final = "sandbox-adjust-token"

T1_PASSWORD: Final = "sandbox-t1-password"
T1_CLIENT_ID: Final = "sandbox-t1-client"
T1_CLIENT_SECRET: Final = "sandbox-t1-secret"
T1_API_KEY: Final = "sandbox-t1-key"

OPENX_PASSWORD: Final = "sandbox-openx-password"
OPENX_CONSUMER_KEY: Final = "sandbox-consumer-key"
OPENX_CONSUMER_SECRET: Final = "sandbox-consumer-secret"
OPENX_CLIENT_ID: Final = "sandbox-openx-client"
OPENX_IDENTITY_KEY: Final = "sandbox-identity-key"
OPENX_INSTANCE_HOSTNAME: Final = "northwind-ui.openx.example"
