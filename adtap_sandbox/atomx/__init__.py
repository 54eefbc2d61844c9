"""The atomx room of the sandbox: API v3, with the logins of v1 and v2.

```
routes.py       HTTP: paths, parameters, verbs
accounts.py     logins, second factor, tokens on the sandbox clock
models.py       which models exist and how they hang together (models.json)
data.py         rows of all models (rows.json, reference.json), as they stand at a moment
store.py        what a request changes: writes, deletes, history, stored reports
resources.py    calls on models
lists.py        filters, order, paging; rendering by depth
facts.py        delivery by line and hour, in whole numbers
reports_api.py  calls on reports
reports.py      report queries: columns, where, time zones, totals (reports.json)
replies.py      the envelope and the error shapes
```

Facts of the platform are those of its public wiki and of the vendor's published clients; what those leave open is
assumed, and the assumption is named where it stands.
"""
