#!/bin/bash
# The contract's style, and that it still understands whoever was built against the last release. Run by CTest.
#
# The release: proto/released.binpb, written by `tests/contract/release.sh` when a version is released.
set -euo pipefail
cd "$(dirname "$0")/../.."
buf=mobile_api/web/node_modules/.bin/buf
if [[ ! -x $buf ]]; then
  echo "$buf is missing. Install the web app's packages first: (cd mobile_api/web && npm ci)" >&2
  exit 1
fi
failed=0
"$buf" lint proto || { echo "^ Style: see proto/buf.yaml for the rules." >&2; failed=1; }
"$buf" breaking proto --against proto/released.binpb || {
  echo "^ This breaks programs built against the last release. Add fields and methods instead; mark what goes as reserved." >&2
  failed=1
}
exit $failed
