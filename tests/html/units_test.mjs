// SPDX-License-Identifier: Apache-2.0
//
// The parts of the page that only compute: node units_test.mjs, with HTML_WORK the directory that
// bundle_test.mjs filled.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';

import { packagesOf } from './packages.mjs';

const work = path.resolve(process.env.HTML_WORK);
const { buildSync } = packagesOf(work)('esbuild');

async function load(name) {
  const { outputFiles } = buildSync({ entryPoints: [`${work}/src/${name}.ts`], bundle: true, format: 'esm', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

const format = await load('format');
const { flameTree, matchedWeight } = await load('flame_tree');
const { memoryLayers, stacked } = await load('memory_layers');

test('figures are written as the text report writes them', () => {
  assert.deepEqual([0, 17, 1023, 1024, 1536, 1047962, 1048064, -3072, 2.5 * 2 ** 30].map(format.size),
    ['0 B', '17 B', '1023 B', '1 KiB', '1.5 KiB', '1023 KiB', '1 MiB', '-3 KiB', '2.5 GiB']);
  assert.deepEqual([0, 0.25, 12.54, 59.96, 90, 5400, 7199, 86400 * 3 + 7200].map(format.duration), ['0s', '250ms', '12.5s', '1m', '1m 30s', '1h 30m', '2h', '3d 2h']);
  assert.equal(format.rate(3 * 2 ** 20), '3 MiB/h');
  assert.equal(format.rate(120 * 2 ** 20), '2 MiB/min');
  assert.equal(format.count(1234567), '1,234,567');
  assert.equal(format.size(null), '?');
  assert.equal(format.utc(0, 5), '', 'the start is not known');
});

test('figures of one column have one unit, and nothing reads as 0 that is not', () => {
  const size = format.sizeColumn([6.7 * 2 ** 20, 24 * 2 ** 10, null]);
  assert.deepEqual([6.7 * 2 ** 20, 24 * 2 ** 10, 0, null].map(size), ['6.7 MiB', '< 0.1 MiB', '0.0 MiB', '\u2013']);
  assert.equal(format.sizeColumn([1023 * 2 ** 20])(1e9), '953.7 MiB');
  assert.equal(format.sizeColumn([])(0), '0 B');
  assert.equal(format.rateColumn([956 * 60 * 2 ** 20, 4.5 * 2 ** 20])(4.5 * 2 ** 20), '0.1 MiB/min');
  assert.equal(format.rateColumn([4.5 * 2 ** 20])(4.5 * 2 ** 20), '4.5 MiB/h');
});

test('times are by the clock, in UTC', () => {
  assert.equal(format.utc(1700042400, 902), '2023-11-15 10:15:02 UTC');
  assert.equal(format.moment(0, 5400), '1h 30m after the start');
  assert.deepEqual([60, 7200, 200000].map((span) => format.clock(1700043302, span)), ['10:15:02', '10:15', 'Nov 15 10:15']);
});

const frame = (name, module = '/bin/p') => ({ name, function: `${name}(int)`, file: null, line: null, module, build_id: null, offset: 1, inlined: false });
const frames = [frame('malloc', '/lib/c'), frame('Wrap'), frame('Leak'), frame('Other'), frame('main'), frame('start', '/lib/c')];
const stacks = [{ stack: [0, 1, 2, 4, 5], blame: 2, weight: 30 }, { stack: [0, 3, 4, 5], blame: 1, weight: 12 }, { stack: [0, 3, 4], blame: 1, weight: -5 }];
const names = (node) => [node.name, node.weight, ...node.children.map(names)];

test('a flame graph adds up, callers outside, wrappers folded', () => {
  const tree = flameTree(stacks, frames, { foldWrappers: true, byModule: false }, 8);
  assert.deepEqual(names(tree), ['all', 50, ['start', 42, ['main', 42, ['Leak', 30], ['Other', 12]]], ['other sites', 8]]);
  const whole = flameTree(stacks, frames, { foldWrappers: false, byModule: false });
  assert.deepEqual(names(whole.children[0].children[0].children[0]), ['Leak', 30, ['Wrap', 30, ['malloc', 30]]]);
});

test('by module, neighbours of one module are one box', () => {
  const tree = flameTree(stacks, frames, { foldWrappers: true, byModule: true });
  assert.deepEqual(names(tree), ['all', 42, ['c', 42, ['p', 42]]]);
});

test('a search counts a stack once, however often it matches', () => {
  const tree = flameTree([...stacks, { stack: [2, 2, 4], blame: null, weight: 5 }], frames, { foldWrappers: false, byModule: false });
  assert.equal(matchedWeight(tree, 'leak'), 35);
  assert.equal(matchedWeight(tree, 'nowhere'), 0);
});

test('the layers of memory add up to what is resident, and claim no more', () => {
  const over = { seconds: [1, 2, 3], rss: [100, 50, null], anonymous: [], files: [20, null, null], heap: [60, 70, 9], retained: [15, null, null], mapped: [500, 500, 0], stack: [1, 1, null], cgroup_limit: [] };
  const layers = memoryLayers(over);
  assert.deepEqual(layers.map((layer) => layer.values[0]), [60, 15, 5, 0, 20]);
  assert.deepEqual(layers.map((layer) => layer.values[1]), [50, 0, 0, 0, 0], 'more live than resident: swapped out or never touched');
  assert.deepEqual(layers.map((layer) => layer.values[2]), [9, null, null, null, null], 'what was not told is not drawn');
  assert.deepEqual(stacked(layers).at(-1).slice(0, 2), over.rss.slice(0, 2));
});
