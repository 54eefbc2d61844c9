"""Adjust's error shapes: one body model for the Report Service, one for the older services.

Source: the vendor's OpenAPI file for the model (``error_code``, ``error_desc``); the texts are
those of live answers that authors of clients published. Where no text is known the sandbox writes
one of its own in the same shape.
"""

from starlette.responses import JSONResponse, Response


class RefusedError(Exception):
    """A request that Adjust would refuse.

    ``code`` and ``text`` are ``error_code`` (``auth_error``, …) and ``error_desc`` of the Report Service.
    """

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def invalid(text: str) -> RefusedError:
    """A parameter is missing, malformed or unknown: 400 ``validation_error``."""
    return RefusedError(400, "validation_error", text)


def unsupported_metric(name: str) -> RefusedError:
    """An unknown metric, in one of the two texts seen live.

    The service reads an unknown ``X_revenue`` or ``X_events`` as a metric of the event ``X``.
    """
    gone = name.endswith(("_revenue", "_events"))
    why = "(network event doesn't exist or was renamed)" if gone else "loc=metrics"
    return invalid(f"Unsupported metric: {name} {why}")


def unauthorized() -> RefusedError:
    """Bad or absent token, or an account that the token does not own."""
    return RefusedError(401, "auth_error", "It is impossible to check account ownership!")


def report_error(refused: RefusedError, correlation_id: str) -> Response:
    """Report Service error body; live answers add ``correlation_id``."""
    said = {"error_code": refused.code, "error_desc": refused.text}
    return JSONResponse({**said, "correlation_id": correlation_id}, refused.status)


def plain_error(refused: RefusedError) -> Response:
    """Error body of the KPI service, Campaign API and dashboard: JSON with an ``error`` text.

    The real shape is unknown; a published client parses every answer as JSON, so JSON it is.
    """
    return JSONResponse({"error": refused.text}, status_code=refused.status)
