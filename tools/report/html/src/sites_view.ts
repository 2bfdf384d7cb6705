// SPDX-License-Identifier: Apache-2.0
//
// All sites, ranked, with the chosen one in full beside them.

import type { ReportPage, Site } from './data.ts';
import { h, section } from './dom.ts';
import { baseName, count, plural, rateColumn, size, sizeColumn } from './format.ts';
import { nameOf, siteView } from './site_view.ts';
import { sparkline } from './sparkline.ts';
import { table, type Column } from './table.ts';

const placeOf = (page: ReportPage, site: Site): string => {
  const frame = page.frames[site.stack[site.blame ?? 0] ?? -1];
  if (frame?.file) return `${baseName(frame.file)}${frame.line ? `:${frame.line}` : ''}`;
  return frame?.module && frame.function ? baseName(frame.module) : '';
};

const severity = { leak: 3, suspect: 2, watch: 1, none: 0 } as const;

// What the glossary says of a word stands in its tooltip.
function badge(page: ReportPage, site: Site, where: string): HTMLElement {
  const cleared = site.state === 'retracted';
  const text = cleared ? 'cleared' : site.verdict === 'none' ? '\u2013' : site.verdict;
  return h('span', { class: `badge badge-${site.verdict} ${where}`, title: cleared ? page.glossary.state['retracted'] : page.glossary.verdict[site.verdict] }, text);
}

function columnsOf(page: ReportPage): Column<Site>[] {
  const growth = rateColumn(page.sites.map((site) => site.growth_bytes_per_hour));
  const live = sizeColumn(page.sites.map((site) => site.live_bytes));
  return [
    { title: '#', spare: true, value: (site) => site.rank, cell: (site) => String(site.rank) },
    { title: 'Verdict', spare: true, value: (site) => -severity[site.verdict], cell: (site) => badge(page, site, '') },
    { title: 'Where', wide: true, value: (site) => nameOf(page, site).toLowerCase(), cell: (site) => h('span', { class: 'clamp' }, badge(page, site, 'narrow'), h('code', {}, nameOf(page, site)), ' ', h('span', { class: 'place' }, placeOf(page, site))) },
    { title: 'Growth', numeric: true, value: (site) => site.growth_bytes_per_hour ?? -Infinity, cell: (site) => growth(site.growth_bytes_per_hour) },
    { title: 'Live', numeric: true, value: (site) => site.live_bytes, cell: (site) => live(site.live_bytes) },
    { title: 'Blocks', numeric: true, spare: true, value: (site) => site.live_objects, cell: (site) => count(site.live_objects) },
    { title: 'Trend', spare: true, value: (site) => site.trend, cell: (site) => h('span', { title: page.glossary.trend[site.trend] }, site.trend) },
    { title: 'Over the run', spare: true, value: (site) => site.curve.level[site.curve.level.length - 1] ?? 0, numeric: true, cell: (site) => sparkline(site.curve.level) },
  ];
}

function furtherText(page: ReportPage): string {
  const { further } = page;
  if (further.sites === 0) return '';
  const accused = further.accused === 0 ? 'none of them accused' : `${plural(further.accused, 'of them is', 'of them are')} accused`;
  return `${plural(further.sites, 'further site')}, ${accused}, ${further.sites === 1 ? 'holds' : 'hold'} ${size(further.live_bytes)}; this page tells of the first ${count(page.sites.length)} (--top shows more, in any format).`;
}

export function sitesView(page: ReportPage): HTMLElement {
  const view = section('sites', 'Call sites');
  const first = page.sites[0];
  if (!first) {
    view.append(h('p', {}, 'No allocation was sampled.'));
    return view;
  }
  const detail = h('div', { class: 'detail' });
  const open = (site: Site, focus: boolean): void => {
    detail.replaceChildren(siteView(page, site));
    if (focus) detail.querySelector<HTMLElement>('h3')?.focus();
  };
  const texts = new Map(page.sites.map((site) => [site, site.stack.map((i) => { const frame = page.frames[i]!; return `${frame.function ?? frame.name} ${frame.file ?? ''} ${frame.module ?? ''}`; }).concat(site.verdict, site.trend).join(' ').toLowerCase()]));
  const list = table({
    caption: 'Call sites, the worst first', noun: 'site', columns: columnsOf(page), rows: page.sites, open, text: (site) => texts.get(site)!,
    kinds: [
      { label: 'all sites', has: () => true },
      { label: 'leaks and suspects', has: (site) => severity[site.verdict] >= 2 },
      { label: 'what may grow', has: (site) => severity[site.verdict] >= 1 },
      { label: 'cleared since', has: (site) => site.state === 'retracted' },
      { label: 'heap', has: (site) => site.kind === 'heap' },
      { label: 'mappings', has: (site) => site.kind === 'mapping' },
    ],
  });
  detail.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') list.element.querySelector<HTMLElement>('.chosen .row-open')?.focus();
  });
  list.choose(first);
  open(first, false);
  const further = furtherText(page);
  if (further !== '') view.append(h('p', { class: 'note' }, further));
  view.append(h('div', { class: 'split' }, list.element, detail));
  return view;
}
