# SPDX-License-Identifier: Apache-2.0
# WHAT: PHP: regular expressions, zlib, OpenSSL, forks by pcntl, FFI's malloc; its web server.
# NEEDS: php python3
# TIMEOUT: 120
# SHORT: fewer rounds
# Compared as it is.
[ "${1:-}" != version ] || { php -v | grep -m1 -oP 'PHP \K[0-9.]+'; exit; }
set -euo pipefail
rounds=${SHORT:+3000}
cat >main.php <<'PHP'
<?php
function numbers($n) {
  for ($i = 0; $i < $n; $i++) yield $i => str_repeat(chr(97 + $i % 26), $i % 400);
}
$rounds = (int)$argv[1];
$kept = [];
foreach (numbers($rounds) as $i => $text) {
  $kept["k" . $i % 1000] = preg_replace('/(.)\1/', '$1', $text) . $i;
}
echo md5(json_encode($kept)), " ", count($kept), "\n";
echo md5(gzuncompress(gzcompress(serialize($kept)))), "\n";
echo openssl_encrypt("leak", "aes-128-cbc", str_repeat("k", 16), 0, str_repeat("i", 16)), "\n";
$c = FFI::cdef("void* malloc(size_t); void free(void*); void* realloc(void*, size_t);");
for ($i = 1; $i <= 500; $i++) $c->free($c->realloc($c->malloc($i), $i * 3));
for ($i = 0; $i < 4; $i++) {
  if (pcntl_fork() === 0) exit(strlen(json_encode(array_fill(0, 5000, $kept["k$i"]))) % 200);
}
$ends = [];
while (pcntl_wait($status) > 0) $ends[] = pcntl_wexitstatus($status);
sort($ends); echo implode(" ", $ends), "\n";
class Node { public $other; }
for ($i = 0; $i < $rounds; $i++) { $a = new Node; $b = new Node; $a->other = $b; $b->other = $a; }
gc_collect_cycles();
echo trim(shell_exec("echo child")), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo $e->getMessage(), "\n"; }
exit(5);
PHP
$TRACK php -d ffi.enable=1 main.php "${rounds:-200000}" || echo "status $?"
echo '<?php echo md5(str_repeat($_GET["n"], 10000 + (int)$_GET["n"]));' >page.php
$TRACK php -S 127.0.0.1:18441 -t . >log 2>&1 &
python3 - <<'CLIENT'
import time, urllib.request
def ask(n):
    with urllib.request.urlopen(f"http://127.0.0.1:18441/page.php?n={n}", timeout=20) as answer:
        return answer.read().decode()
for _ in range(200):
    try: ask(0); break
    except OSError: time.sleep(0.1)
print(*[ask(n) for n in range(20)])
CLIENT
kill $!
wait $! || echo "status $?"
