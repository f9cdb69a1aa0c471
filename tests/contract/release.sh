#!/bin/bash
# Makes the contract as it is now the one that later versions are held to. Run it when a version is released, and commit the file.
set -euo pipefail
cd "$(dirname "$0")/../.."
mobile_api/web/node_modules/.bin/buf build proto --exclude-source-info -o proto/released.binpb
echo "wrote proto/released.binpb; commit it with the release"
