// SPDX-License-Identifier: Apache-2.0
//
// One site in full: why it is judged so, how it did over the run, how old what is left is, and where it stands.

import { chart } from './chart.ts';
import type { ReportPage, Site } from './data.ts';
import { h } from './dom.ts';
import { count, duration, moment, plural, rate, size } from './format.ts';
import { stackView } from './stack_view.ts';

export const nameOf = (page: ReportPage, site: Site): string => {
  const frame = page.frames[site.stack[site.blame ?? 0] ?? -1];
  return frame?.name ?? 'an unknown place';
};

export function growthText(site: Site): string {
  if (site.growth_bytes_per_hour === null) return 'no growth shown';
  return `${rate(site.growth_bytes_per_hour)} (90 % range: ${rate(site.growth_low)} to ${rate(site.growth_high)})`;
}

function facts(page: ReportPage, site: Site): HTMLElement {
  const holds = site.live_objects < 0.5 ? 'nothing any more'
    : `${size(site.live_bytes)}${site.live_bytes_error >= 1 ? ` (\u00b1 ${size(site.live_bytes_error)})` : ''} in ${plural(site.live_objects, site.kind === 'heap' ? 'block' : 'mapping')}, the oldest ${duration(site.oldest_seconds)} old`;
  const since = site.late_onset_seconds === null ? null : moment(page.process.start_time, site.late_onset_seconds);
  const means = (words: Record<string, string>, name: string): string => `${name}: ${words[name] ?? 'unknown'}`;
  const meaning = [...(site.verdict === 'none' ? [] : [means(page.glossary.verdict, site.verdict)]), ...(site.state === 'new' ? [] : [means(page.glossary.state, site.state)]), means(page.glossary.trend, site.trend)].join('; ');
  const rows: [string, string | null][] = [
    ['verdict', `${site.state === 'confirmed' ? 'confirmed ' : site.state === 'retracted' ? 'retracted, ' : ''}${site.verdict}, ${site.trend}`], ['means', meaning], ['grows', growthText(site)], ['since', since], ['holds', holds],
    ['allocated', `${size(site.born_bytes)} over the run${site.leaked_share === null ? '' : `; ${(site.leaked_share * 100).toFixed(1)} % of the blocks are never freed`}`],
    ['why', site.evidence], ['what next', site.settle],
    ['doubles in', site.doubling_seconds === null ? null : duration(site.doubling_seconds)],
    ['stopped at', site.plateau === null ? null : `${size(site.plateau.bytes)} after ${duration(site.plateau.after_seconds)}`],
    ['leak?', site.likelihood],
    ['family', site.family === null ? null : `loses the parts of one thing with ${plural(page.sites.filter((other) => other.family === site.family).length - 1, 'other site')} of this report`],
    ['at exit', site.freed_at_exit ? 'freed when the program tidied up; judged as of before' : null],
  ];
  return h('dl', { class: 'facts' }, ...rows.filter(([, text]) => text !== null && text !== '').map(([label, text]) => h('div', {}, h('dt', {}, label), h('dd', {}, text))));
}

// Sums at steps that end with the run, as what each step added.
const steps = (sums: number[]): number[] => sums.map((sum, i) => sum - (i === 0 ? 0 : sums[i - 1]!));

function history(page: ReportPage, site: Site): HTMLElement {
  const { level, born } = site.curve;
  const length = page.process.duration_seconds / Math.max(level.length, 1);
  const seconds = level.map((_, i) => length * (i + 1));
  const births = steps(born);
  const deaths = steps(level).map((change, i) => Math.max(births[i]! - change, 0));
  const each = duration(length);
  const lives = chart(() => ({
    label: `Live bytes of ${nameOf(page, site)}: at the end ${size(site.live_bytes)}`, seconds, start: page.process.start_time, height: 170, format: size,
    lines: [{ label: 'live', values: level, colour: 'layer-heap', fill: true }], tell: (i) => `${moment(page.process.start_time, seconds[i]!)}: ${size(level[i]!)} alive`,
  }));
  const flow = chart(() => ({
    label: `Bytes born and died in each ${each}`, seconds, start: page.process.start_time, height: 130, format: size,
    lines: [{ label: 'born', values: births, colour: 'bad', stepped: true }, { label: 'died', values: deaths, colour: 'good', stepped: true, dash: true }],
    tell: (i) => `${moment(page.process.start_time, seconds[i]!)}: in ${each} ${size(births[i]!)} born, ${size(deaths[i]!)} died`,
  }));
  return h('div', {}, h('h4', {}, 'Alive'), lives.element, h('h4', {}, `Born (solid) and died (dashed) in each ${each}`), flow.element);
}

function ages(page: ReportPage, site: Site): HTMLElement | null {
  const sum = site.ages.reduce((all, bytes) => all + bytes, 0);
  if (sum <= 0) return null;
  const bands = site.ages.map((bytes, i) => {
    const from = i === 0 ? 0 : page.age_bands[i - 1]!;
    const to = page.age_bands[i];
    const label = to === undefined ? `over ${duration(from)}` : i === 0 ? `below ${duration(to)}` : `${duration(from)} to ${duration(to)}`;
    return { label, bytes };
  }).filter(({ bytes }, i) => bytes > 0 || (page.age_bands[i - 1] ?? 0) < page.process.duration_seconds);
  const bar = (bytes: number): HTMLElement => {
    const element = h('div', { class: 'bar' });
    element.style.width = `${(100 * bytes) / sum}%`;
    return element;
  };
  return h('div', {}, h('h4', {}, 'What is left, by age'), h('table', { class: 'ages' }, h('caption', { class: 'unseen' }, 'Bytes alive by age'),
    h('tbody', {}, ...bands.map(({ label, bytes }) => h('tr', {}, h('th', { scope: 'row' }, label), h('td', { class: 'numeric' }, size(bytes)), h('td', { class: 'wide' }, bar(bytes)))))));
}

export function siteView(page: ReportPage, site: Site): HTMLElement {
  const end = site.stack_is_shared_part ? `${count(site.stacks_joined)} stacks share this part; their callers differ.` : site.stack_truncated ? 'The stack was cut here.' : null;
  return h('article', { class: 'site', 'aria-labelledby': 'site-title' },
    h('h3', { id: 'site-title', tabindex: -1 }, `#${site.rank} `, h('code', {}, nameOf(page, site))),
    facts(page, site), history(page, site), ages(page, site), h('h4', {}, 'Stack'), stackView(site.stack, site.blame, page.frames, page.sources, end));
}
