// SPDX-License-Identifier: Apache-2.0
//
// Lines and areas over the time of the run, by uPlot. Read by mouse or, with the chart in focus, by the arrow keys: what stands under
// the cursor is told in words below. Redrawn when the theme or the width changes.

import uPlot from 'uplot';
import { h } from './dom.ts';
import { clock, duration } from './format.ts';

export interface Line {
  label: string;
  values: (number | null)[];
  colour: string;              // name of a CSS variable
  fill?: boolean;              // the area below, down to `over` or to 0
  over?: number;               // index of the line that the area stands on
  dash?: boolean;
  width?: number;
  stepped?: boolean;
}

export interface ChartOptions {
  label: string;               // what it shows, for those who cannot see it
  seconds: number[];           // since the start of the run
  start: number;               // of the run, in seconds since 1970; 0: not known, then the axis tells the time since the start
  lines: Line[];
  height: number;
  format: (value: number) => string;
  tell: (index: number) => string;  // the readout
  hint?: string;               // the readout where nothing is pointed at
  most?: number;               // upper end of the scale
  marks?: { name: string; from: number; to: number }[];
}

const timeSteps = [.001, .01, .1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 432000, 864000, 2592000, 8640000, 31536000];
const sizeSteps = Array.from({ length: 60 }, (_, power) => 2 ** power);

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function drawMarks(plot: uPlot, start: number, marks: { name: string; from: number; to: number }[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  for (const { name, from, to } of marks) {
    const left = plot.valToPos(start + from, 'x', true);
    ctx.fillStyle = css('mark');
    ctx.fillRect(left, bbox.top, Math.max(plot.valToPos(start + to, 'x', true) - left, devicePixelRatio), bbox.height);
    ctx.fillStyle = css('muted');
    ctx.fillText(name.length > 24 ? `${name.slice(0, 23)}\u2026` : name, left + 3 * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
  }
  ctx.restore();
}

function plotOptions(options: ChartOptions, width: number, moved: (index: number | null | undefined) => void): uPlot.Options {
  const span = (options.seconds[options.seconds.length - 1] ?? 0) - (options.seconds[0] ?? 0);
  const times = (ticks: number[]): string[] => ticks.map((tick) => (options.start > 0 ? clock(tick, span) : duration(tick)));
  const axis = { stroke: css('muted'), grid: { stroke: css('grid'), width: 1 }, ticks: { stroke: css('grid'), width: 1 }, font: '12px system-ui, sans-serif' };
  return {
    width,
    height: options.height,
    legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, Math.max(options.most ?? high * 1.05, 1)] } },
    axes: [
      { ...axis, incrs: timeSteps, space: span < 86400 ? 80 : 110, values: (_plot, ticks) => times(ticks), label: options.start > 0 ? 'UTC' : 'after the start', labelSize: 18, labelFont: axis.font },
      { ...axis, incrs: sizeSteps, size: 84, values: (_plot, ticks) => ticks.map((tick) => options.format(tick)) },
    ],
    series: [{}, ...options.lines.map((line): uPlot.Series => ({
      label: line.label, stroke: css(line.colour), width: line.width ?? 1.5, spanGaps: false, points: { show: false },
      ...(line.dash ? { dash: [6, 4] } : {}), ...(line.stepped ? { paths: uPlot.paths.stepped!({ align: -1 }) } : {}),
      ...(line.fill && line.over === undefined ? { fill: css(`${line.colour}-fill`) } : {}),
    }))],
    bands: options.lines.flatMap((line, i) => (line.fill && line.over !== undefined
      ? [{ series: [i + 1, line.over + 1] as [number, number], fill: css(`${line.colour}-fill`) }] : [])),
    hooks: { setCursor: [(plot) => moved(plot.cursor.idx)], drawAxes: [(plot) => drawMarks(plot, options.start, options.marks ?? [])] },
  };
}

/** A chart that can be taken into the page; `options` is asked anew at each redraw. */
export function chart(options: () => ChartOptions): { element: HTMLElement; redraw: () => void } {
  let plot: uPlot | undefined;
  const told = h('p', { class: 'told', role: 'status' });
  const box = h('div', { class: 'chart', role: 'application', tabindex: 0 });

  const draw = (): void => {
    const width = box.clientWidth;
    if (width === 0) return;
    const now = options();
    box.setAttribute('aria-label', now.label);
    const at = (index: number | null | undefined): void => { told.textContent = index === null || index === undefined ? (now.hint ?? '') : now.tell(index); };
    plot?.destroy();
    plot = new uPlot(plotOptions(now, width, at), [now.seconds.map((second) => now.start + second), ...now.lines.map((line) => line.values)] as uPlot.AlignedData, box);
    at(null);
  };
  const step = (event: KeyboardEvent): void => {
    const delta = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (!plot || delta === 0) return;
    const times = plot.data[0];
    const to = Math.min(Math.max((plot.cursor.idx ?? (delta > 0 ? -1 : times.length)) + delta, 0), times.length - 1);
    plot.setCursor({ left: plot.valToPos(times[to]!, 'x'), top: 10 });
    event.preventDefault();
  };
  box.addEventListener('keydown', step);
  let lastWidth = 0;
  new ResizeObserver(() => {
    if (box.clientWidth !== lastWidth) draw();
    lastWidth = box.clientWidth;
  }).observe(box);
  document.addEventListener('leaktrack:theme', draw);
  return { element: h('div', {}, box, told), redraw: draw };
}
