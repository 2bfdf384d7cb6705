// SPDX-License-Identifier: Apache-2.0
//
// Resident memory taken apart, at each reading. Pure.
//
// The account is the analyzer's (tools/analysis/process/memory_account.h): of the anonymous pages those that the live heap and the allocator's
// free memory can fill. What is left may be mappings and stacks, of which only the address space is known: they get at most that.

import type { OverTime } from './data.ts';

export interface Layer { label: string; colour: string; values: (number | null)[] }

/** From the bottom up; they add up to the resident memory of each reading that told it. */
export function memoryLayers(over: OverTime): Layer[] {
  const heap: (number | null)[] = [];
  const retained: (number | null)[] = [];
  const maps: (number | null)[] = [];
  const rest: (number | null)[] = [];
  const files: (number | null)[] = [];
  over.rss.forEach((rss, i) => {
    if (rss === null) {
      for (const layer of [retained, maps, rest, files]) layer.push(null);
      heap.push(over.heap[i] ?? null);
      return;
    }
    const file = Math.min(over.files[i] ?? 0, rss);
    let left = rss - file;
    const take = (bytes: number): number => {
      const taken = Math.min(Math.max(bytes, 0), left);
      left -= taken;
      return taken;
    };
    heap.push(take(over.heap[i] ?? 0));
    retained.push(take(over.retained[i] ?? 0));
    maps.push(take((over.mapped[i] ?? 0) + (over.stack[i] ?? 0)));
    rest.push(left);
    files.push(file);
  });
  return [
    { label: 'live heap', colour: 'layer-heap', values: heap },
    { label: 'freed, kept by the allocator', colour: 'layer-retained', values: retained },
    { label: 'mappings and stacks (at most)', colour: 'layer-maps', values: maps },
    { label: 'not explained', colour: 'layer-rest', values: rest },
    { label: 'files and shared memory', colour: 'layer-files', values: files },
  ];
}

/** Each layer on top of those before it. */
export function stacked(layers: Layer[]): (number | null)[][] {
  const sums: (number | null)[][] = [];
  layers.forEach((layer, n) => {
    sums.push(layer.values.map((value, i) => (value === null ? null : value + (n === 0 ? 0 : (sums[n - 1]![i] ?? 0)))));
  });
  return sums;
}
