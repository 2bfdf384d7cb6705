// SPDX-License-Identifier: Apache-2.0
//
// What this run could not see: how it was sampled, what was lost, which names are missing. And the other captures of the directory.

import type { CaptureLine, ReportPage } from './data.ts';
import { h, section } from './dom.ts';
import { baseName, duration, rate } from './format.ts';

export function coverageView(page: ReportPage): HTMLElement {
  const { hooks, damage } = page.coverage;
  const view = section('coverage', 'Coverage and losses',
    h('dl', { class: 'facts' }, ...page.coverage_remarks.map((remark) => h('div', {}, h('dt', {}, remark.label), h('dd', {}, remark.text)))));
  if (damage.length > 0) view.append(h('details', {}, h('summary', {}, 'All damage'), h('ul', {}, ...damage.map((line) => h('li', {}, line)))));
  if (hooks.length > 0) {
    view.append(h('details', {}, h('summary', {}, 'Hooks'), h('table', {}, h('caption', { class: 'unseen' }, 'Hooks'), h('tbody', {},
      ...hooks.map((hook) => h('tr', {}, h('th', { scope: 'row' }, hook.name), h('td', {}, hook.state)))))));
  }
  if (page.missing.length > 0) {
    view.append(h('h3', {}, 'Modules without names or lines'), h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': 'Modules without names or lines' }, h('table', {},
      h('thead', {}, h('tr', {}, ...['module', 'why', 'build-id', 'what would help'].map((title) => h('th', { scope: 'col' }, title)))),
      h('tbody', {}, ...page.missing.map((one) => h('tr', {}, h('th', { scope: 'row' }, one.module), h('td', {}, one.reason), h('td', {}, h('code', {}, one.build_id)), h('td', {}, one.hint)))))));
  }
  return view;
}

function captureRow(line: CaptureLine): HTMLElement {
  return h('tr', {}, h('th', { scope: 'row' }, `${baseName(line.command.split(' ')[0] ?? '')} `, h('span', { class: 'place' }, `pid ${line.pid}`)),
    h('td', {}, line.found ? 'grows' : (line.inconclusive_because ?? 'clean')), h('td', { class: 'numeric' }, rate(line.growth_bytes_per_hour)),
    h('td', { class: 'numeric' }, line.end !== 'running' || line.seconds_to_limit === null ? '\u2013' : duration(line.seconds_to_limit)), h('td', { class: 'numeric' }, duration(line.duration_seconds)),
    h('td', {}, line.end), h('td', { class: 'place' }, line.path));
}

export function capturesView(page: ReportPage): HTMLElement | null {
  if (!page.captures) return null;
  const titles: [string, boolean][] = [['process', false], ['found', false], ['growth', true], ['full in', true], ['watched', true], ['end', false], ['capture', false]];
  return section('captures', 'All captures', h('p', {}, 'The fastest grower first; this page is of it.'),
    h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': 'All captures' }, h('table', {},
      h('thead', {}, h('tr', {}, ...titles.map(([title, numeric]) => h('th', { scope: 'col', class: numeric ? 'numeric' : null }, title)))),
      h('tbody', {}, ...page.captures.map(captureRow)))),
    ...(page.unreadable ?? []).map((line) => h('p', { class: 'note' }, `Unread: ${line}`)));
}
