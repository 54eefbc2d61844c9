"""In which currency a row's money is, where only the account that earned it can tell.

Today's reports have no field for the currency, and an account of the Data Service may not list it. A report
that is not cut by account would then add euros to dollars: the account is asked for along with it, and the
rows are added up by currency.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from typing_extensions import override

from adtap_core.accounts import id_of
from adtap_core.bodies.parsing import Table
from adtap_core.declare import Report
from adtap_core.errors import BadRequest, Forbidden, OfflineError, ResponseTooLarge
from adtap_core.http.once import Once
from adtap_core.rows.records import to_text
from adtap_core.rows.totals import add, as_decimal
from tap_openx import fields

log = logging.getLogger("adtaps.openx")

COLUMN: Final = "currency of the account"
"""The field of rows that were added up by currency; no platform's own name."""
_PUBLISHER: Final = "account.publisher"
_UNTOLD: Final = "one that no account names"


class AccountCurrencies:
    """The currencies of the login's publishers; asked for once.

    Args:
        accounts: Gives the list of accounts.
    """

    def __init__(self, accounts: Callable[[], Iterator[Mapping[str, Any]]]) -> None:
        self._accounts = accounts
        self._known: Once[str, Mapping[str, str]] = Once()
        self._by_uid: dict[str, str] = {}
        self._untold: frozenset[str] = frozenset()
        self._refusal: Forbidden | None = None

    def known(self) -> Mapping[str, str]:
        """Return the currency by the publisher's id; empty if the login may not list accounts."""
        return self._known.get("accounts", self._read)

    def _read(self) -> dict[str, str]:
        found: dict[str, str] = {}
        by_uid: dict[str, str] = {}
        try:
            for account in self._accounts():
                if (account.get("type_full") or _PUBLISHER) == _PUBLISHER:
                    found[id_of(account, "accounts: one")] = str(account.get("currency") or "")
                    if account.get("uid") and account.get("currency"):
                        by_uid[str(account["uid"])] = str(account["currency"])
        except OfflineError:
            return {}  # a dry run without a network: the request is the same
        except Forbidden as error:
            log.warning("The currency of money is not known: %s", error)
            self._refusal = error
            return {}
        self._untold = frozenset(i for i, currency in found.items() if not currency)
        self._by_uid = by_uid
        return {i: currency for i, currency in found.items() if currency}

    def refusal(self) -> Forbidden | None:
        """Return why the login may not list accounts; None if it may."""
        self.known()
        return self._refusal

    def unknown_error(self, report: Report) -> BadRequest:
        """Return why a report can't be read where accounts can't: nobody knows what its rows would add up.

        Args:
            report: Its rows are not told apart by publisher.
        """
        return BadRequest(
            f"report {report.name!r}: its rows may add up money of several currencies, and the accounts, which tell "
            f"them apart, can't be read ({self._refusal}); ask the platform for access to accounts, or add the "
            "publisher to its dimensions"
        )

    def several(self) -> tuple[str, ...]:
        """Return the currencies, if there is more than one; that of accounts that name none may be any."""
        distinct = tuple(sorted(set(self.known().values())))
        if self._untold:
            distinct += (_UNTOLD,)
        return distinct if len(distinct) > 1 else ()

    def only(self) -> str | None:
        """Return the one currency of all publishers, or None if there are several, or none is known."""
        distinct = set(self.known().values())
        return next(iter(distinct)) if len(distinct) == 1 and not self._untold else None

    def lookup(self, report: str) -> Mapping[str, str]:
        """Return the currency by publisher, for rows that say whose they are: by the account's `id` or its `uid`.

        Which of them today's reports name is not published. Where all have one, a publisher that no account answers to has it too.

        Args:
            report: The report's name, for the log.
        """
        known = self.known()
        return _Lookup({**self._by_uid, **known}, self.only(), self._untold, report)

    def addition_error(self, report: Report, metrics: Iterable[str]) -> BadRequest | None:
        """Return why a report that must be added up by currency can't be; None if it can.

        Args:
            report: The report.
            metrics: Those that are asked for.
        """
        wrong = fields.not_additive(metrics)
        if not wrong:
            return None
        return BadRequest(
            f"report {report.name!r}: its rows would mix money of several currencies ({', '.join(self.several())}), "
            f"and {', '.join(wrong)} can't be added up by currency; add the publisher to its dimensions, or take "
            "the metric out"
        )


class _Lookup(dict[str, str]):
    """Currencies by publisher; says once whose is not known."""

    def __init__(
        self, known: Mapping[str, str], only: str | None, untold: frozenset[str], report: str
    ) -> None:
        super().__init__(known)
        self._only, self._untold, self._report = only, untold, report
        self._told: set[str] = set()

    @override
    def get(self, key: str, default: Any = None) -> Any:
        """Return a publisher's currency."""
        found = super().get(key, self._only)
        if found is None and key not in self._told:
            self._told.add(key)
            log.warning(
                "%s: publisher %s is %s; the currency of its money is not known",
                self._report,
                key,
                "an account that names none"
                if key in self._untold
                else "no account that the login lists",
            )
        return default if found is None else found


def check_groups(metrics: Iterable[str], refusal: ResponseTooLarge, *, can_split: bool) -> None:
    """Check that rows of groups of accounts can be added up: a report that does not tell accounts apart is read so.

    Args:
        metrics: Those that are asked for.
        refusal: Of all accounts at once.
        can_split: Whether a shorter window can be asked for, which may have fewer accounts.

    Raises:
        ResponseTooLarge: If they can't: the refusal, where a shorter window may do.
        BadRequest: The same, where there is none.
    """
    wrong = fields.not_additive(metrics)
    if not wrong:
        return
    if can_split:
        raise refusal
    raise BadRequest(
        f"{refusal}; rows of groups of accounts would be added up, and {', '.join(wrong)} can't be; add "
        f"{fields.ACCOUNT} to the dimensions, or take the metric out"
    ) from refusal


def added_up(
    table: Table, account: str, metrics: Sequence[str], lookup: Mapping[str, str]
) -> Table:
    """Return rows that were cut by account with one row a grain and currency, their metrics added up exactly.

    Publishers whose currency is not known are not added to one another; nor is a row in which a metric is no number: it
    stays a row of its own, or one odd value would cost all the others.

    Args:
        table: Value lists; every column but the account and the metrics is part of the grain.
        account: The column that says whose a row is; it is left out.
        metrics: The columns that are added up.
        lookup: The currency by account.
    """
    columns = list(table.columns or ())
    at = columns.index(account)
    sums = [columns.index(m) for m in metrics]
    grain = [n for n in range(len(columns)) if n != at and n not in sums]
    whole: dict[tuple[Any, ...], list[Any]] = {}
    apart: list[tuple[Any, ...]] = []
    for row in table.rows:
        assert isinstance(row, Sequence)  # noqa: S101 - value lists, as said above
        currency = lookup.get(str(row[at]))
        # A list of ids (`Array[Number]`) is text in its column, and can't be told apart but as text.
        told = (to_text(v) if isinstance(v := row[n], list | dict) else v for n in grain)
        key = (*told, currency, str(row[at]) if currency is None else "")
        values = [None if row[n] == "" else row[n] for n in sums]
        numbers = list(map(as_decimal, values))
        if any(n is None and v is not None for n, v in zip(numbers, values, strict=True)):
            apart.append((*key[:-1], *values))
            continue
        known = whole.setdefault(key, [None] * len(sums))
        whole[key] = [add(k, n) for k, n in zip(known, numbers, strict=True)]
    # By account, where that is all that tells rows apart: their order must not hang on the answer's.
    ordered = sorted(whole.items(), key=lambda item: item[0][-1])
    made = [*((*key[:-1], *values) for key, values in ordered), *sorted(apart, key=repr)]
    return Table(
        iter(made),
        [*(columns[n] for n in grain), COLUMN, *metrics],
        empty_is_null=table.empty_is_null,
    )
