// SPDX-License-Identifier: Apache-2.0
//
// The flame graph as an icicle: outermost callers on top. By mouse and by keys (arrows move, Enter zooms, Escape zooms out).

import { hierarchy, partition, type HierarchyRectangularNode } from 'd3-hierarchy';
import type { Frame } from './data.ts';
import { freshId, h } from './dom.ts';
import { flameTree, matchedWeight, matches, type FlameNode, type FlameOptions, type Weighed } from './flame_tree.ts';
import { baseName, size } from './format.ts';

export interface FlameWeight {
  label: string;
  text: (weight: number) => string;
  stacks: Weighed[];
  rest: number;                // weight of what is not in `stacks`
}

type Box = HierarchyRectangularNode<FlameNode>;

const rowPixels = 20;
const smallestShare = 1 / 1500;  // of the width: less than a pixel is not drawn
const mostRows = 300;

/** A hue for a module, the same in every report. */
function hueOf(module: string): number {
  let hash = 7;
  for (let i = 0; i < module.length; ++i) hash = (hash * 31 + module.charCodeAt(i)) % 3607;
  return hash % 360;
}

const share = (part: number, whole: number): string => `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;

class FlameGraph {
  readonly element: HTMLElement;
  private weight: FlameWeight;
  private options: FlameOptions = { foldWrappers: true, byModule: false };
  private search = '';
  private root!: Box;
  private zoomed!: Box;
  private readonly tree = h('div', { class: 'flame', role: 'tree', 'aria-label': 'Flame graph, callers on top', keydown: (event: KeyboardEvent) => this.key(event) });
  private readonly told = h('p', { class: 'flame-told', role: 'status' });
  private readonly found = h('span', { class: 'flame-found', role: 'status' });
  private readonly boxes = new Map<Box, HTMLElement>();
  private readonly drawn = new Map<HTMLElement, Box>();

  constructor(private readonly frames: Frame[], weights: FlameWeight[]) {
    this.weight = weights.find((weight) => weight.stacks.some((stack) => stack.weight > 0)) ?? weights[0]!;
    this.element = h('div', {}, this.controls(weights), this.told, this.tree);
    this.rebuild();
  }

  private controls(weights: FlameWeight[]): HTMLElement {
    const choice = freshId('flame-weight');
    const search = freshId('flame-search');
    const select = h('select', { id: choice, change: () => { this.weight = weights[select.selectedIndex]!; this.rebuild(); } },
      ...weights.map((weight) => h('option', { selected: weight === this.weight }, weight.label)));
    const input = h('input', { id: search, type: 'search', placeholder: 'function, file or module', input: () => { this.search = input.value.trim().toLowerCase(); this.draw(); } });
    const box = (label: string, option: keyof FlameOptions): HTMLElement => {
      const check = h('input', { type: 'checkbox', checked: this.options[option], change: () => { this.options = { ...this.options, [option]: check.checked }; this.rebuild(); } });
      return h('label', {}, check, ` ${label}`);
    };
    return h('div', { class: 'controls' },
      h('label', { for: choice }, 'Width '), select, box('fold wrappers', 'foldWrappers'), box('by module', 'byModule'),
      h('label', { for: search }, 'Search '), input, this.found,
      h('button', { type: 'button', click: () => this.zoom(this.root) }, 'Reset zoom'));
  }

  private rebuild(): void {
    const tree = flameTree(this.weight.stacks, this.frames, this.options, this.weight.rest);
    const root = hierarchy(tree, (node) => node.children);
    // The layout wants the weight that ends at each node.
    root.each((node) => {
      (node as { value?: number }).value = node.data.weight;
    });
    this.root = partition<FlameNode>()(root as never);
    this.zoom(this.root);
  }

  private zoom(to: Box, focus = false): void {
    this.zoomed = to;
    this.draw();
    if (focus) this.boxes.get(to)?.focus();
  }

  private draw(): void {
    this.boxes.clear();
    this.drawn.clear();
    const { x0, x1 } = this.zoomed;
    const width = Math.max(x1 - x0, 1e-12);
    const ancestors = this.zoomed.ancestors();
    const shown: Box[] = [...ancestors].reverse();
    const pending = [...(this.zoomed.children ?? [])].reverse();
    for (let box = pending.pop(); box; box = pending.pop()) {
      if ((box.x1 - box.x0) / width < smallestShare || box.depth > this.zoomed.depth + mostRows) continue;
      shown.push(box);
      pending.push(...[...(box.children ?? [])].reverse());
    }
    const rows = shown.reduce((most, box) => Math.max(most, box.depth), 0) + 1;
    this.tree.style.height = `${rows * rowPixels}px`;
    this.tree.replaceChildren(...shown.map((box) => this.drawBox(box, x0, width, ancestors.includes(box))));
    this.boxes.get(this.zoomed)!.tabIndex = 0;
    this.found.textContent = this.search === '' ? '' : `${this.weight.text(matchedWeight(this.root.data, this.search))}, ${share(matchedWeight(this.root.data, this.search), this.root.data.weight)} of all`;
    this.tell(this.zoomed);
  }

  private drawBox(box: Box, x0: number, width: number, isAncestor: boolean): HTMLElement {
    const node = box.data;
    const hit = this.search !== '' && matches(node, this.search);
    const element = h('div', {
      class: `flame-box${isAncestor && box !== this.zoomed ? ' flame-outer' : ''}${hit ? ' flame-hit' : ''}`,
      role: 'treeitem', tabindex: -1, 'aria-level': box.depth + 1, 'aria-selected': String(box === this.zoomed),
      'aria-label': `${node.name}, ${this.weight.text(node.weight)}, ${share(node.weight, this.root.data.weight)}`,
      click: () => this.zoom(box, true), focus: () => this.tell(box), mouseenter: () => this.tell(box),
    }, h('span', {}, node.name));
    element.style.top = `${box.depth * rowPixels}px`;
    element.style.left = `${isAncestor ? 0 : (100 * (box.x0 - x0)) / width}%`;
    element.style.width = `${isAncestor ? 100 : (100 * (box.x1 - box.x0)) / width}%`;
    if (node.module !== '') element.style.setProperty('--hue', String(hueOf(node.module)));
    else element.classList.add('flame-plain');
    this.boxes.set(box, element);
    this.drawn.set(element, box);
    return element;
  }

  private tell(box: Box): void {
    const node = box.data;
    const place = node.frame?.file ? ` at ${node.frame.file}${node.frame.line ? `:${node.frame.line}` : ''}` : '';
    const module = node.module === '' ? '' : ` in ${baseName(node.module)}`;
    this.told.textContent = `${node.frame?.function ?? node.name}${place}${module}: ${this.weight.text(node.weight)}, ${share(node.weight, this.root.data.weight)} of all`;
  }

  private key(event: KeyboardEvent): void {
    const box = event.target instanceof HTMLElement ? this.drawn.get(event.target) : undefined;
    if (!box) return;
    const siblings = box.parent?.children ?? [box];
    const at = siblings.indexOf(box);
    const next: Record<string, Box | null | undefined> = {
      ArrowUp: box.parent, ArrowDown: box.children?.[0], ArrowLeft: siblings[at - 1], ArrowRight: siblings[at + 1], Home: this.zoomed,
    };
    if (event.key === 'Enter' || event.key === ' ') this.zoom(box, true);
    else if (event.key === 'Escape') this.zoom(this.zoomed.parent ?? this.root, true);
    else if (event.key in next) this.boxes.get(next[event.key] ?? box)?.focus();
    else return;
    event.preventDefault();
  }
}

/** A flame graph with its controls. The first of `weights` that weighs anything is shown first. */
export const flameGraph = (frames: Frame[], weights: FlameWeight[]): HTMLElement => new FlameGraph(frames, weights).element;

export const bytesWeight = (label: string, stacks: Weighed[], rest = 0): FlameWeight => ({ label, stacks, rest, text: size });
