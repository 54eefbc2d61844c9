"""The atomx room of the sandbox: API v3, with the logins of v1 and v2."""
