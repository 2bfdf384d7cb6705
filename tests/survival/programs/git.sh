# SPDX-License-Identifier: Apache-2.0
# WHAT: git fast-import, gc --aggressive, fsck, clone, bundle, blame; every hash is fixed by fixed dates and names.
# NEEDS: git
# TIMEOUT: 300
# SHORT: fewer commits
# Compared as it is.
[ "${1:-}" != version ] || { git --version | cut -d' ' -f3; exit; }
set -euo pipefail
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_NOSYSTEM=1
commits=${SHORT:+60}
stream() {
  for i in $(seq "${commits:-1500}"); do
    text="commit $i" body=$(seq "$i" $((i + 40)))
    printf 'commit refs/heads/main\ncommitter A <a@b> %s +0000\ndata %s\n%s\nM 100644 inline dir%s/file\ndata %s\n%s\n' \
      $((1700000000 + i)) ${#text} "$text" $((i % 7)) ${#body} "$body"
  done
}
git init -q -b main source
stream >stream
$TRACK git -C source fast-import --quiet <stream
$TRACK git -C source checkout -q main
$TRACK git -C source gc --aggressive --quiet
$TRACK git -C source fsck --full --strict --no-progress
$TRACK git clone -q --no-local source copy
$TRACK git -C copy repack -adq --threads=4 --depth=50
$TRACK git -C copy blame dir1/file | sha256sum
$TRACK git -C copy log --stat | sha256sum
$TRACK git -C copy rev-parse HEAD
ls -l copy/dir* | wc -l
