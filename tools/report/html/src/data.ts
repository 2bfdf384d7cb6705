// SPDX-License-Identifier: Apache-2.0
//
// What leaktrack puts into the page: html_report.cc and html_comparison.cc write it. Names and units are those of the JSON report
// (report.schema.json); null is what is not known.

export interface Remark { label: string; text: string }
export interface Rate { mid: number; low: number; high: number }

export interface Frame {
  name: string;                // short: without parameters, or module and offset
  function: string | null;     // in full
  file: string | null;
  line: number | null;
  module: string | null;
  build_id: string | null;
  offset: number;
  inlined: boolean;
}

export interface Site {
  rank: number;
  id: number | null;           // what --site takes
  verdict: 'leak' | 'suspect' | 'watch' | 'none';
  state: 'new' | 'confirmed' | 'retracted';
  trend: string;
  live_bytes: number;
  live_bytes_error: number;
  live_objects: number;
  growth_bytes_per_hour: number | null;
  growth_low: number | null;
  growth_high: number | null;
  leak_probability: number | null;
  grows: boolean;   // more than chance explains
  decided_by_seconds: number | null;
  q_value: number | null;
  late_onset_seconds: number | null;
  doubling_seconds: number | null;
  oldest_seconds: number | null;
  evidence: string | null;
  likelihood: string | null;   // how sure the verdict is, in words
  settle: string | null;
  kind: 'heap' | 'mapping';
  stacks_joined: number;
  stack_is_shared_part: boolean;
  stack_truncated: boolean;
  born_bytes: number;
  leaked_share: number | null;
  freed_at_exit: boolean;
  plateau: { bytes: number; after_seconds: number } | null;
  family: number | null;
  blame: number | null;        // index into stack
  stack: number[];             // indices into frames, leaf first
  curve: { level: number[]; born: number[] };  // at equal steps that end with the run
  ages: number[];              // bytes alive by age band
}

export interface OverTime {
  seconds: number[];
  rss: (number | null)[];
  anonymous: (number | null)[];
  files: (number | null)[];
  heap: number[];
  retained: (number | null)[];
  mapped: number[];            // address space
  stack: (number | null)[];
  cgroup_limit: (number | null)[];
}

export interface FanPoint { seconds: number; low: number; mid: number; high: number }
export interface Mark { name: string; from: number; to: number }
export interface Source { first_line: number; lines: string[]; newer: boolean }
export interface Missing { module: string; build_id: string; reason: string; hint: string }

export interface CaptureLine {
  path: string;
  command: string;
  pid: number;
  duration_seconds: number;
  end: string;
  found: boolean;
  status: string;
  seconds_to_limit: number | null;
  memory_class: string;
  growth_bytes_per_hour: number | null;
  inconclusive_because: string | null;
}

interface Page {
  headline: string;
  tone: 'bad' | 'good' | 'unsure';
  introduction: string;
  remarks: Remark[];
  frames: Frame[];
}

export type MemoryPartName = 'live_heap' | 'allocator_overhead' | 'retained' | 'mappings' | 'stacks_and_rest' | 'files' | 'shared';

export interface ReportPage extends Page {
  kind: 'report';
  scope: string | null;        // what --site, --filter, --top and --since left out
  coverage_remarks: Remark[];
  process: { start_time: number; duration_seconds: number; limit_bytes: number | null; limit_kind: string | null; warming_up: boolean };
  memory: {
    rss_bytes: number | null;
    live_heap_bytes: number;
    retained_bytes: number | null;
    mapped_bytes: number;
    file_bytes: number | null;
    shared_bytes: number | null;
    swap_bytes: number | null;
    unexplained_bytes: number | null;
    untouched_bytes: number | null;
    threads: number | null;
    parts: { name: MemoryPartName; bytes: number; growth_bytes_per_hour: Rate | null }[] | null;
    class: string;
    advice: string[];
    allocator: { name: string | null };
    growth_bytes_per_hour: Record<'rss' | 'live_heap' | 'retained' | 'mapped' | 'unexplained' | 'untouched', Rate | null>;
  };
  coverage: { hooks: { name: string; state: string }[]; damage: string[] };
  missing: Missing[];
  over_time: OverTime;
  fan: FanPoint[];
  marks: Mark[];
  age_bands: number[];         // upper ends, in seconds
  sites: Site[];
  glossary: Record<'verdict' | 'state' | 'trend', Record<string, string>>;
  further: { sites: number; accused: number; live_bytes: number; born_bytes: number; growth_bytes_per_hour: number };
  sources: Record<string, Source>;
  captures?: CaptureLine[];
  unreadable?: string[];
}

export interface Change {
  change: string;              // "NEW LEAK", "WORSE", "UNCLEAR", "KNOWN", "FIXED", "unchanged"
  sentence: string;
  site: string;
  bytes: number;               // per unit of work
  blocks: number;
  base_bytes: number;
  base_blocks: number;
  p_value: number;
  q_value: number;
  matched_by_suffix: boolean;
  blame: number | null;
  stack: number[];
}

export interface ComparisonPage extends Page {
  kind: 'comparison';
  unit: string;                // "run" or "iteration"
  sites: Change[];
  further: { sites: number; bytes: number; base_bytes: number };
}

/** Unpacks the data block: base64 of gzip of JSON. */
export async function readPage(packed: string): Promise<ReportPage | ComparisonPage> {
  const bytes = Uint8Array.from(atob(packed.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text()) as ReportPage | ComparisonPage;
}
