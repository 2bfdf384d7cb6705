// SPDX-License-Identifier: Apache-2.0
import { svg } from './dom.ts';
import { size } from './format.ts';

const width = 80;
const height = 22;

/** A site's live bytes over the run, small. Its scale is its own: from 0 to its most. */
export function sparkline(level: number[]): SVGSVGElement {
  const most = level.reduce((top, bytes) => Math.max(top, bytes), 0);
  const x = (i: number): string => (((i + 1) / level.length) * width).toFixed(1);
  const y = (bytes: number): string => (height - 1 - (bytes / Math.max(most, 1)) * (height - 2)).toFixed(1);
  const line = level.map((bytes, i) => `L${x(i)} ${y(bytes)}`).join('');
  const told = `live bytes over the run: most ${size(most)}, at the end ${size(level[level.length - 1] ?? 0)}`;
  return svg('svg', { class: 'spark', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': told },
    svg('path', { class: 'spark-area', d: `M0 ${height}L0 ${y(0)}${line}L${width} ${height}Z` }),
    svg('path', { class: 'spark-line', d: `M0 ${y(0)}${line}` }));
}
