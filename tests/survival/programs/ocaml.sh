# SPDX-License-Identifier: Apache-2.0
# WHAT: OCaml compiles and runs a program, native and bytecode: threads, Bigarray, a fork.
# NEEDS: ocamlopt ocamlc ocamlrun gcc
# TIMEOUT: 120
# Compared as it is.
[ "${1:-}" != version ] || { ocamlopt -version; exit; }
set -euo pipefail
cat >main.ml <<'ML'
let work n =
  let table = Hashtbl.create 16 in
  for i = 1 to 20000 do Hashtbl.replace table (i * n mod 4001) (String.make (i mod 300) 'x') done;
  Hashtbl.fold (fun k v sum -> sum + k + String.length v) table 0

let arrays () =
  let total = ref 0. in
  for i = 1 to 400 do
    let a = Bigarray.Array1.create Bigarray.float64 Bigarray.c_layout (1000 + i * 100) in
    Bigarray.Array1.fill a (float_of_int i);
    total := !total +. a.{Bigarray.Array1.dim a - 1}
  done;
  !total

let rec deep n = if n = 0 then 0 else 1 + deep (n - 1)

let () =
  at_exit (fun () -> print_endline "at exit");
  let sums = Array.make 8 0 in
  let threads = Array.init 8 (fun i -> Thread.create (fun () -> sums.(i) <- work (i + 1)) ()) in
  Array.iter Thread.join threads;
  Array.iter (Printf.printf "%d ") sums;
  Printf.printf "%.0f %d\n%!" (arrays ()) (deep 100000);
  let copy : int list = Marshal.from_string (Marshal.to_string (List.init 50000 Fun.id) []) 0 in
  Printf.printf "%d\n%!" (List.fold_left (+) 0 copy);
  Gc.compact ();
  (match Unix.fork () with
   | 0 -> Printf.printf "child %d\n%!" (work 3); Unix._exit 3
   | pid -> match Unix.waitpid [] pid with
     | _, Unix.WEXITED n -> Printf.printf "child exits %d\n" n
     | _ -> print_endline "child killed");
  (try ignore (int_of_string "no number") with Failure why -> print_endline why);
  exit 5
ML
libraries='-I +threads unix'
$TRACK ocamlopt ${libraries}.cmxa threads.cmxa main.ml -o native
$TRACK ./native || echo "status $?"
$TRACK ocamlc ${libraries}.cma threads.cma main.ml -o bytecode
$TRACK ocamlrun bytecode || echo "status $?"
