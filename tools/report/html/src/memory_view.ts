// SPDX-License-Identifier: Apache-2.0
//
// Where the memory is and where it goes: the account over time, the limit, and the fan of the forecast.

import { chart, type ChartOptions, type Line } from './chart.ts';
import type { MemoryPartName, Rate, ReportPage } from './data.ts';
import { freshId, h, section } from './dom.ts';
import { duration, moment, rateColumn, size, sizeColumn } from './format.ts';
import { memoryLayers, stacked, type Layer } from './memory_layers.ts';

interface Future { seconds: number[]; low: number[]; mid: number[]; high: number[] }

const known = (values: (number | null)[]): number[] => values.filter((value) => value !== null);
const top = (values: (number | null)[]): number => known(values).reduce((most, value) => Math.max(most, value), 0);

// The fan begins where the readings end.
function futureOf(page: ReportPage): Future {
  const { seconds, rss } = page.over_time;
  const start = seconds[seconds.length - 1] ?? 0;
  const now = rss[rss.length - 1] ?? null;
  const points = now === null ? [] : page.fan.slice(1);
  const value = (key: 'low' | 'mid' | 'high'): number[] => points.map((point) => now! + point[key]);
  return { seconds: points.map((point) => start + point.seconds), low: value('low'), mid: value('mid'), high: value('high') };
}

function linesOf(layers: Layer[], page: ReportPage, future: Future, limit: number | null): Line[] {
  const later = future.seconds.map(() => null);
  const earlier = page.over_time.seconds.map(() => null);
  const rss = page.over_time.rss;
  // The fan starts at the last reading, so that it hangs together with it.
  const from = (values: number[]): (number | null)[] => [...earlier.slice(1), rss[rss.length - 1] ?? null, ...values];
  const sums = stacked(layers);
  const areas = layers.map((layer, i): Line => ({
    label: layer.label, values: [...sums[i]!, ...later], colour: layer.colour, fill: true, width: 0.5, ...(i > 0 ? { over: i - 1 } : {}),
  }));
  const lines: Line[] = [...areas, { label: 'resident', values: [...rss, ...later], colour: 'text', width: 2 }];
  if (future.seconds.length > 0) {
    const low = lines.length;
    lines.push({ label: 'forecast, low', values: from(future.low), colour: 'fan', width: 0.5 },
      { label: 'forecast, high', values: from(future.high), colour: 'fan', fill: true, over: low, width: 0.5 },
      { label: 'forecast', values: from(future.mid), colour: 'fan', dash: true });
  }
  if (limit !== null) lines.push({ label: 'limit', values: [...earlier, ...later].map(() => limit), colour: 'bad', dash: true });
  return lines;
}

function readout(layers: Layer[], page: ReportPage, future: Future, index: number): string {
  const over = page.over_time;
  if (index >= over.seconds.length) {
    const at = index - over.seconds.length;
    return `${moment(page.process.start_time, future.seconds[at]!)}, forecast: ${size(future.mid[at]!)} (80 % range: ${size(future.low[at]!)} to ${size(future.high[at]!)})`;
  }
  const parts = layers.filter((layer) => (layer.values[index] ?? 0) > 0).map((layer) => `${layer.label} ${size(layer.values[index]!)}`);
  return `${moment(page.process.start_time, over.seconds[index]!)}: ${size(over.rss[index] ?? null)} resident; ${parts.join(', ')}`;
}

function legend(layers: Layer[], hasFan: boolean): HTMLElement {
  const item = (colour: string, label: string): HTMLElement => {
    const key = h('span', { class: 'key' });
    key.style.background = `var(--${colour})`;
    return h('li', {}, key, label);
  };
  return h('ul', { class: 'legend' }, ...[...layers].reverse().filter((layer) => top(layer.values) > 0).map((layer) => item(layer.colour, layer.label)),
    item('text', 'resident, in all'), hasFan && item('fan', 'forecast, 80 % range'));
}

function readings(page: ReportPage, layers: Layer[]): HTMLElement {
  const { seconds, rss } = page.over_time;
  const every = Math.ceil(seconds.length / 40);
  const rows = seconds.map((_, i) => i).filter((i) => i % every === 0 || i === seconds.length - 1);
  const resident = sizeColumn(rss);
  const columns = layers.map((layer) => sizeColumn(layer.values));
  return h('details', {}, h('summary', {}, 'The readings as a table'),
    h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': 'Readings' }, h('table', {},
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'time'), h('th', { scope: 'col', class: 'numeric' }, 'resident'), ...layers.map((layer) => h('th', { scope: 'col', class: 'numeric' }, layer.label)))),
      h('tbody', {}, ...rows.map((i) => h('tr', {}, h('td', {}, moment(page.process.start_time, seconds[i]!)), h('td', { class: 'numeric' }, resident(rss[i] ?? null)),
        ...layers.map((layer, column) => h('td', { class: 'numeric' }, columns[column]!(layer.values[i] ?? null)))))))));
}

// A change that is within its own error is none.
const changes = (growth: Rate | null): boolean => growth !== null && (growth.low > 0 || growth.high < 0);

const NAMES: Record<MemoryPartName, (page: ReportPage) => string> = {
  live_heap: ({ memory }) => ((memory.untouched_bytes ?? 0) === 0 ? 'live heap' : 'live heap, in memory'),
  allocator_overhead: ({ memory }) => `added by ${memory.allocator.name ?? 'the allocator'}`,
  retained: ({ memory }) => `freed, kept by ${memory.allocator.name ?? 'the allocator'}`,
  mappings: () => 'mappings',
  stacks_and_rest: ({ memory }) => ((memory.threads ?? 1) > 2 ? `stacks of ${memory.threads} threads, rest` : 'stacks, mappings, rest'),
  files: () => 'files',
  shared: () => 'shared memory',
};

// What is resident adds up to the first line; behind it what is not.
function parts(page: ReportPage): HTMLElement {
  const { memory } = page;
  const growth = memory.growth_bytes_per_hour;
  const rows: [string, number | null, Rate | null][] = [
    ['resident, in all', memory.rss_bytes, growth.rss],
    ...(memory.parts ?? []).map((part): [string, number, Rate | null] => [NAMES[part.name](page), part.bytes, part.growth_bytes_per_hour]),
    ['heap not in memory', memory.untouched_bytes ?? 0, growth.untouched],
    ['mapped address space (need not be resident)', memory.mapped_bytes, growth.mapped], ['swapped out', memory.swap_bytes ?? 0, null],
  ];
  const shown = rows.filter(([, bytes]) => bytes !== 0);
  const text = sizeColumn(shown.map(([, bytes]) => bytes));
  const pace = rateColumn(shown.map(([, , growth]) => (changes(growth) ? growth!.mid : null)));
  const change = (growth: Rate | null): string => (growth === null ? '' : !changes(growth) ? 'steady' : `${growth.mid > 0 && !pace(growth.mid).startsWith('<') ? '+' : ''}${pace(growth.mid)}`);
  return h('table', { class: 'parts' }, h('caption', {}, 'At the end of the run'),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'part'), h('th', { scope: 'col', class: 'numeric' }, 'size'), h('th', { scope: 'col' }, 'change'))),
    h('tbody', {}, ...shown.map(([name, bytes, growing]) => h('tr', {}, h('th', { scope: 'row' }, name),
      h('td', { class: 'numeric' }, bytes === null ? 'unknown' : text(bytes)), h('td', {}, change(growing))))));
}

export function memoryView(page: ReportPage): HTMLElement {
  const layers = memoryLayers(page.over_time);
  const future = futureOf(page);
  const limit = page.process.limit_bytes;
  const most = Math.max(top(page.over_time.rss), top(layers[0]!.values), top(future.high));
  const check = h('input', { id: freshId('limit'), type: 'checkbox', checked: limit !== null && limit <= 3 * most });
  const options = (): ChartOptions => {
    const shown = check.checked ? limit : null;
    return {
      label: `Memory over ${duration(page.process.duration_seconds)}: ${page.remarks.map((remark) => remark.text).join('; ')}`,
      start: page.process.start_time, seconds: [...page.over_time.seconds, ...future.seconds], lines: linesOf(layers, page, future, shown), height: 320, format: size,
      most: Math.max(most, shown ?? 0) * 1.08, marks: page.marks, hint: 'Point at the chart, or focus it and use the arrow keys, to read it; drag to look closer, double-click to go back.',
      tell: (index) => readout(layers, page, future, index),
    };
  };
  const view = section('memory', 'Memory');
  if (page.over_time.seconds.length < 2) {
    view.append(h('p', { class: 'note' }, 'The run was too short, or the system told too little, for memory over time.'), parts(page));
    return view;
  }
  const drawn = chart(options);
  check.addEventListener('change', drawn.redraw);
  view.append(h('div', { class: 'controls' }, legend(layers, future.seconds.length > 0),
    limit !== null && h('label', {}, check, ` show the limit (${size(limit)})`)), drawn.element, readings(page, layers), parts(page));
  if (page.memory.advice.length > 0) view.append(h('h3', {}, 'What would help'), h('ul', {}, ...page.memory.advice.map((advice) => h('li', {}, advice))));
  return view;
}
