// SPDX-License-Identifier: Apache-2.0
//
// The pages in headless Chromium: node page_test.mjs WORK LEAKTRACK LEAKING_PROGRAM MADE_PAGES.
//
// Clicks and keys reach every view. No page makes a request, writes to the console, or fails a rule
// of axe-core, in light and dark, wide and narrow. Screenshots stay in WORK/shots. Status 77: there
// is no browser, or one of its packages is missing.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { packagesOf } from './packages.mjs';

const [work, leaktrack, program, madePages] = process.argv.slice(2).map((name) => path.resolve(name));
const browserPath = ['/usr/lib/chromium/chromium', '/usr/bin/chromium', '/usr/bin/google-chrome'].find((name) => existsSync(name));
if (!browserPath) {
  console.log('skipped: no chromium (scripts/setup.sh --test installs it)');
  process.exit(77);
}
const require = packagesOf(work);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const folder = path.join(work, 'pages');
const shots = path.join(work, 'shots');
for (const name of [folder, shots]) {
  rmSync(name, { recursive: true, force: true });
  mkdirSync(name, { recursive: true });
}

// A source that the report can show, with a leak in it.
function capture(name, ...words) {
  const captures = path.join(folder, name);
  spawnSync(leaktrack, ['run', '-o', captures, '--interval', '1KiB', '--', ...words], { timeout: 60_000 });
  return path.join(captures, readdirSync(captures).find((file) => file.endsWith('.ltk')));
}

function report(format, file, ...words) {
  const done = spawnSync(leaktrack, [...words, '--format', format, '-o', file], { encoding: 'utf8', timeout: 120_000 });
  assert.ok([0, 1, 3].includes(done.status), `${words}: ${done.status} ${done.stderr}`);
  return file;
}

const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] }).catch((error) => {
  console.log(`skipped: ${browserPath} does not start: ${error.message}`);
  process.exit(77);
});

// A page that keeps every complaint.
async function open(file, { width = 1600, height = 1000, scheme = 'light', script = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: script });
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => page.complaints.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => page.complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== `file://${file}` && request.url() !== 'data:,') page.complaints.push(`request: ${request.url()}`);
  });
  const before = Date.now();
  await page.goto(`file://${file}`);
  if (script) await page.waitForSelector('html[data-ready]', { timeout: 20_000 });
  page.milliseconds = Date.now() - before;
  return page;
}

async function close(page) {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`), [], what);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${what}: ${overflow} pixels beyond the right edge`);
}

async function lookedAt(file, name, kinds = [['light', 1600], ['dark', 1600], ['light', 400]]) {
  for (const [scheme, width] of kinds) {
    const page = await open(file, { scheme, width });
    await accessible(page, `${name} ${scheme} ${width}`);
    await page.screenshot({ path: path.join(shots, `${name}-${scheme}-${width}.png`), fullPage: true });
    await close(page);
  }
}

const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? '');

async function everyViewByClicks(file, { wrapped }) {
  const page = await open(file);
  for (const link of await page.locator('nav a').all()) {
    const id = (await link.getAttribute('href')).slice(1);
    await link.click();
    assert.ok(await page.locator(`#${id}`).isVisible(), id);
  }
  const rows = page.locator('#sites .split tbody tr');
  const second = await rows.nth(1).locator('code').first().textContent();
  await rows.nth(1).click();
  assert.ok((await page.locator('#site-title').textContent()).includes(second));
  await page.locator('#sites th button', { hasText: 'Live' }).click();
  assert.equal(await page.locator('#sites th', { hasText: 'Live' }).getAttribute('aria-sort'), 'descending');
  const all = await rows.count();
  await page.locator('.table-filter').fill('no such function');
  assert.match(await rows.first().textContent(), /Nothing fits/);
  await page.locator('.table-filter').fill('');
  assert.equal(await rows.count(), all);
  await page.locator('#sites select').selectOption({ label: 'leaks and suspects' });
  assert.ok(await rows.count() < all);

  await page.locator('#flame select').selectOption({ label: 'live bytes' });
  const boxes = page.locator('.flame-box');
  const before = await boxes.count();
  await page.locator('#flame label', { hasText: 'fold wrappers' }).click();
  if (wrapped) assert.ok(await boxes.count() > before, 'wrappers are folded at first');
  await boxes.last().click();
  assert.equal(await page.locator('.flame-box[aria-selected="true"]').count(), 1);
  await page.locator('#flame input[type=search]').fill(await boxes.last().textContent());
  assert.ok(await page.locator('.flame-hit').count() > 0);
  assert.match(await page.locator('.flame-found').textContent(), /% of all/);
  await page.locator('button', { hasText: 'Reset zoom' }).click();
  await page.locator('#flame label', { hasText: 'by module' }).click();
  for (const summary of await page.locator('summary').all()) if (await summary.isVisible()) await summary.click();
  await page.locator('button.theme').click();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.mouse.move(400, 400);
  await close(page);
}

// On a telephone the figures that matter stand beside the name, without scrolling.
async function growthAndLiveAtOneGlance(file) {
  const page = await open(file, { width: 390, height: 844 });
  for (const title of ['Growth', 'Live']) {
    const box = await page.locator('#sites th', { hasText: title }).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 390, `${title}: ${JSON.stringify(box)}`);
  }
  const name = await page.locator('#sites tbody td.wide').first().boundingBox();
  assert.ok(name.width >= 100, `room for the name: ${name.width}`);
  await page.screenshot({ path: path.join(shots, 'narrow.png') });
  await page.locator('#sites').screenshot({ path: path.join(shots, 'narrow-sites.png') });
  await close(page);
}

// Words of the analysis have their meaning in a tooltip, and in the site's own facts.
async function wordsHaveMeanings(file) {
  const page = await open(file);
  assert.ok((await page.locator('#sites tbody .badge').first().getAttribute('title')).length > 10);
  assert.match(await page.locator('.site dt', { hasText: 'means' }).first().textContent(), /means/);
  await close(page);
}

async function everyViewByKeys(file) {
  const page = await open(file);
  await page.keyboard.press('/');
  await page.keyboard.type('a');
  assert.equal(await page.locator('.table-filter').inputValue(), 'a');
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.locator('.row-open').first().focus();
  await page.keyboard.press('ArrowDown');
  const second = await page.evaluate(() => document.activeElement.querySelector('code').textContent);
  await page.keyboard.press('Enter');
  assert.ok((await focused(page)).includes(second.trim().split(' ')[0]), 'the chosen site has the focus');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'row-open');
  await page.locator('#memory .chart').focus();
  await page.keyboard.press('ArrowRight');
  assert.match(await page.locator('#memory .told').first().textContent(), /resident/);
  await page.locator('#flame select').selectOption({ label: 'live bytes' });
  await page.locator('.flame-box[tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  const outermost = await focused(page);
  assert.notEqual(outermost, 'all');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.flame-box[aria-selected="true"]').textContent(), outermost);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.flame-box[aria-selected="true"]').textContent(), 'all');
  await close(page);
}

// Tab reaches every part, from the top to the end.
async function everyPartByTab(file) {
  const page = await open(file);
  const reached = new Set();
  for (let i = 0; i < 400; ++i) {
    await page.keyboard.press('Tab');
    const id = await page.evaluate(() => document.activeElement?.closest('section, nav')?.id || document.activeElement?.tagName);
    reached.add(id);
    if (id === 'coverage') break;
  }
  for (const id of ['memory', 'sites', 'flame', 'coverage']) assert.ok(reached.has(id), `Tab does not reach ${id}`);
  await close(page);
}

async function realReport() {
  const leaking = capture('leaking', program, '40000', '0');
  const file = report('html', path.join(folder, 'leaking.html'), 'report', '--no-history', leaking);
  const sums = JSON.parse(readFileSync(report('json', path.join(folder, 'leaking.json'), 'report', '--no-history', leaking), 'utf8'));
  const page = await open(file);
  const data = await page.evaluate(async () => {
    const bytes = Uint8Array.from(atob(document.getElementById('data').textContent), (letter) => letter.charCodeAt(0));
    return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text());
  });
  for (const key of ['live_bytes', 'live_objects', 'born_bytes', 'growth_bytes_per_hour']) {
    assert.deepEqual(data.sites.map((site) => site[key]), sums.sites.map((site) => site[key]), key);
  }
  assert.deepEqual(data.memory, sums.memory);
  await close(page);
  await everyViewByClicks(file, { wrapped: false });
  await lookedAt(file, 'leaking');

  const sourceless = report('html', path.join(folder, 'sourceless.html'), 'report', '--no-history', '--no-source', leaking);
  const bare = await open(sourceless);
  assert.equal(await bare.locator('.source').count(), 0);
  await close(bare);

  const words = await open(file, { script: false });
  assert.match(await words.locator('noscript').textContent(), /Sampling/, 'without scripts the text report is there');
  await words.context().close();

  const printed = await open(file);
  const pdf = await printed.pdf({ format: 'A4', path: path.join(shots, 'leaking.pdf') });
  assert.ok(pdf.length > 20_000);
  await close(printed);

  const newer = capture('newer', program, '40000', '9000');
  const difference = report('html', path.join(folder, 'difference.html'), 'diff', '--at-exit', leaking, newer);
  const compared = await open(difference);
  assert.match(await compared.locator('h1').textContent(), /WORSE|INCONCLUSIVE|No regression/);
  await close(compared);
  await lookedAt(difference, 'difference');

  const tree = report('html', path.join(folder, 'tree.html'), 'report', '--no-history', path.dirname(leaking));
  await close(await open(tree));
}

// A capture that is cut off in the middle gives a page that says so.
async function damaged() {
  const whole = readFileSync(capture('damaged', program, '40000', '0'));
  const cut = path.join(folder, 'cut.ltk');
  writeFileSync(cut, whole.subarray(0, Math.floor(whole.length * 0.6)));
  const done = spawnSync(leaktrack, ['report', '--no-history', '--format', 'html', '-o', path.join(folder, 'cut.html'), cut], { encoding: 'utf8' });
  if (done.status === 2) {
    assert.match(done.stderr, /cut\.ltk/, 'too damaged: one line that names it');
    return;
  }
  const page = await open(path.join(folder, 'cut.html'));
  assert.ok(await page.locator('#coverage dt', { hasText: /Damage|Lost/ }).count() > 0);
  await close(page);
}

async function madeReports() {
  execFileSync(madePages, [folder]);
  const made = (name) => path.join(folder, `${name}.html`);
  for (const name of ['hostile', 'nothing', 'one_sample', 'deep', 'long_names', 'no_change']) await lookedAt(made(name), name, [['light', 1600], ['dark', 400]]);
  await lookedAt(made('comparison'), 'comparison');
  await lookedAt(made('thousand'), 'thousand', [['light', 1600], ['dark', 1600]]);
  await everyViewByClicks(made('thousand'), { wrapped: true });
  await everyViewByKeys(made('thousand'));
  await growthAndLiveAtOneGlance(made('thousand'));
  await wordsHaveMeanings(made('thousand'));
  await everyPartByTab(made('thousand'));

  const hostile = await open(made('hostile'));
  assert.equal(await hostile.evaluate(() => window.broken), undefined);
  assert.equal(await hostile.locator('img').count(), 0);
  await close(hostile);

  assert.ok(statSync(made('thousand')).size < 1.5 * 2 ** 20, 'a thousand sites take less than 1.5 MiB');
  const many = await open(made('hundred_thousand'));
  assert.match(await many.locator('#sites .note').textContent(), /99,000 further sites/);
  await close(many);
  const thousand = await open(made('thousand'));
  console.log(`a thousand sites: ${statSync(made('thousand')).size} bytes, open in ${thousand.milliseconds} ms`);
  await close(thousand);

  const compared = await open(made('comparison'));
  assert.equal(await compared.locator('.badge', { hasText: 'new leak' }).count(), 2);
  await compared.locator('#flame select').selectOption({ label: 'less than before' });
  await close(compared);
}

try {
  await realReport();
  await damaged();
  await madeReports();
  console.log(`screenshots: ${shots}`);
} finally {
  await browser.close();
}
