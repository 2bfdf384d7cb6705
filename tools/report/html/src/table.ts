// SPDX-License-Identifier: Apache-2.0
//
// A table that is sorted, filtered and walked by mouse and keys. Draws as many rows as are looked at: a program has thousands of sites.

import { freshId, h } from './dom.ts';
import { plural } from './format.ts';

export interface Column<Row> {
  title: string;
  value: (row: Row) => number | string;     // what it is sorted by
  cell: (row: Row) => Node | string;
  numeric?: boolean;
  wide?: boolean;                            // takes the room that is left; its cell opens the row
  spare?: boolean;                           // not shown where the page is narrow
}

export interface TableOptions<Row> {
  caption: string;
  noun: string;
  columns: Column<Row>[];
  rows: Row[];
  text: (row: Row) => string;                // what the filter looks into, in lower case
  kinds: { label: string; has: (row: Row) => boolean }[];  // what the choice beside the filter offers
  open: (row: Row, focus: boolean) => void;
}

const step = 100;

const classOf = <Row>(column: Column<Row>): string | null => [column.numeric && 'numeric', column.wide && 'wide', column.spare && 'spare'].filter(Boolean).join(' ') || null;

class Table<Row> {
  readonly element: HTMLElement;
  private shown: Row[];
  private most = step;
  private sorted = { column: -1, down: true };  // -1: as ranked
  private chosen: Row | undefined;
  private readonly body = h('tbody', { keydown: (event: KeyboardEvent) => this.key(event) });
  private readonly told = h('p', { class: 'told', role: 'status' });
  private readonly more = h('button', { type: 'button', click: () => { this.most += step * 5; this.draw(); } }, 'Show more');
  private readonly heads: HTMLElement[];
  private readonly filter: HTMLInputElement;
  private readonly kind: HTMLSelectElement;

  constructor(private readonly options: TableOptions<Row>) {
    this.shown = options.rows;
    const filter = freshId('filter');
    const kind = freshId('kind');
    this.filter = h('input', { id: filter, type: 'search', class: 'table-filter', placeholder: 'function, file, module', input: () => this.select() });
    this.kind = h('select', { id: kind, change: () => this.select() }, ...options.kinds.map(({ label }) => h('option', {}, label)));
    this.heads = options.columns.map((column, i) => h('th', { scope: 'col', class: classOf(column), 'aria-sort': 'none' },
      h('button', { type: 'button', class: 'sort', click: () => this.sort(i) }, column.title)));
    this.element = h('div', {},
      h('div', { class: 'controls' }, h('label', { for: filter }, 'Filter '), this.filter, h('label', { for: kind }, 'Show '), this.kind, this.told),
      h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': options.caption },
        h('table', {}, h('caption', { class: 'unseen' }, options.caption), h('thead', {}, h('tr', {}, ...this.heads)), this.body)),
      this.more);
    this.select();
  }

  choose(row: Row): void {
    this.chosen = row;
    this.draw();
  }

  private select(): void {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
    const has = this.options.kinds[this.kind.selectedIndex]?.has ?? (() => true);
    this.shown = this.options.rows.filter((row) => has(row) && words.every((word) => this.options.text(row).includes(word)));
    this.order();
  }

  private sort(column: number): void {
    const again = this.sorted.column === column;
    // Figures are looked at from the top, names from A.
    this.sorted = { column, down: again ? !this.sorted.down : !!this.options.columns[column]!.numeric };
    this.order();
  }

  private order(): void {
    const { column, down } = this.sorted;
    if (column >= 0) {
      const value = this.options.columns[column]!.value;
      const sign = down ? -1 : 1;
      this.shown = [...this.shown].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        return x < y ? -sign : x > y ? sign : 0;
      });
    }
    this.heads.forEach((head, i) => head.setAttribute('aria-sort', i !== column ? 'none' : down ? 'descending' : 'ascending'));
    this.draw();
  }

  private draw(): void {
    const rows = this.shown.slice(0, this.most);
    this.body.replaceChildren(...rows.map((row) => this.drawRow(row)));
    if (rows.length === 0) this.body.append(h('tr', {}, h('td', { colspan: this.options.columns.length }, 'Nothing fits the filter.')));
    const { noun } = this.options;
    const all = this.options.rows.length;
    this.told.textContent = this.shown.length === all ? plural(all, noun) : `${this.shown.length} of ${plural(all, noun)}`;
    this.more.hidden = rows.length === this.shown.length;
    this.more.textContent = `Show more (${this.shown.length - rows.length} are not shown)`;
  }

  private drawRow(row: Row): HTMLElement {
    const chosen = row === this.chosen;
    const open = (event: Event): void => { this.chosen = row; this.draw(); this.options.open(row, event.type === 'click' && (event as MouseEvent).detail === 0); };
    return h('tr', { class: chosen ? 'chosen' : null, click: open }, ...this.options.columns.map((column) => {
      const cell = column.cell(row);
      const content = column.wide ? h('button', { type: 'button', class: 'row-open', 'aria-pressed': String(chosen) }, cell) : cell;
      return h('td', { class: classOf(column) }, content);
    }));
  }

  private key(event: KeyboardEvent): void {
    const delta = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (delta === 0) return;
    const buttons = [...this.body.querySelectorAll<HTMLElement>('.row-open')];
    const at = buttons.findIndex((button) => button === document.activeElement);
    buttons[at + delta]?.focus();
    event.preventDefault();
  }
}

/** The table's element, and how to mark a row as the chosen one. */
export function table<Row>(options: TableOptions<Row>): { element: HTMLElement; choose: (row: Row) => void } {
  const made = new Table(options);
  return { element: made.element, choose: (row) => made.choose(row) };
}
