// The page: what is asked for stands in the address (#q=...&sort=...&kernels=...&cell=...), so that an
// address shows the same to whoever has the file.

const PRESETS = [
  ['all', ''],
  ['regressions', 'regressed', (run) => run.hasBaseline],
  ['changes', 'regressed or fixed or changed', (run) => run.hasBaseline],
  ['added', 'added', (run) => run.hasBaseline],
  ['removed', 'removed', (run) => run.hasBaseline],
  ['unexpected', 'unexpected'],
  ['only one kernel fails', 'count(status:bad)=1 status:bad'],
  ['kernels differ', 'differs:kernel'],
  ['loaders differ', 'differs:loader', (run) => run.head.varied.includes('loader')],
  ['wrong reads', 'status:wrong_reads'],
  ['never fired', 'none(status:attached) status:not_fired'],
  ['near a limit', 'near:limit'],
  ['flaky', 'flaky'],
  ['the kernel complained', 'splat'],
  ['not known', 'status:unknown or unsure or unavailable'],
];

const SORTS = {
  object: 'by object',
  bad: 'most failures first',
  insns: 'most instructions first',
};

class Page {
  constructor(run) {
    this.run = run;
    this.state = {q: '', sort: 'object', kernels: '', cell: '', beside: ''};
    this.matrix = new Matrix(run, (row, kernel) => this.openCell(row, kernel));
    this.query = document.getElementById('query');
    this.panel = document.getElementById('panel');
    this.drawHeader();
    this.drawControls();
    this.drawLegend();
    this.listen();
  }

  async start() {
    this.read();
    await this.apply(true);
  }

  // ---- the address

  read() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(this.state)) this.state[key] = parameters.get(key) ?? (key === 'sort' ? 'object' : '');
    if (!Object.hasOwn(SORTS, this.state.sort)) this.state.sort = 'object';
  }

  write(replace) {
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(this.state)) {
      if (value && !(key === 'sort' && value === 'object')) parameters.set(key, value);
    }
    const hash = `#${parameters}`;
    if (hash === location.hash || (hash === '#' && location.hash === '')) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', hash);
  }

  async change(changes, replace = false) {
    Object.assign(this.state, changes);
    this.write(replace);
    await this.apply(false);
  }

  async apply(isFirst) {
    const asked = this.applying = {};
    const {state, run} = this;
    if (document.activeElement !== this.query) this.query.value = state.q;
    document.getElementById('sort').value = state.sort;
    document.getElementById('beside').checked = state.beside !== '';
    this.matrix.beside = state.beside !== '';
    let tree;
    try {
      tree = parseQuery(state.q);
    } catch (error) {
      return this.sayError(error);
    }
    const early = isFirst && !needsAll(tree) && state.sort !== 'insns' && !state.beside;
    if (!early) await run.complete();
    if (this.applying !== asked) return;
    this.filter(tree);
    if (isFirst) {
      performance.mark('painted');
      await run.complete();
    }
    if (this.applying !== asked) return;
    if (early) this.matrix.draw();
    await this.showCell();
  }

  // ---- what is shown

  filter(tree) {
    const {run, matrix, state} = this;
    let matches;
    try {
      matches = compileQuery(tree, run);
    } catch (error) {
      return this.sayError(error);
    }
    matrix.showKernels(this.chosenKernels());
    const rows = this.rowsThat(matches);
    matrix.show(this.sorted(rows), matches);
    const note = document.getElementById('query-note');
    note.className = '';
    note.textContent = rows.length === 0 ? 'No row fits.' :
        `${some(rows.length, 'row')} of ${number(run.rowCount)}${matches ? `, ${some(this.hits, 'field')} fit` : ''}`;
    for (const button of document.querySelectorAll('#presets button')) {
      button.setAttribute('aria-pressed', button.dataset.query === state.q ? 'true' : 'false');
    }
  }

  rowsThat(matches) {
    const {run} = this;
    const {sign} = run.columns;
    const before = run.columns.before;
    const width = run.kernels.length;
    const rows = [];
    this.hits = 0;
    for (let row = 0; row < run.rowCount; row++) {
      let hits = 0;
      for (const kernel of this.matrix.kernels) {
        const field = row * width + kernel;
        const there = sign[field] !== ABSENT || (matches && before && before[field] !== ABSENT);
        if (there && (!matches || matches(field, row, kernel))) hits++;
      }
      if (hits > 0) rows.push(row);
      this.hits += hits;
    }
    return rows;
  }

  sorted(rows) {
    const {run, state, matrix} = this;
    if (state.sort === 'object') return rows;
    const score = (row) => {
      let value = 0;
      for (const kernel of matrix.kernels) {
        const field = run.field(row, kernel);
        if (state.sort === 'bad') value += run.isThere(field) && SIGNS[run.sign(field)].group === 'bad' ? 1 : 0;
        else if (run.columns.insns[field] !== NO_NUMBER) value = Math.max(value, run.columns.insns[field]);
      }
      return value;
    };
    // Objects stay together: the one with the highest row first.
    const scores = new Map(rows.map((row) => [row, score(row)]));
    const best = new Map();
    for (const row of rows) best.set(run.object(row), Math.max(best.get(run.object(row)) ?? 0, scores.get(row)));
    return rows.slice().sort((a, b) => best.get(run.object(b)) - best.get(run.object(a)) || run.object(a) - run.object(b) ||
        scores.get(b) - scores.get(a) || a - b);
  }

  chosenKernels() {
    const {run, state} = this;
    const all = run.kernels.map((_, kernel) => kernel);
    if (!state.kernels) return all;
    const globs = state.kernels.split(',').map((part) => part.trim()).filter(Boolean).map(matcher);
    return all.filter((kernel) => globs.some((fits) => fits(run.kernels[kernel].id)));
  }

  sayError(error) {
    if (!(error instanceof QueryError)) throw error;
    const note = document.getElementById('query-note');
    note.className = 'error';
    note.textContent = `${error.message} (at character ${error.at + 1})`;
  }

  // ---- one cell

  openCell(row, kernel) {
    const {run} = this;
    this.change({cell: `${run.cellId(row, kernel)}:${run.text('program', row)}`});
  }

  findCell(name) {
    const {run} = this;
    for (let kernel = 0; kernel < run.kernels.length; kernel++) {
      if (!name.startsWith(`${run.kernels[kernel].id}/`)) continue;
      for (let row = 0; row < run.rowCount; row++) {
        if (`${run.cellId(row, kernel)}:${run.text('program', row)}` === name) return {row, kernel};
      }
    }
    return null;
  }

  async showCell() {
    const {run, state, panel, matrix} = this;
    if (!state.cell) {
      panel.hidden = true;
      panel.shown = '';
      return matrix.mark(-1);
    }
    if (panel.shown === state.cell) return;
    const found = this.findCell(state.cell);
    if (!found) {
      panel.hidden = true;
      const note = document.getElementById('query-note');
      note.className = 'error';
      note.textContent = `This report has no cell '${state.cell}'.`;
      return matrix.mark(-1);
    }
    panel.shown = state.cell;
    const telling = tellStory(run, found.row, found.kernel, matrix.kernels, panel, () => this.closeCell());
    matrix.revealField(found.row, found.kernel);
    matrix.mark(run.field(found.row, found.kernel));
    await telling;
  }

  async closeCell() {
    await this.change({cell: ''});
    this.matrix.focus(this.matrix.active.item, this.matrix.active.column);
  }

  // ---- around it

  drawHeader() {
    const {head} = this.run;
    document.title = `${head.verdict_text}: bpfmatrix`;
    document.getElementById('run-name').textContent = head.run;
    const verdict = document.getElementById('verdict');
    const nothing = Object.keys(head.counts).length === 0;
    const state = head.failing > 0 ? 'bad' : head.not_known > 0 || nothing ? 'unknown' : 'good';
    verdict.className = state;
    verdict.append(el('b', {}, {bad: '✗ ', unknown: '? ', good: '✓ '}[state] + head.verdict_text),
        ...Object.entries(head.counts).map(([word, count]) => el('button', {type: 'button', class: 'count', 'data-word': word, onclick: () => this.change({q: word})},
            `${number(count)} ${spaced(word)}`)),
        el('span', {class: 'note'}, `${some(head.cells, 'cell')} on ${some(head.kernels.length, 'kernel')}${head.baseline ? `, compared with ${head.baseline}` : ''}`));
    this.drawRoots();
  }

  drawRoots() {
    const {roots} = this.run.head;
    const place = document.getElementById('roots');
    place.hidden = roots.length === 0;
    const items = roots.map((root, i) => el('li', {class: root.verdict},
        el('button', {type: 'button', onclick: () => this.change({q: `root:${i + 1}`, cell: ''})},
            el('b', {}, spaced(root.verdict)), ' ', el('span', {class: 'subject'}, root.subject), ': ', root.what, root.cause ? ` (${root.cause})` : '',
            root.source ? el('code', {}, root.source) : ''),
        root.advice ? el('p', {class: 'advice'}, root.advice) : '',
        root.seen ? el('p', {class: 'advice'}, root.seen) : '',
        root.dependents ? el('p', {class: 'advice'}, `${some(root.dependents, 'more program')} failed only because of it.`) : ''));
    const shown = 5;
    const list = place.querySelector('ol');
    list.append(...items.slice(0, shown));
    if (items.length <= shown) return;
    const more = el('button', {type: 'button', class: 'more', onclick: () => {
      list.append(...items.slice(shown));
      more.remove();
    }}, `${some(items.length - shown, 'more root cause')}`);
    place.append(more);
  }

  drawControls() {
    const {run} = this;
    document.getElementById('sort').append(...Object.entries(SORTS).map(([value, text]) => el('option', {value}, text)));
    document.getElementById('beside-label').hidden = !run.hasBaseline;
    document.getElementById('presets').append(...PRESETS.filter(([, , fits]) => !fits || fits(run)).map(([name, query]) =>
        el('button', {type: 'button', 'data-query': query, title: query, onclick: () => this.change({q: query})}, name)));
    this.drawKernelMenu();
    const help = document.getElementById('help-text');
    help.append(
        el('h2', {}, 'Queries'),
        el('p', {}, 'A row is shown if one of its fields fulfils the whole query. Words side by side must all hold; ', el('code', {}, 'or'), ', ', el('code', {}, 'not'), ' (', el('code', {}, '-'),
            '), brackets and "quotes" do what they say. ', el('code', {}, 'none(...)'), ', ', el('code', {}, 'all(...)'), ' and ', el('code', {}, 'count(...)=1'), ' look at all kernels of a row. A bare word is a part of the name of an object or a program, or one of: ',
            el('code', {}, BARE_WORDS.join(' ')), '.'),
        el('dl', {}, Object.entries(KEYS).map(([key, text]) => [el('dt', {}, el('code', {}, `${key}:`)), el('dd', {}, text)])),
        el('h2', {}, 'Keys'),
        el('p', {}, 'Arrows, Page Up and Down, Home and End move in the matrix; Enter opens a field or folds an object; Escape closes; / goes to the query; n and p open the next and the previous row on the same kernel.'));
  }

  drawKernelMenu() {
    const {run} = this;
    const menu = document.querySelector('#columns .popover');
    const boxes = run.kernels.map((kernel) => el('label', {}, el('input', {type: 'checkbox', value: kernel.id, onchange: () => choose()}), ' ', kernel.id));
    const choose = () => {
      const checked = [...menu.querySelectorAll('input:checked')].map((box) => box.value);
      this.change({kernels: checked.length === run.kernels.length ? '' : checked.join(',')});
    };
    const arches = [...new Set(run.kernels.map(({arch}) => arch))];
    menu.append(el('p', {}, el('button', {type: 'button', onclick: () => this.change({kernels: ''})}, 'all'),
        arches.map((arch) => el('button', {type: 'button', onclick: () => this.change({kernels: `*-${arch}`})}, arch))), ...boxes);
    document.getElementById('columns').addEventListener('toggle', () => {
      const chosen = new Set(this.matrix.kernels);
      run.kernels.forEach((_, kernel) => { boxes[kernel].querySelector('input').checked = chosen.has(kernel); });
    });
  }

  drawLegend() {
    document.getElementById('legend').append(...Object.values(SIGNS).map(({glyph, group, word, meaning}) =>
        el('span', {class: group, title: meaning}, el('span', {class: 'glyph', 'aria-hidden': 'true'}, glyph), ' ', word)));
  }

  listen() {
    let timer = 0;
    this.query.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.change({q: this.query.value.trim()}, true), 120);
    });
    document.getElementById('controls').addEventListener('submit', (event) => {
      event.preventDefault();
      clearTimeout(timer);
      this.change({q: this.query.value.trim()});
    });
    document.getElementById('sort').addEventListener('change', (event) => this.change({sort: event.target.value}));
    document.getElementById('beside').addEventListener('change', (event) => this.change({beside: event.target.checked ? '1' : ''}));
    document.getElementById('help').addEventListener('click', () => this.toggleHelp());
    document.getElementById('theme').addEventListener('click', () => {
      const root = document.documentElement;
      root.dataset.theme = {'': 'dark', dark: 'light', light: ''}[root.dataset.theme ?? ''];
    });
    window.addEventListener('popstate', () => {
      this.read();
      this.apply(false);
    });
    document.addEventListener('keydown', (event) => this.key(event));
    document.addEventListener('click', (event) => {
      const menu = document.getElementById('columns');
      if (!menu.contains(event.target)) menu.open = false;
    });
  }

  toggleHelp() {
    const text = document.getElementById('help-text');
    text.hidden = !text.hidden;
    document.getElementById('help').setAttribute('aria-expanded', text.hidden ? 'false' : 'true');
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const menu = document.getElementById('columns');
    if (event.key === 'Escape') {
      if (menu.open) menu.open = false;
      else if (!document.getElementById('help-text').hidden) this.toggleHelp();
      else if (this.state.cell) this.closeCell();
      else if (document.activeElement === this.query) this.matrix.focus(0, 0);
      return;
    }
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? '')) return;
    if (event.key === '/') {
      event.preventDefault();
      this.query.focus();
      this.query.select();
    } else if (event.key === '?') {
      this.toggleHelp();
    } else if ((event.key === 'n' || event.key === 'p') && this.state.cell) {
      this.neighbour(event.key === 'n' ? 1 : -1);
    }
  }

  neighbour(step) {
    const {matrix} = this;
    const kernel = matrix.kernels[Math.max(0, matrix.active.column - 1)];
    for (let item = matrix.active.item + step; item >= 0 && item < matrix.items.length; item += step) {
      const row = matrix.items[item];
      if (row < 0 || !this.run.isThere(this.run.field(row, kernel))) continue;
      if (matrix.matches && !matrix.matches(this.run.field(row, kernel), row, kernel)) continue;
      return this.openCell(row, kernel);
    }
    return null;
  }
}

async function start() {
  const lines = document.getElementById('data').textContent.trim().split('\n');
  const run = await Run.open(lines);
  const page = new Page(run);
  await page.start();
  performance.mark('ready');
  document.documentElement.dataset.ready = 'yes';
}

start().catch((error) => {
  document.getElementById('verdict').textContent = `This report cannot be shown: ${error.message}`;
  throw error;
});
