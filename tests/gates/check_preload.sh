#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the built library against the requirements for a file that is loaded into any program.
#  check_preload.sh LIBRARY MAP OBJECT_FOLDER
# It needs libc alone and symbols no newer than GLIBC_2.17. It exports what MAP lists and nothing
# else. It has no lazy TLS and little TLS at all, no text relocations, and all symbols bound at
# start. No object of ours needs a symbol that libc lacks.
set -euo pipefail
export LC_ALL=C

if [ $# -ne 3 ]; then sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; exit 2; fi
library=$1 map=$2 objects=$3
failed=0
complain() { echo "$(basename "$library"): $*" >&2; failed=1; }

needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
[ "$needed" = "libc.so.6 " ] || complain "needs '$needed', allowed: libc.so.6"

versions=$(objdump -T "$library" | grep -oE 'GLIBC_[0-9.]+' | sort -uV)
newest=$(tail -1 <<<"$versions")
[ "$(printf '%s\nGLIBC_2.17\n' "$newest" | sort -V | tail -1)" = GLIBC_2.17 ] ||
  complain "needs $newest: $(objdump -T "$library" | grep -F "$newest" | awk '{print $NF}' | tr '\n' ' ')"

# All symbols that the library asks for by name. Another preloaded library may answer any of them,
# so everything that the kernel can answer goes by raw calls and the vDSO. What is left: memory and
# strings; the loader; threads, because only the C library can create their TLS; what the kernel
# told the process at its start (the answers are constants); errno and the ends of a process.
asked='mem(chr|cmp|cpy|move|set)|str(cmp|len|nlen)|dl(addr|open|sym)|getauxval|(__)?environ'
asked+='|pthread_(create|sigmask|attr_(init|destroy|set(detachstate|stacksize)))'
asked+='|pthread_atfork|gnu_get_libc_version'
asked+='|__errno_location|__stack_chk_fail|__register_atfork|__cxa_(atexit|at_quick_exit|finalize)'
asked+='|_ITM_.*|__gmon_start__'
undefined=$(nm -D --undefined-only "$library" | sed 's/@.*//' | awk '{print $1, $2}')
others=$(awk '{print $2}' <<<"$undefined" | grep -vxE "$asked" | tr '\n' ' ' || true)
[ -z "$others" ] || complain "asks by name what somebody else may answer: $others"
# A loader that lacks one of these names would not start the program. glibc lacks one of them,
# musl others.
strong=$(grep -xE 'U (__register_atfork|pthread_atfork|gnu_get_libc_version|__cxa_atexit|__cxa_at_quick_exit)' <<<"$undefined" | tr '\n' ' ' || true)
[ -z "$strong" ] || complain "needs what only one C library has (name it weakly): $strong"

exported=$(nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | sort -u)
listed=$(sed 's,/\*.*\*/,,' "$map" | sed -n '/global:/,/local:/p' | sed '/local:/d' | tr -s ' ;\n' '\n' | grep -vE '^(global:|local:|)$' | sort -u)
[ "$exported" = "$listed" ] ||
  complain "exports differ from $(basename "$map"):"$'\n'"$(diff <(echo "$listed") <(echo "$exported") | grep '^[<>]')"

# A name that the C library lacks would change programs that test whether it exists (pitfall B10).
compiler=${CXX:-c++}
known=$(for name in libc.so.6 libstdc++.so.6; do nm -D --defined-only "$("$compiler" -print-file-name=$name)"; done | awk '{print $3}' |
        sed 's/@.*//' | sort -u)
# LeakSanitizer's interface is meant to be found by programs that ask whether it exists.
invented=$(comm -23 <(grep -vE '^(leaktrack|__lsan)_' <<<"$exported") <(echo "$known"))
[ -z "$invented" ] || complain "exports what neither libc nor libstdc++ has: $(tr '\n' ' ' <<<"$invented")"

# No object may need these, because of what each would bring into the host process. (malloc and its
# family: our own hooks are the definitions, so the library never shows them as undefined. An object
# that calls one would call our hook.)
forbidden='^(_Zn[wa]|_Zd[la]Pv|__cxa_|_ZSt|_ZNSt|__tls_get_addr|__gxx_|_Unwind_|v?[sfd]?n?printf|puts|fputs|fopen|fwrite|getenv|setenv|pthread_mutex_|malloc$|calloc$|realloc$|free$|dl_iterate_phdr|backtrace)'
# Allowed by name, each with its reason: OBJECT SYMBOL.
allowed='operators.cc.o malloc|operators.cc.o free'  # operator new for programs that have none: our malloc, recorded like any
allowed+='|process.cc.o __cxa_at_quick_exit'  # to end the run there; nothing is destroyed
allowed+='|exit_holder.cc.o __cxa_atexit'  # to be called last of all; nothing is destroyed
while read -r object; do
  bad=$(nm -u "$object" | awk '$1 == "U" || $1 == "w" {print $2}' | grep -E "$forbidden" | sort -u |
        sed "s/^/$(basename "$object") /" | grep -vxE "$allowed" || true)
  [ -z "$bad" ] || complain "wanted, but not to be had in a stranger's process:"$'\n'"$bad"
done < <(find "$objects" -name '*.o' ! -path '*decoder*')

tls=$(readelf -lW "$library" | awk '$1 == "TLS" {print $6}')
tls=$((${tls:-0}))
[ "$tls" -ge 8 ] && [ "$tls" -le 64 ] || complain "uses $tls bytes of TLS, allowed: 8 to 64"
readelf -rW "$library" | grep -qE 'R_X86_64_(DTPMOD64|DTPOFF64|TLSDESC)' && complain "has lazily allocated TLS"
readelf -d "$library" | grep -q TEXTREL && complain "has text relocations"
readelf -d "$library" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' || complain "is not linked with -z now"
readelf -lW "$library" | grep -q GNU_RELRO || complain "is not linked with -z relro"
readelf -lW "$library" | awk '$1 == "GNU_STACK"' | grep -q RWE && complain "asks for an executable stack"

# A constructor of one of our objects would run after the library's own and undo what that has
# built.
initialisers=$(nm "$library" | awk '/_GLOBAL__sub_I_/ {print $3}')
[ -z "$initialisers" ] || complain "has objects with constructors (make them constinit): $initialisers"

[ $failed -eq 0 ] && echo "$(basename "$library"): needs libc only, newest $newest, $(wc -l <<<"$exported") exports, $tls bytes of TLS"
exit $failed
