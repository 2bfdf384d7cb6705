#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests of check_words.sh on made-up files. A gate that cannot fail is useless; one that always
# fails is worse.
set -euo pipefail
gate=$(cd "$(dirname "$0")" && pwd)/check_words.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GIT_DIR=$folder/none  # the made-up folder is no repository, wherever it is
failed=0

# A # splits each of them, so that the gate does not find this file. The # is removed.
while read -r line; do
  echo "${line//#/}" >"$folder/file"
  ! bash "$gate" "$folder" >/dev/null 2>&1 || { echo "let through: ${line//#/}"; failed=1; }
done <<'REFUSED'
built in /wo#rk/main
Co-authored-b#y: somebody
this was written by an A#I
see the previous sess#ion
deb http://deb.debia#n.org stable main
pip install --index-url https://py#pi.example/simple
REFUSED

while read -r line; do
  echo "$line" >"$folder/file"
  bash "$gate" "$folder" >/dev/null 2>&1 || { echo "refused: $line"; failed=1; }
done <<'ALLOWED'
a session of the service keeps its page in the session store
the model of a steady load; an issue is a leak that was reported
reads /proc/self/maps and writes to /var/tmp/captures
ALLOWED
exit $failed
