# SPDX-License-Identifier: Apache-2.0
# WHAT: SBCL (its collector works by page faults): threads, foreign memory, compile, a saved image.
# NEEDS: sbcl
# TIMEOUT: 120
# SHORT: fewer rounds
# Compared as it is.
[ "${1:-}" != version ] || { sbcl --version | grep -m1 -oE '[0-9]+\.[0-9]+\.[0-9]+'; exit; }
set -euo pipefail
rounds=${SHORT:+2000}
cat >main.lisp <<'LISP'
(defvar *rounds* (parse-integer (sb-ext:posix-getenv "ROUNDS")))
(defun work (n)
  (let ((table (make-hash-table)) (sum 0))
    (dotimes (i *rounds* sum)
      (let ((block (sb-alien:make-alien sb-alien:char (+ 16 (mod (* i n) 3000)))))
        (setf (sb-alien:deref block 1) (mod i 100))
        (incf sum (sb-alien:deref block 1))
        (sb-alien:free-alien block))
      (setf (gethash (mod (* i n) 501) table) (make-array (mod i 500) :initial-element i)))))
(defun main ()
  (print (mapcar #'sb-thread:join-thread
                 (loop for n from 1 to 6 collect
                       (let ((n n)) (sb-thread:make-thread (lambda () (work n)))))))
  (sb-ext:gc :full t)
  (print (funcall (compile nil '(lambda (n) (loop for i below n sum (* i i)))) 10000))
  (print (integer-length (let ((f 1)) (dotimes (i 800 f) (setf f (* f (1+ i)))))))
  (print (handler-case (labels ((deep (n) (+ 1 (deep (1+ n))))) (deep 0))
           (sb-kernel::control-stack-exhausted () "overflow caught")))
  (let ((child (sb-ext:run-program "/bin/sh" '("-c" "echo child; exit 3") :output :stream)))
    (print (read-line (sb-ext:process-output child)))
    (print (sb-ext:process-exit-code (sb-ext:process-wait child))))
  (terpri)
  (sb-ext:exit :code 5))
LISP
export ROUNDS=${rounds:-40000}
$TRACK sbcl --noinform --non-interactive --load main.lisp --eval '(main)' || echo "status $?"
[ -z "$SHORT" ] || exit 0
save='(sb-ext:save-lisp-and-die "image" :executable t :toplevel (function main))'
sbcl --noinform --non-interactive --load main.lisp --eval "$save" >/dev/null 2>&1
$TRACK ./image || echo "status $?"
