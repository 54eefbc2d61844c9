#!/usr/bin/env bash
# Meltano's setting for another S3 server counts only if the keys are Meltano's settings too.
#
# A good guess: `state_backend.s3.endpoint_url` (MELTANO_STATE_BACKEND_S3_ENDPOINT_URL) says where
# the bucket is, whoever brings the keys: MinIO, Ceph or R2 with AWS_ACCESS_KEY_ID in the
# environment, as every other program that is built on boto3 takes them.
# What happens (meltano 4.4.1): with keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or with a
# role, the setting is passed over and Amazon is asked for a bucket of that name. It counts only
# beside `state_backend.s3.aws_access_key_id` and `…aws_secret_access_key`. AWS_ENDPOINT_URL_S3, which
# is boto3's own variable, counts always.
# For a user: state that was meant for the company's own server goes to a stranger's bucket, or
# nowhere. Set AWS_ENDPOINT_URL_S3 (docs/scale.md).
set -euo pipefail
unset PYTHONPATH
packages=("meltano[s3]==4.4.1")
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat >meltano.yml <<'YML'
version: 1
default_environment: dev
environments: [{name: dev}]
YML
cat >where.py <<'PY'
"""Say whom the state backend of this project would ask; nothing is sent."""
import os

from meltano.core.project import Project
from meltano.core.state_store import state_store_manager_from_project_settings

project = Project.find()
print(state_store_manager_from_project_settings(project.settings).client.meta.endpoint_url)
PY
export MELTANO_SEND_ANONYMOUS_USAGE_STATS=false MELTANO_STATE_BACKEND_URI=s3://states/ads
export MELTANO_STATE_BACKEND_S3_ENDPOINT_URL=http://127.0.0.1:9000 AWS_DEFAULT_REGION=us-east-1
where() { env "$@" "$dir/env/bin/python" where.py 2>/dev/null | tail -1; }
"$dir/env/bin/meltano" --version
aws=$(where AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b)
own=$(where MELTANO_STATE_BACKEND_S3_AWS_ACCESS_KEY_ID=a MELTANO_STATE_BACKEND_S3_AWS_SECRET_ACCESS_KEY=b)
boto=$(where AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_ENDPOINT_URL_S3=http://127.0.0.1:9001)
echo "keys of AWS: $aws"
echo "keys of Meltano: $own"
echo "keys of AWS, AWS_ENDPOINT_URL_S3=http://127.0.0.1:9001: $boto"
if [[ $aws == *amazonaws.com* && $own == http://127.0.0.1:9000 && $boto == http://127.0.0.1:9001 ]]; then
  echo "as stated"
else
  echo "NOT as stated any more" && exit 1
fi
