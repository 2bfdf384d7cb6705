// SPDX-License-Identifier: Apache-2.0
//
// Bundles src/ into one script and one style sheet: node build.mjs [DIRECTORY], dist/ where none is named.
// The bundle is checked in, so that a build of leaktrack needs no network; tests/html proves that it is what src/ builds.
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { build } from 'esbuild';

const out = process.argv[2] ?? 'dist';
const shared = { bundle: true, minify: true, charset: 'ascii', legalComments: 'none', logLevel: 'warning', write: false };

async function bundle(entry, options) {
  const { outputFiles } = await build({ ...shared, ...options, entryPoints: [entry] });
  return outputFiles[0].text;
}

// What the licences of the bundled packages ask for.
async function notices() {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  const parts = [];
  for (const name of Object.keys(dependencies)) {
    parts.push(`${name} ${dependencies[name]}\n\n${(await readFile(`node_modules/${name}/LICENSE`, 'utf8')).trim()}\n`);
  }
  return parts.join('\n----\n\n');
}

const script = await bundle('src/main.ts', { format: 'iife', target: 'es2022' });
const style = await bundle('src/style.css', {});
if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error('the bundle would end its own element');
await mkdir(out, { recursive: true });
await writeFile(`${out}/report.js`, script);
await writeFile(`${out}/report.css`, style);
await writeFile(`${out}/LICENSES.txt`, await notices());
