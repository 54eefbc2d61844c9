"""States in a bucket of SeaweedFS, a server of S3 that checks signatures as Amazon's does, by Meltano's own backend."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.orchestrators.conftest import BIN, Field, asked, differ, environment, wait_for
from tests.orchestrators.kills import SLOW, ended_early, minutes_later
from tests.running import ROOT

sys.path.append(str(ROOT / "orchestrate"))
from adtap_run import Meltano, Project, run_shard

pytestmark = pytest.mark.orchestrators
NAMED = {"accessKey": "states", "secretKey": "a-key-of-this-test-alone"}
IN_BUCKET = """
import sys

import boto3

client = boto3.client("s3")
if sys.argv[1] == "make":
    client.create_bucket(Bucket="states")
    client.put_object(Bucket="states", Key="ready", Body=b"")
else:
    for found in client.list_objects_v2(Bucket="states").get("Contents", ()):
        print(found["Key"])
"""


def in_bucket(variables: dict[str, str], what: str) -> subprocess.CompletedProcess[str]:
    """Make the bucket, or list what is in it."""
    return subprocess.run(
        [environment("s3") / "python", "-c", IN_BUCKET, what], env=variables, text=True, capture_output=True,
        check=False,
    )  # fmt: skip


@pytest.fixture
def bucket(here: Field, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server with an empty bucket; the variables by which Meltano keeps its states there."""
    folder = environment("s3")
    home = tmp_path / "s3"
    home.mkdir()
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    known = {"identities": [{"name": "meltano", "credentials": [NAMED], "actions": actions}]}
    (home / "s3.json").write_text(json.dumps(known))
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(8)]
    ports = iter([s.getsockname()[1] for s in sockets])
    for one in sockets:
        one.close()
    parts = ("master", "volume", "filer", "s3")
    own = [f"-{p}.port{kind}={next(ports)}" for p in parts for kind in ("", ".grpc")]
    endpoint = next(o.rpartition("=")[2] for o in own if o.startswith("-s3.port="))
    variables = {
        **here.variables,
        "PATH": f"{folder}{os.pathsep}{here.variables['PATH']}",
        "MELTANO_STATE_BACKEND_URI": "s3://states/ads",
        "AWS_ACCESS_KEY_ID": NAMED["accessKey"],
        "AWS_SECRET_ACCESS_KEY": NAMED["secretKey"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{endpoint}",
    }
    with (home / "weed.log").open("wb") as output:
        process = subprocess.Popen(
            [
                folder / "weed", "server", f"-dir={home}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
                f"-s3.config={home / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=0",
                "-master.volumeSizeLimitMB=64", "-master.telemetry=false", *own,
            ],
            cwd=home, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(lambda: in_bucket(variables, "make").returncode == 0, 600)
        yield variables
    finally:
        process.kill()
        process.wait(600)


def test_states_in_a_bucket_go_on_where_they_were_and_merge_into_one(
    here: Field, bucket: dict[str, str], tmp_path: Path
) -> None:
    """Two accounts at once; one of them is stopped, then killed, then left alone: nothing is lost or doubled.

    What the stopped run had read is not asked for again, because it says so in the bucket. In the end: the rows of
    one process, an object an account, and merged they are the state of one process. The database holds no state.
    """
    here.variables["TAP_ADJUST_START_DATE"] = bucket["TAP_ADJUST_START_DATE"] = "2025-10-01"
    lists = Project(
        folder=str(here.folder), tap="tap-adjust", target="target-postgres", bin=str(BIN), environment="dev",
        variables=here.variables,
    )  # fmt: skip
    project = replace(lists, bin=str(environment("s3")), variables=bucket)
    found = lists.shards()
    first, second = found["shards"][:2]
    token = first["runs"][0]["accounts"][0]["app_token"]
    common = {**found["environment"], "TAP_ADJUST_CONCURRENCY": "1"}
    run_shard(project, project.tables(), {})
    here.sandbox.fault(**SLOW)
    beside: list[Any] = []
    other = threading.Thread(target=lambda: beside.append(run_shard(project, second, common)))
    other.start()
    codes, windows = [], []
    for how in ("stop", "kill"):
        here.sandbox.clear_log()
        meltano = Meltano(project, first["runs"][0], common)
        codes.append(ended_early(meltano, how, lambda: len(asked(here, token)) > 2))
        windows.append(asked(here, token))
        minutes_later(here)
    assert codes == [143, -signal.SIGKILL]
    here.sandbox.clear_faults()
    here.sandbox.clear_log()
    assert run_shard(project, first, common).code == 0
    other.join(600)
    assert [outcome.code for outcome in beside] == [0]
    assert not set(asked(here, token)) & set(windows[0][:-1])
    assert here.texts() == {}

    ids = [f"dev:tap-adjust-to-target-postgres:{s['runs'][0]['state_id_suffix']}" for s in (first, second)]  # fmt: skip
    kept = in_bucket(bucket, "list").stdout.split()
    assert set(kept) - {"ready"} >= {f"ads/{i}/state.json" for i in ids}
    assert not [key for key in kept if key.endswith("lock")]
    files = [tmp_path / f"{n}.json" for n in range(2)]
    for state_id, file in zip(ids, files, strict=True):
        file.write_text(here.meltano("state", "get", state_id, **bucket).stdout)
    merged = subprocess.run(
        [BIN / "adtap", "state", "merge", *files], text=True, capture_output=True, check=True
    ).stdout
    tokens = [s["runs"][0]["accounts"][0]["app_token"] for s in (first, second)]
    here.variables["TAP_ADJUST_APP_TOKENS"] = json.dumps(tokens)
    rows = here.rows("tap_adjust")
    whole = here.one_process()
    assert differ({t: rows[t] for t in rows if t != "apps"}, {t: whole[t] for t in whole if t != "apps"}) == {}  # fmt: skip
    assert json.loads(merged) == here.state("whole")
