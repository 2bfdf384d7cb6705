// SPDX-License-Identifier: Apache-2.0
//
// The checked-in bundle equals what tools/report/html builds: node bundle_test.mjs SOURCE WORK.
// WORK becomes a copy of SOURCE and keeps the installed packages for the tests that follow. What is in it from an
// earlier run is deleted; a folder that is no such copy is refused. Status 77: npm cannot fetch the packages.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const [source, work] = process.argv.slice(2).map((name) => path.resolve(name));
const KEPT = ['node_modules', 'built']; // the sources have no folder of the second name

function run(command, ...words) {
  return spawnSync(command, words, { cwd: work, encoding: 'utf8', timeout: 300_000 });
}

function projectName(folder) {
  const file = path.join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).name : undefined;
}

mkdirSync(work, { recursive: true });
const old = readdirSync(work).filter((name) => !KEPT.includes(name));
if (old.length > 0 && !(existsSync(path.join(work, 'built')) && projectName(work) === projectName(source))) {
  console.error(`${work} is no copy that this test has made; name an empty folder or a new one`);
  process.exit(1);
}
mkdirSync(path.join(work, 'built'), { recursive: true });
for (const name of old) rmSync(path.join(work, name), { recursive: true });
cpSync(source, work, { recursive: true, filter: (name) => !name.includes('node_modules') });

const install = run('npm', 'ci', '--prefer-offline', '--no-progress', '--fetch-retries=1', '--fetch-timeout=60000');
if (install.status !== 0) {
  console.log(`skipped: npm cannot install the packages of tools/report/html: ${install.stderr.trim().split('\n').slice(-3).join(' ')}`);
  process.exit(77);
}

assert.doesNotMatch(readFileSync(path.join(work, 'package-lock.json'), 'utf8'), /https?:\/\/[^"]*\.tgz/, 'the lock file names a registry: see .npmrc');

const types = run('npx', '--no-install', 'tsc', '--noEmit');
assert.equal(types.status, 0, `the sources do not type-check:\n${types.stdout}`);

const build = run('node', 'build.mjs', 'built');
assert.equal(build.status, 0, build.stderr);
for (const name of ['report.js', 'report.css', 'LICENSES.txt']) {
  assert.ok(readFileSync(path.join(work, 'built', name)).equals(readFileSync(path.join(source, 'dist', name))),
    `tools/report/html/dist/${name} is not what the sources build: run npm ci && npm run build there`);
}
console.log('the bundle is what its sources build');
