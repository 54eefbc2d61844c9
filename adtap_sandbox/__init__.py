"""A local stand-in for the four platforms: atomx, Adjust, TerminalOne and OpenX.

One process on loopback serves all four from one deterministic world (one agency's advertisers,
campaigns, sites and apps), with a clock that a test can move, a restatement curve and a menu of
faults. It imports neither the taps nor their core, so that one misreading of a platform cannot
sit on both sides of a test.

    command_line.py    the program's arguments
    server.py          the application, its routing, and the runner for tests
    control.py         the control API below ``/_control/``
    environment.py     the clock, the restatement curve, the switches
    world.py           who exists, and the numbers of it
    lists.py           the list engine: filtered, sorted, cut into pages
    cube.py            the report engine: days cut into buckets, groups added up, rows sorted
    tables.py          reads what a platform declares in data, and fills templates in
    passes.py          tokens, sessions and codes, until they end by the sandbox's clock
    faults.py          the fault menu, the request log, the count of requests in flight
    cached_answers.py  answers that are made once, where the answering must cost nothing
    credentials.py     the logins the platforms accept
    <platform>/        routes.py (HTTP), data.py and store.py (who exists, as of now), lists.py and
                       report*.py (what requests mean), replies.py (envelopes, errors), and the
                       tables *.json and *.tsv; CONTRIBUTING.md says how they hang together
"""
