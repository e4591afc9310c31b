// Programs by kernels: a table of which only the rows in sight are there. Row heights are fixed, so
// that the first row in sight is a division.

const ROW_HEIGHT = 28;
const OVERSCAN = 8;
const MAX_PRINTED_ROWS = 2000;

// An element with attributes, texts and other elements in it. Texts stay texts.
function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

const spaced = (word) => word.replaceAll('_', ' ');
const number = (value) => value.toLocaleString('en').replaceAll(',', '\u202f');
const some = (count, noun) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;

// "failed: helper unknown".
function fieldText(run, field) {
  if (!run.isThere(field)) return 'not in this run';
  const cause = run.cause(field);
  return SIGNS[run.sign(field)].word + (cause ? `: ${spaced(cause)}` : '');
}

class Matrix {
  constructor(run, open) {
    this.run = run;
    this.open = open;
    this.table = document.getElementById('matrix');
    this.scroller = document.getElementById('scroller');
    this.kernels = run.kernels.map((_, kernel) => kernel);
    this.items = new Int32Array(0);
    this.folded = new Set();
    this.active = {item: 0, column: 0};
    this.opened = -1;
    this.beside = false;
    this.scroller.addEventListener('scroll', () => this.schedule());
    new ResizeObserver(() => {
      this.fitColumns();
      this.schedule();
    }).observe(this.scroller);
    this.table.addEventListener('keydown', (event) => this.key(event));
    this.table.addEventListener('click', (event) => this.click(event));
    window.addEventListener('beforeprint', () => this.draw(true));
    window.addEventListener('afterprint', () => this.draw());
  }

  showKernels(kernels) {
    this.kernels = kernels;
    this.drawHead();
  }

  // Rows in the order of the page; `matches` of (field, row, kernel), or null. Negative items stand
  // for the object of the rows below.
  show(rows, matches) {
    const {run} = this;
    this.matches = matches;
    this.summaries = new Map();
    const items = [];
    let last = -1;
    for (const row of rows) {
      const object = run.object(row);
      if (object !== last) items.push(-object - 1);
      last = object;
      if (!this.folded.has(object)) items.push(row);
      this.count(object, row);
    }
    this.rows = rows;
    this.items = Int32Array.from(items);
    this.active.item = Math.min(this.active.item, Math.max(0, items.length - 1));
    this.table.setAttribute('aria-rowcount', items.length + 3);
    this.draw();
  }

  count(object, row) {
    const {run} = this;
    let summary = this.summaries.get(object);
    if (!summary) this.summaries.set(object, summary = {good: 0, odd: 0, bad: 0, unknown: 0, all: 0, rows: 0});
    summary.rows++;
    for (const kernel of this.kernels) {
      const field = run.field(row, kernel);
      if (!run.isThere(field)) continue;
      summary[SIGNS[run.sign(field)].group]++;
      summary.all++;
    }
  }

  drawHead() {
    const {run} = this;
    const head = this.table.tHead;
    const grouped = (key, cells) => {
      const spans = [];
      for (const kernel of this.kernels) {
        const name = key(run.kernels[kernel]);
        if (spans.length && spans[spans.length - 1].name === name) spans[spans.length - 1].count++;
        else spans.push({name, count: 1, kernel});
      }
      return spans.map(({name, count, kernel}) => el('th', {scope: 'colgroup', colspan: count}, cells(name, run.kernels[kernel])));
    };
    const corner = el('th', {class: 'corner', rowspan: 3, scope: 'col'}, 'object and program');
    head.replaceChildren(
        el('tr', {class: 'distribution', 'aria-rowindex': 1}, corner,
            grouped((kernel) => kernel.distribution, (name) => el('span', {}, name))),
        el('tr', {class: 'series', 'aria-rowindex': 2},
            grouped((kernel) => `${kernel.distribution} ${kernel.series}`, (name, kernel) => el('span', {}, kernel.series))),
        el('tr', {class: 'kernel', 'aria-rowindex': 3}, this.kernels.map((kernel) => {
          const {id, release, variant, arch} = run.kernels[kernel];
          const name = [variant, arch].filter(Boolean).join(' ');
          return el('th', {scope: 'col', title: `${id}\n${release}`, 'aria-label': `${id}, ${release}`}, el('span', {}, name || id));
        })));
    this.table.querySelector('colgroup')?.remove();
    this.table.prepend(el('colgroup', {}, el('col', {class: 'names'}), this.kernels.map(() => el('col', {class: 'field'}))));
    this.table.style.setProperty('--columns', this.kernels.length);
    this.table.setAttribute('aria-colcount', this.kernels.length + 1);
    this.fitColumns();
  }

  // What room there is goes to the fields.
  fitColumns() {
    const room = (this.scroller.clientWidth - this.table.querySelector('th.corner').offsetWidth) / Math.max(1, this.kernels.length);
    this.table.style.setProperty('--field', `${Math.max(118, Math.min(190, Math.floor(room)))}px`);
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw(forPrint = false) {
    const body = this.table.tBodies[0];
    const {items} = this;
    const hadFocus = body.contains(document.activeElement);
    const inSight = Math.ceil(this.scroller.clientHeight / ROW_HEIGHT);
    const first = forPrint ? 0 : Math.max(0, Math.floor(this.scroller.scrollTop / ROW_HEIGHT) - OVERSCAN);
    const last = forPrint ? Math.min(items.length, MAX_PRINTED_ROWS) : Math.min(items.length, first + inSight + 2 * OVERSCAN);
    const rows = [this.gap(first)];
    for (let item = first; item < last; item++) rows.push(items[item] < 0 ? this.objectRow(item) : this.programRow(item));
    rows.push(this.gap(forPrint ? 0 : items.length - last));
    body.replaceChildren(...rows);
    document.getElementById('printed').textContent =
        forPrint && last < items.length ? `${some(items.length - last, 'more row')} of this query are not printed.` : '';
    if (hadFocus) this.activeElement()?.focus({preventScroll: true});
  }

  gap(count) { return el('tr', {class: 'gap', 'aria-hidden': 'true', style: `height: ${count * ROW_HEIGHT}px`}); }

  tab(item, column) { return this.active.item === item && this.active.column === column ? '0' : '-1'; }

  objectRow(item) {
    const object = -this.items[item] - 1;
    const summary = this.summaries.get(object);
    const folded = this.folded.has(object);
    const name = this.run.objectName(object);
    const bar = ['good', 'odd', 'bad', 'unknown'].filter((group) => summary[group] > 0)
                    .map((group) => el('i', {class: group, style: `flex-grow: ${summary[group]}`}));
    const words = `${number(summary.good)} of ${number(summary.all)} good`;
    return el('tr', {class: 'object', 'aria-rowindex': item + 4},
        el('th', {scope: 'rowgroup', tabindex: this.tab(item, 0), 'data-item': item, 'data-column': 0, 'aria-expanded': folded ? 'false' : 'true', title: name},
            el('span', {class: 'fold', 'aria-hidden': 'true'}, folded ? '▸' : '▾'), el('span', {class: 'name'}, name)),
        el('td', {colspan: this.kernels.length || 1}, el('span', {class: 'summary'}, el('span', {class: 'bar', 'aria-hidden': 'true'}, bar),
            `${words}, ${some(summary.rows, 'row')}`)));
  }

  programRow(item) {
    const {run} = this;
    const row = this.items[item];
    const name = run.text('program', row) || 'the object';
    const tags = ['btf', 'loader'].filter((column) => run.head.varied.includes(column)).map((column) => run.text(column, row));
    const full = [name, run.text('section', row), ...tags].filter(Boolean).join(', ');
    return el('tr', {'aria-rowindex': item + 4},
        el('th', {scope: 'row', tabindex: this.tab(item, 0), 'data-item': item, 'data-column': 0, title: full},
            el('span', {class: 'name'}, name), tags.map((tag) => el('span', {class: 'tag'}, tag))),
        this.kernels.map((kernel, i) => this.field(row, kernel, item, i + 1)));
  }

  field(row, kernel, item, column) {
    const {run} = this;
    const field = run.field(row, kernel);
    const attributes = {'data-item': item, 'data-column': column, tabindex: this.tab(item, column), role: 'gridcell'};
    const before = this.beside ? run.before(field) : null;
    if (!run.isThere(field) && before === null) return el('td', {...attributes, class: 'absent', 'aria-label': 'not in this run'});
    const there = run.isThere(field);
    const sign = there ? SIGNS[run.sign(field)] : null;
    const text = fieldText(run, field);
    const verdict = there ? run.verdict(field) : 'gone';
    const cause = there ? run.cause(field) : '';
    const was = before && before !== (there ? run.sign(field) : '') ? [el('span', {class: `was ${SIGNS[before].group}`}, SIGNS[before].glyph), '→'] : [];
    const fits = !this.matches || this.matches(field, row, kernel);
    const full = `${run.kernels[kernel].id}: ${text}${verdict === 'as_expected' ? '' : `, ${spaced(verdict)}`}${
        before && was.length ? `, was ${SIGNS[before].word}` : ''}`;
    return el('td', {
      ...attributes,
      class: [there ? sign.group : 'absent', fits ? '' : 'dim', field === this.opened ? 'opened' : ''].filter(Boolean).join(' '),
      'data-verdict': verdict === 'as_expected' ? null : verdict,
      title: full,
      'aria-label': full,
    }, el('span', {class: 'content', 'aria-hidden': 'true'}, was, el('span', {class: 'glyph'}, there ? sign.glyph : '∅'),
        el('span', {class: 'word'}, there ? spaced(cause || sign.word) : 'gone')));
  }

  activeElement() { return this.table.querySelector(`[data-item="${this.active.item}"][data-column="${this.active.column}"]`); }

  place(target) {
    const cell = target.closest('[data-item]');
    return cell && {item: Number(cell.dataset.item), column: Number(cell.dataset.column)};
  }

  click(event) {
    const place = this.place(event.target);
    if (!place) return;
    this.active = place;
    this.act();
  }

  act() {
    const value = this.items[this.active.item];
    if (value === undefined) return;
    if (value < 0) return this.fold(-value - 1);
    const kernel = this.kernels[Math.max(0, this.active.column - 1)];
    const field = this.run.field(value, kernel);
    if (this.run.isThere(field) || this.run.before(field)) this.open(value, kernel);
    else this.draw();
  }

  fold(object) {
    if (!this.folded.delete(object)) this.folded.add(object);
    this.show(this.rows, this.matches);
    this.activeElement()?.focus({preventScroll: true});
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW_HEIGHT) - 4);
    const moves = {
      ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0],
      Home: [event.shiftKey ? -Infinity : 0, -Infinity], End: [event.shiftKey ? Infinity : 0, Infinity],
    };
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.act();
    } else if (event.key in moves) {
      event.preventDefault();
      this.move(...moves[event.key]);
    }
  }

  move(rows, columns) {
    const within = (value, max) => Math.max(0, Math.min(max, value));
    const item = within(this.active.item + rows, this.items.length - 1);
    const column = this.items[item] < 0 ? 0 : within(this.active.column + columns, this.kernels.length);
    this.focus(item, column);
  }

  focus(item, column) {
    this.active = {item, column};
    this.reveal(item);
    this.draw();
    const element = this.activeElement();
    element?.focus({preventScroll: true});
    if (column > 0) element?.scrollIntoView({block: 'nearest', inline: 'nearest'});
  }

  // Scrolls so that the item is in sight below the head.
  reveal(item) {
    const head = this.table.tHead.offsetHeight;
    const top = item * ROW_HEIGHT;
    const {scrollTop, clientHeight} = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    if (top + ROW_HEIGHT + head > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW_HEIGHT + head - clientHeight;
  }

  // Marks a field as the one that the panel tells of; -1: none.
  mark(field) {
    this.opened = field;
    this.draw();
  }

  revealField(row, kernel) {
    const item = this.items.indexOf(row);
    if (item < 0) return;
    this.active = {item, column: this.kernels.indexOf(kernel) + 1};
    this.reveal(item);
  }
}
