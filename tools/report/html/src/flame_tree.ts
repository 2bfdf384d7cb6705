// SPDX-License-Identifier: Apache-2.0
//
// Stacks merged from the outermost caller inwards, weighed. Pure.

import type { Frame } from './data.ts';

export interface Weighed {
  stack: number[];             // indices into frames, leaf first
  blame: number | null;        // index into stack
  weight: number;              // of no use below 0: left out
}

export interface FlameNode {
  name: string;
  frame: Frame | null;         // null: the root, and what stands for a whole module
  module: string;
  weight: number;              // of all stacks through here
  children: FlameNode[];
}

export interface FlameOptions {
  foldWrappers: boolean;       // leave out what lies inside of the blamed function: allocators, containers, wrappers
  byModule: boolean;           // one box for neighbouring frames of one module
}

const moduleOf = (frame: Frame): string => frame.module ?? 'code without a file';

function child(parent: FlameNode, name: string, frame: Frame | null, module: string, index: Map<FlameNode, Map<string, FlameNode>>): FlameNode {
  let children = index.get(parent);
  if (!children) index.set(parent, (children = new Map()));
  const key = `${name}\0${module}`;
  let node = children.get(key);
  if (!node) {
    node = { name, frame, module, weight: 0, children: [] };
    children.set(key, node);
    parent.children.push(node);
  }
  return node;
}

/** The tree of `stacks`; `rest` is the weight of what has no stack here, shown as a box of its own. Heavier children come first. */
export function flameTree(stacks: Weighed[], frames: Frame[], options: FlameOptions, rest = 0, restName = 'other sites'): FlameNode {
  const root: FlameNode = { name: 'all', frame: null, module: '', weight: 0, children: [] };
  const index = new Map<FlameNode, Map<string, FlameNode>>();
  for (const { stack, blame, weight } of stacks) {
    if (weight <= 0) continue;
    root.weight += weight;
    let node = root;
    const innermost = options.foldWrappers ? (blame ?? 0) : 0;
    for (let i = stack.length - 1; i >= innermost; --i) {
      const frame = frames[stack[i]!]!;
      const module = moduleOf(frame);
      if (options.byModule && node !== root && node.module === module) continue;
      node = options.byModule ? child(node, module.slice(module.lastIndexOf('/') + 1), null, module, index) : child(node, frame.name, frame, module, index);
      node.weight += weight;
    }
    if (stack.length === 0) child(root, 'stack not known', null, '', index).weight += weight;
  }
  if (rest > 0) {
    root.weight += rest;
    child(root, restName, null, '', index).weight += rest;
  }
  const sort = (from: FlameNode): void => {
    const pending = [from];
    for (let node = pending.pop(); node; node = pending.pop()) {
      node.children.sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
      pending.push(...node.children);
    }
  };
  sort(root);
  return root;
}

/** Whether a node's name, or its full function name or file, holds the text. */
export function matches(node: FlameNode, text: string): boolean {
  const has = (name: string | null | undefined): boolean => !!name && name.toLowerCase().includes(text);
  return has(node.name) || has(node.frame?.function) || has(node.frame?.file) || has(node.module);
}

/** The weight of all stacks that go through a match, each once. */
export function matchedWeight(root: FlameNode, text: string): number {
  let sum = 0;
  const pending = [...root.children];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (matches(node, text)) sum += node.weight;
    else pending.push(...node.children);
  }
  return sum;
}
