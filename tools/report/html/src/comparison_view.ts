// SPDX-License-Identifier: Apache-2.0
//
// Two versions of a program: what leaks more, what less, and where.

import type { Change, ComparisonPage } from './data.ts';
import { h, section } from './dom.ts';
import { bytesWeight, flameGraph } from './flame_graph.ts';
import { plural, size } from './format.ts';
import { stackView } from './stack_view.ts';
import { table, type Column } from './table.ts';

const worst = ['NEW LEAK', 'WORSE', 'UNCLEAR', 'KNOWN', 'FIXED', 'unchanged'];
const badge: Record<string, string> = { 'NEW LEAK': 'leak', WORSE: 'suspect', UNCLEAR: 'watch', KNOWN: 'watch', FIXED: 'fixed', unchanged: 'none' };

const nameOf = (page: ComparisonPage, site: Change): string => page.frames[site.stack[site.blame ?? 0] ?? -1]?.name ?? site.site;
const signed = (bytes: number): string => `${bytes > 0 ? '+' : ''}${size(bytes)}`;

function bars(site: Change, most: number): HTMLElement {
  const bar = (bytes: number, kind: string): HTMLElement => {
    const element = h('div', { class: `bar ${kind}` });
    element.style.width = `${(100 * Math.max(bytes, 0)) / Math.max(most, 1)}%`;
    return element;
  };
  return h('div', { class: 'two-bars' }, bar(site.base_bytes, 'bar-base'), bar(site.bytes, 'bar-now'));
}

function columnsOf(page: ComparisonPage): Column<Change>[] {
  const most = page.sites.reduce((top, site) => Math.max(top, site.bytes, site.base_bytes), 0);
  return [
    { title: 'Change', value: (site) => worst.indexOf(site.change), cell: (site) => h('span', { class: `badge badge-${badge[site.change] ?? 'none'}` }, site.change.toLowerCase()) },
    { title: 'Where', wide: true, value: (site) => nameOf(page, site).toLowerCase(), cell: (site) => h('code', { class: 'clamp' }, nameOf(page, site)) },
    { title: 'Before', numeric: true, value: (site) => site.base_bytes, cell: (site) => size(site.base_bytes) },
    { title: 'Now', numeric: true, value: (site) => site.bytes, cell: (site) => size(site.bytes) },
    { title: 'Difference', numeric: true, value: (site) => site.bytes - site.base_bytes, cell: (site) => signed(site.bytes - site.base_bytes) },
    { title: 'Before and now', numeric: true, value: (site) => Math.max(site.bytes, site.base_bytes), cell: (site) => bars(site, most) },
  ];
}

function changeView(page: ComparisonPage, site: Change): HTMLElement {
  const rows: [string, string][] = [
    ['change', site.sentence], ['before', `${size(site.base_bytes)} in ${plural(site.base_blocks, 'block')} per ${page.unit}`],
    ['now', `${size(site.bytes)} in ${plural(site.blocks, 'block')} per ${page.unit}`], ['certainty', `p ${site.p_value.toPrecision(2)}, q ${site.q_value.toPrecision(2)}`],
  ];
  if (site.matched_by_suffix) rows.push(['matched', 'by its innermost functions: its callers differ between the versions']);
  return h('article', { class: 'site', 'aria-labelledby': 'site-title' }, h('h3', { id: 'site-title', tabindex: -1 }, h('code', {}, nameOf(page, site))),
    h('dl', { class: 'facts' }, ...rows.map(([label, text]) => h('div', {}, h('dt', {}, label), h('dd', {}, text)))),
    h('h4', {}, 'Stack'), stackView(site.stack, site.blame, page.frames, {}, null));
}

export function changesView(page: ComparisonPage): HTMLElement {
  const view = section('sites', 'What changed');
  const first = page.sites[0];
  if (!first) {
    view.append(h('p', {}, 'Neither version keeps anything.'));
    return view;
  }
  const detail = h('div', { class: 'detail' });
  const open = (site: Change, focus: boolean): void => {
    detail.replaceChildren(changeView(page, site));
    if (focus) detail.querySelector<HTMLElement>('h3')?.focus();
  };
  const list = table({
    caption: 'Call sites of both versions, the worst change first', noun: 'site', columns: columnsOf(page), rows: page.sites, open,
    text: (site) => `${site.site} ${site.change} ${nameOf(page, site)}`.toLowerCase(),
    kinds: [{ label: 'all sites', has: () => true }, { label: 'what changed', has: (site) => site.change !== 'unchanged' && site.change !== 'KNOWN' }, ...worst.map((change) => ({ label: change.toLowerCase(), has: (site: Change) => site.change === change }))],
  });
  list.choose(first);
  open(first, false);
  if (page.further.sites > 0) view.append(h('p', { class: 'note' }, `${plural(page.further.sites, 'further site')} ${page.further.sites === 1 ? 'keeps' : 'keep'} ${size(page.further.bytes)} (before: ${size(page.further.base_bytes)}); --format json has all.`));
  view.append(h('div', { class: 'split' }, list.element, detail));
  return view;
}

export function changesFlame(page: ComparisonPage): HTMLElement {
  const weigh = (weight: (site: Change) => number) => page.sites.map((site) => ({ stack: site.stack, blame: site.blame, weight: weight(site) }));
  return section('flame', 'Flame graph', flameGraph(page.frames, [
    bytesWeight('more than before', weigh((site) => site.bytes - site.base_bytes)),
    bytesWeight('less than before', weigh((site) => site.base_bytes - site.bytes)),
    bytesWeight('now', weigh((site) => site.bytes), page.further.bytes),
    bytesWeight('before', weigh((site) => site.base_bytes), page.further.base_bytes),
  ]));
}
