# SPDX-License-Identifier: Apache-2.0
# WHAT: Guile (own collector, made code): threads, big numbers, the compiler, a caught overflow.
# NEEDS: guile
# TIMEOUT: 120
# SHORT: fewer rounds
# Compared as it is.
[ "${1:-}" != version ] || { guile --version | grep -m1 -oE '[0-9.]+$'; exit; }
set -euo pipefail
export GUILE_AUTO_COMPILE=0
rounds=${SHORT:+3000}
cat >main.scm <<'SCM'
(use-modules (ice-9 threads) (ice-9 popen) (ice-9 rdelim) (rnrs bytevectors) (srfi srfi-1)
             (system base compile) (system vm vm))
(define rounds (string->number (cadr (command-line))))
(define (work n)
  (let loop ((i 0) (sum 0) (kept '()))
    (if (= i rounds)
        (+ sum (length kept))
        (let ((b (make-bytevector (+ 16 (modulo (* i n) 3000)) 7)))
          (loop (+ i 1) (+ sum (bytevector-length b))
                (if (zero? (modulo i 10)) (cons b kept) kept))))))
(define threads (map (lambda (n) (call-with-new-thread (lambda () (work n)))) (iota 6 1)))
(display (map join-thread threads)) (newline)
(define (factorial n) (if (zero? n) 1 (* n (factorial (- n 1)))))
(display (string-length (number->string (factorial 1500)))) (newline)
(gc)
(display (compile '(let loop ((i 0)) (if (< i 100000) (loop (+ i 1)) i)) #:env (current-module)))
(newline)
(define (deep n) (+ 1 (deep (+ n 1))))
(display (catch 'stack-overflow
  (lambda ()
    (call-with-stack-overflow-handler 200000
      (lambda () (deep 0))
      (lambda () (throw 'stack-overflow))))
  (lambda _ "overflow caught")))
(newline)
(define pipe (open-input-pipe "echo child; exit 3"))
(display (read-line pipe)) (newline)
(display (status:exit-val (close-pipe pipe))) (newline)
(primitive-exit 5)
SCM
$TRACK guile --no-auto-compile -s main.scm "${rounds:-60000}" || echo "status $?"
