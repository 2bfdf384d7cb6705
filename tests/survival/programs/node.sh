# SPDX-License-Identifier: Apache-2.0
# WHAT: node and npm: a local package is packed, installed and tested offline; workers, zlib, crypto, streams, child processes.
# NEEDS: node npm
# TIMEOUT: 240
# Compared as it is: npm is told to be silent about times and the network.
[ "${1:-}" != version ] || { echo "node $(node --version), npm $(npm --version)"; exit; }
set -euo pipefail
export npm_config_offline=true npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false \
  npm_config_loglevel=error npm_config_cache=$PWD/cache
mkdir -p dep app
cat >dep/package.json <<<'{"name":"dep","version":"1.0.0","main":"index.js"}'
cat >dep/index.js <<<'module.exports = n => Array.from({length: n}, (_, i) => ({i, s: "x".repeat(i % 100)}));'
cat >app/package.json <<<'{"name":"app","version":"1.0.0","scripts":{"test":"node main.js"},"dependencies":{"dep":"file:../dep-1.0.0.tgz"}}'
cat >app/main.js <<'JS'
const make = require('dep'), zlib = require('zlib'), crypto = require('crypto'), { execFileSync } = require('child_process');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const digest = data => crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);
if (!isMainThread) {
  let all = [];
  for (let i = 0; i < 40; i++) all.push(Buffer.alloc(100000 + i, workerData));
  parentPort.postMessage(digest(Buffer.concat(all)));
} else {
  const worker = n => new Promise((done, fail) => new Worker(__filename, { workerData: n }).on('message', done).on('error', fail));
  (async () => {
    console.log((await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(worker))).join(' '));
    const text = JSON.stringify(make(50000));
    console.log(digest(text), digest(zlib.gunzipSync(zlib.gzipSync(text))), digest(zlib.brotliDecompressSync(zlib.brotliCompressSync(text.slice(0, 200000)))));
    console.log(digest(crypto.scryptSync('a', 'b', 64)), execFileSync(process.execPath, ['-p', '1+1']).toString().trim());
    if (global.gc) global.gc();
    let waves = 0;
    for (let i = 0; i < 60; i++) waves += make(5000).map(o => o.s).join('').length;
    console.log(waves);
  })();
}
JS
(cd dep && $TRACK npm pack --pack-destination .. 2>/dev/null)
cd app
$TRACK npm install | sed 's/ in [0-9a-z.]*$/ in TIME/'   # "added 1 package in 350ms"
$TRACK npm test
$TRACK node --expose-gc main.js
