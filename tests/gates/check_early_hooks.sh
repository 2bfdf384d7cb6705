#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that the test of early calls knows every function that the library hooks.
#  check_early_hooks.sh MAP SOURCE
# The test calls some operators delete only together with the operators new of the table, under
# those names.
set -euo pipefail
export LC_ALL=C

if [ $# -ne 2 ]; then sed -n '3,5s/^# \{0,1\}//p' "$0" >&2; exit 2; fi
deletes='_Zd[la]Pv(RKSt9nothrow_t|St11align_val_t|St11align_val_tRKSt9nothrow_t)?'
listed=$(sed 's,/\*.*\*/,,' "$1" | sed -n '/global:/,/local:/p' | tr -s ' ;\n' '\n' |
         grep -vE "^(global:|local:|\*|leaktrack_.*|$deletes|[{}]|)\$" | sort -u)
called=$(grep -oE '^ *HOOK(_LOADING)?\([A-Za-z0-9_]+\)' "$2" | sed 's/.*(\(.*\))/\1/' | sort -u)
if [ "$listed" != "$called" ]; then
  echo "$2 does not call what $1 lists (<), or calls what it does not (>):" >&2
  diff <(echo "$listed") <(echo "$called") | grep '^[<>]' >&2
  exit 1
fi
echo "$(wc -l <<<"$listed") hooks are called before the library's constructor"
