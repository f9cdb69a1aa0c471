#!/bin/bash
# libs/gs1 against an independent implementation. Run by CTest, with the program gs1_lines as its argument.
set -euo pipefail
lines=$(realpath "$1")
cd "$(dirname "$0")"
if [[ ! -d node_modules/@bwip-js/node ]]; then
  echo "The independent implementation is missing. Install it first: (cd libs/gs1/differential && npm ci)" >&2
  exit 1
fi
KUBARI_GS1_LINES=$lines exec node --test differential.test.mjs
