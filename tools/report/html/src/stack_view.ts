// SPDX-License-Identifier: Apache-2.0
//
// A stack, the blamed frame first, with the lines of source that are known.

import type { Frame, Source } from './data.ts';
import { h } from './dom.ts';
import { baseName, plural } from './format.ts';

const framesAtOnce = 60;

function sourceView(source: Source, line: number): HTMLElement {
  const lines = source.lines.map((text, i) => {
    const number = source.first_line + i;
    return h('span', { class: number === line ? 'source-here' : null }, `${String(number).padStart(5)}  ${text}\n`);
  });
  return h('div', {}, h('pre', { class: 'source', tabindex: 0, 'aria-label': `source around line ${line}` }, ...lines),
    source.newer && h('p', { class: 'note' }, 'This file is newer than the program: its lines may have moved.'));
}

function place(frame: Frame): string {
  const where = frame.file ? `${frame.file}${frame.line ? `:${frame.line}` : ''}` : '';
  const module = frame.module ? `${baseName(frame.module)}+0x${frame.offset.toString(16)}` : `0x${frame.offset.toString(16)}`;
  return where === '' ? module : `${where} (${module})`;
}

function frameView(frame: Frame, role: string, sources: Record<string, Source>): HTMLElement {
  const source = frame.file && frame.line ? sources[`${frame.file}:${frame.line}`] : undefined;
  return h('li', { class: role },
    h('code', { class: 'function' }, frame.function ?? frame.name), frame.inlined && h('span', { class: 'tag' }, 'inlined'),
    h('div', { class: 'place' }, place(frame)),
    source && (role === 'blamed' ? sourceView(source, frame.line!) : h('details', {}, h('summary', {}, 'source'), sourceView(source, frame.line!))));
}

/** `stack` leaf first, indices into `frames`; `end` is said after the outermost frame. */
export function stackView(stack: number[], blame: number | null, frames: Frame[], sources: Record<string, Source>, end: string | null): HTMLElement {
  if (stack.length === 0) return h('p', {}, 'The stack is not known.');
  const first = blame ?? 0;
  const list = h('ol', { class: 'stack' });
  const add = (from: number, to: number): void => {
    for (let i = from; i < to; ++i) list.append(frameView(frames[stack[i]!]!, i === first ? 'blamed' : 'caller', sources));
  };
  add(first, Math.min(stack.length, first + framesAtOnce));
  const left = stack.length - first - framesAtOnce;
  const more = left > 0 && h('button', { type: 'button', click: (event: Event) => { add(first + framesAtOnce, stack.length); (event.target as HTMLElement).remove(); } }, `Show ${plural(left, 'more frame')}`);
  const inner = h('ol', { class: 'stack' });
  for (let i = 0; i < first; ++i) inner.append(frameView(frames[stack[i]!]!, 'wrapper', sources));
  return h('div', {},
    first > 0 && h('details', {}, h('summary', {}, `${plural(first, 'wrapper')} inside of it`), inner), list, more, end && h('p', { class: 'note' }, end));
}
