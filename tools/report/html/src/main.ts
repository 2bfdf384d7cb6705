// SPDX-License-Identifier: Apache-2.0
//
// The page: the verdict and the forecast first, then what they stand on.

import { changesFlame, changesView } from './comparison_view.ts';
import { capturesView, coverageView } from './coverage_view.ts';
import { readPage, type ComparisonPage, type ReportPage } from './data.ts';
import { h, section } from './dom.ts';
import { bytesWeight, flameGraph } from './flame_graph.ts';
import { rate } from './format.ts';
import { memoryView } from './memory_view.ts';
import { sitesView } from './sites_view.ts';

type Page = ReportPage | ComparisonPage;

const tones = { bad: 'Found', good: 'Clean', unsure: 'Not proven' } as const;

// The system's theme, until the reader chooses one.
function themeButton(): HTMLElement {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const set = (dark: boolean): void => {
    root.dataset['theme'] = dark ? 'dark' : 'light';
    button.textContent = dark ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Switch to ${dark ? 'light' : 'dark'} colours`);
    document.dispatchEvent(new Event('leaktrack:theme'));
  };
  const button = h('button', { type: 'button', class: 'theme', click: () => set(root.dataset['theme'] !== 'dark') });
  system.addEventListener('change', () => set(system.matches));
  set(system.matches);
  return button;
}

function head(page: Page): HTMLElement {
  return h('header', { class: `verdict verdict-${page.tone}` },
    h('p', { class: 'tone' }, tones[page.tone]), h('h1', {}, page.headline), h('p', { class: 'introduction' }, page.introduction),
    page.kind === 'report' && page.scope !== null && h('p', { class: 'scope' }, `Of this page: ${page.scope}.`),
    h('dl', { class: 'facts' }, ...page.remarks.map((remark) => h('div', {}, h('dt', {}, remark.label), h('dd', {}, remark.text)))));
}

function siteFlame(page: ReportPage): HTMLElement {
  const weigh = (weight: (site: ReportPage['sites'][number]) => number) => page.sites.map((site) => ({ stack: site.stack, blame: site.blame, weight: weight(site) }));
  return section('flame', 'Flame graph', flameGraph(page.frames, [
    { ...bytesWeight('growth', weigh((site) => (site.grows ? (site.growth_bytes_per_hour ?? 0) : 0))), text: rate },
    bytesWeight('live bytes', weigh((site) => site.live_bytes), page.further.live_bytes),
    bytesWeight('all bytes allocated', weigh((site) => site.born_bytes), page.further.born_bytes),
  ]));
}

function viewsOf(page: Page): HTMLElement[] {
  if (page.kind === 'comparison') return [changesView(page), changesFlame(page)];
  return [memoryView(page), sitesView(page), siteFlame(page), capturesView(page), coverageView(page)].filter((view) => view !== null);
}

function navigation(views: HTMLElement[]): HTMLElement {
  return h('nav', { 'aria-label': 'Parts of the report' }, h('ul', {},
    ...views.map((view) => h('li', {}, h('a', { href: `#${view.id}` }, view.querySelector('h2')!.textContent))), h('li', { class: 'right' }, themeButton())));
}

// "/" goes to the filter, as in every pager.
function listen(): void {
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    document.querySelector<HTMLElement>('.table-filter')?.focus();
    event.preventDefault();
  });
  // What is folded away is printed all the same.
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((part) => { part.open = true; }));
}

async function start(app: HTMLElement, packed: string): Promise<void> {
  const page = await readPage(packed);
  const views = viewsOf(page);
  app.replaceChildren(navigation(views), h('main', {}, head(page), ...views));
  listen();
  document.documentElement.dataset['ready'] = 'true';
}

const app = document.getElementById('app')!;
start(app, document.getElementById('data')!.textContent ?? '').catch((problem: unknown) => {
  app.replaceChildren(h('main', {}, h('h1', {}, 'This page could not be shown'),
    h('p', {}, `It needs a browser of 2023 or later, and to be complete (${String(problem)}). leaktrack report --format text says the same in words.`)));
});
