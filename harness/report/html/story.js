// The panel: all that is known of one field. What it tells is the cell's outcome, in the form that
// outcome.schema.json describes, and what is said about it.

const STAGES = ['open', 'relocate', 'map', 'load', 'attach', 'run'];

function section(title, ...content) {
  const shown = content.flat(Infinity).filter(Boolean);
  return shown.length ? el('section', {}, el('h3', {}, title), shown) : null;
}

function pairs(entries) {
  const shown = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return shown.length ? el('dl', {}, shown.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])) : null;
}

function table(head, rows) {
  if (rows.length === 0) return null;
  return el('div', {class: 'wide', tabindex: '0'}, el('table', {class: 'facts'},
      el('thead', {}, el('tr', {}, head.map((name) => el('th', {scope: 'col'}, name)))),
      el('tbody', {}, rows.map((row) => el('tr', {class: row.mark}, row.cells.map((cell) => el('td', {}, cell === null || cell === undefined ? '' : String(cell))))))));
}

const yesNo = (value) => (value === null || value === undefined ? '?' : value ? 'yes' : 'no');
const known = (value) => (value === null || value === undefined ? null : typeof value === 'number' ? number(value) : String(value));

function stageText(stage) {
  if (!stage) return '';
  return [spaced(stage.result) + (stage.errno ? `, ${stage.errno}` : ''), stage.message].filter(Boolean).join(': ');
}

function mapStage(outcome) {
  const failed = outcome.maps.find(({result}) => result === 'failed');
  if (failed) return {...failed, message: `'${failed.name}' (${failed.type})${failed.message ? `: ${failed.message}` : ''}`};
  const reached = outcome.maps.some(({result}) => result === 'ok');
  return {result: reached ? 'ok' : outcome.maps.length ? 'not_reached' : 'none', errno: null, message: null};
}

function runText(run) {
  if (!run || !run.trigger) return 'there was no trigger';
  if (run.displaced) return 'another program of its object replaced it';
  const fired = run.fired ?? run.run_cnt;
  if (fired === null || fired === undefined) return 'not known whether it fired';
  const words = {direct: ', arguments right', wrapped: ", arguments right, through the wrapper's pt_regs", wrong: ', arguments wrong'};
  return (fired > 0 ? `fired ${some(fired, 'time')}` : 'did not fire') + (words[run.arguments] ?? '');
}

function stages(outcome, program) {
  const results = {
    open: outcome.open, relocate: outcome.relocate, map: mapStage(outcome), load: program?.load, attach: program?.attach,
    run: program && {result: program.run.trigger ? 'ok' : 'not_reached', message: runText(program.run)},
  };
  return el('ol', {class: 'stages'}, STAGES.filter((name) => results[name] && results[name].result !== 'none').map((name) =>
      el('li', {class: results[name].result}, el('b', {}, name), ' ', el('span', {}, stageText(results[name])))));
}

function relocations(program) {
  const rows = (program?.relocations ?? []).map((one) => ({
    mark: one.result === 'resolved' || one.result === 'unchanged' ? '' : 'marked',
    cells: [one.kind, one.local, known(one.local_value), one.target ? one.target + (one.module ? ` (${one.module})` : '') : '–', known(one.target_value), one.result,
      [one.reason, one.cross_check === 'agrees' ? '' : spaced(one.cross_check), one.cross_check_note].filter(Boolean).join('; ')],
  }));
  return section('Relocations', table(['kind', 'in the object', 'compiled', 'in this kernel', 'value', 'result', 'note'], rows));
}

function candidates(made) {
  const mark = (one) => (one.symbol === made.actual ? 'chosen' : '');
  if (made.candidates.some((one) => one.is_event !== null)) {
    return table(['candidate', 'tracepoint'], made.candidates.map((one) => ({mark: mark(one), cells: [one.symbol, yesNo(one.is_event)]})));
  }
  return table(['candidate', 'kallsyms', 'traceable', 'blacklisted', 'BTF'], made.candidates.map((one) => ({
    mark: mark(one),
    cells: [one.symbol, yesNo(one.in_kallsyms), yesNo(one.traceable), yesNo(one.blacklisted), yesNo(one.in_btf)],
  })));
}

function attach(program) {
  if (!program) return null;
  const {attach: made} = program;
  return section('Where it attaches', pairs([['method', made.method], ['requested', made.requested], ['actual', made.actual]]), candidates(made));
}

function observed(outcome) {
  const rows = outcome.observed.map((one) => ({
    mark: one.result === 'wrong' ? 'marked' : '',
    cells: [one.name, one.value, one.expected, one.result],
  }));
  return section('What was read', table(['name', 'value', 'expected', 'result'], rows));
}

// Lines of the verifier: where it stopped is the last that is neither a count nor a blank.
function verifierLog(load) {
  if (!load?.log_tail) return null;
  const lines = load.log_tail.split('\n');
  let stop = lines.length - 1;
  while (stop > 0 && /^(processed \d+ insns|verification time|stack depth|max_states|$)/.test(lines[stop])) stop--;
  const failed = load.result === 'failed';
  return section("The verifier's last lines", el('pre', {class: 'log', tabindex: '0'}, lines.map((line, i) =>
      el('span', {class: failed && i === stop ? 'stop' : line.startsWith(';') ? 'source' : ''}, `${line}\n`))),
      load.log_truncated ? el('p', {class: 'note'}, 'The buffer for the log was too small: its beginning is missing.') : null);
}

function statistics(load) {
  if (!load) return null;
  const {stats} = load;
  return section('Verifier', pairs([
    ['instructions processed', known(stats.insns)], ['of the program', known(load.instructions)], ['states', known(stats.states_total)],
    ['states at peak', known(stats.states_peak)], ['bytes of stack', known(stats.stack_bytes)], ['µs', known(stats.verification_usec)],
    ['bytes xlated', known(stats.xlated_bytes)], ['bytes jited', known(stats.jited_bytes)],
  ]));
}

function machine(outcome) {
  const attempts = outcome.vm.attempts.map((one) => `${one.cloned ? 'cloned' : 'booted'}: ${one.end}${one.reason ? `: ${one.reason}` : ''}`);
  return section('Machine', pairs([
    ['end', outcome.end + (outcome.end_reason ? `: ${outcome.end_reason}` : '')], ['accelerator', outcome.vm.accel],
    ['attempts', attempts.join('; ')], ['attempts differ', outcome.vm.flaky.join('; ')],
  ]), outcome.console_tail ? el('pre', {class: 'log', tabindex: '0'}, outcome.console_tail) : null);
}

function splats(outcome) {
  if (!outcome.splats?.length) return null;
  return section('What the kernel complained of', outcome.splats.map((one) => [
    el('p', {}, `${one.name}${one.count > 1 ? `, ${one.count} times` : ''}${one.stall ? '; of an emulated machine it may be the host\'s' : ''}`),
    el('pre', {class: 'log', tabindex: '0'}, one.excerpt)]));
}

function inputs(outcome) {
  const {object, embedded, loader} = outcome;
  return section('Object and loader', pairs([
    ['object', object.path], ['sha256', object.sha256], ['producer', object.producer], ['license', object.license],
    ['BTF', object.btf ? (object.btf_ext ? 'BTF and .BTF.ext' : 'BTF') : 'none'],
    ['loader', [loader.name, loader.version].filter(Boolean).join(' ')],
    ['embedded BTF', embedded && `${number(embedded.bytes)} bytes, ${spaced(embedded.origin)}`],
  ]));
}

function kernelPart(kernel) {
  return section('Kernel', pairs([
    ['id', kernel.id], ['release', kernel.release], ['BTF', kernel.btf_bytes ? `${number(kernel.btf_bytes)} bytes` : 'none'],
    ['origin', kernel.origin], ['signed by', kernel.signed_by], ['sha256', kernel.sha256],
  ]), kernel.seen.length ? el('ul', {}, kernel.seen.map((line) => el('li', {}, line))) : null);
}

// The same program over the kernels: what the verifier went through, beside its limit. The lengths
// are logarithms, since programs of a hundred and of a million stand side by side.
function chart(run, row, kernels) {
  const bars = kernels.map((kernel) => ({kernel: run.kernels[kernel], insns: run.columns.insns[run.field(row, kernel)]}))
                   .filter(({insns}) => insns !== NO_NUMBER && insns > 0);
  if (bars.length === 0) return null;
  const share = ({insns, kernel}) => 100 * Math.log(insns + 1) / Math.log(kernel.insns_limit + 1);
  return section('Instructions verified, by kernel', el('div', {class: 'chart', role: 'list'}, bars.map((bar) =>
      el('div', {role: 'listitem', title: `${bar.kernel.id}: ${number(bar.insns)} of at most ${number(bar.kernel.insns_limit)}`},
          el('span', {class: 'label'}, bar.kernel.id),
          el('span', {class: 'track', 'aria-hidden': 'true'}, el('i', {class: bar.insns >= 0.85 * bar.kernel.insns_limit ? 'bad' : '', style: `width: ${Math.min(100, share(bar)).toFixed(1)}%`})),
          el('span', {class: 'value'}, number(bar.insns))))),
      el('p', {class: 'note'}, 'The right edge is the limit of the kernel; lengths are logarithmic.'));
}

// A command to be copied.
function command(text) {
  const copy = el('button', {type: 'button', onclick: async () => {
    await navigator.clipboard?.writeText(text);
    copy.textContent = 'copied';
  }}, 'copy');
  return el('div', {class: 'command'}, el('code', {}, text), navigator.clipboard ? copy : null);
}

function troubles(run, field, reason) {
  const verdict = run.verdict(field);
  const before = run.before(field);
  return [
    pairs([
      ['verdict', spaced(verdict)],
      ['in the baseline', before === null ? (run.hasBaseline ? 'not there' : null) : SIGNS[before].word],
      ['cause', reason.sentence], ['source', reason.source], ['advice', reason.advice],
    ]),
    reason.source_text ? el('pre', {class: 'log'}, el('span', {class: 'stop'}, reason.source_text)) : null,
    reason.troubles?.length ? el('ul', {class: 'troubles'}, reason.troubles.map((line) => el('li', {}, line))) : null,
  ];
}

// Fills `panel`. What the page knows at once is there at once, the rest when it is unpacked.
async function tellStory(run, row, kernel, kernels, panel, close) {
  const field = run.field(row, kernel);
  const program = run.text('program', row);
  const there = run.isThere(field);
  const heading = el('h2', {tabindex: '-1'}, program || run.text('object', row));
  const sign = there ? SIGNS[run.sign(field)] : null;
  const rest = el('div', {class: 'story'}, el('p', {class: 'note'}, 'unpacking ...'));
  panel.replaceChildren(
      el('button', {type: 'button', class: 'close', onclick: close, 'aria-label': 'Close (Escape)'}, '×'), heading,
      el('p', {class: 'where'}, `${run.text('object', row)} on ${run.kernels[kernel].id}`),
      el('p', {class: `banner ${there ? sign.group : 'absent'}`}, el('span', {class: 'glyph', 'aria-hidden': 'true'}, there ? sign.glyph : '∅'), ' ',
          there ? fieldText(run, field) : 'in the baseline, and not in this run'),
      rest);
  panel.hidden = false;
  heading.focus({preventScroll: true});
  const asked = panel.asked = {};
  const story = await run.story(field);
  if (panel.asked !== asked) return;
  const said = there ? troubles(run, field, run.reasons[run.columns.reason[field]]) : [];
  const explain = `bpfmatrix explain ${run.head.run_quoted} '${run.cellId(row, kernel)}'`;
  const parts = story === null ?
      [there ? el('p', {class: 'note'}, 'This report holds no more of this cell; this command does:') : null, there ? command(explain) : null] :
      partsOf(story, program);
  rest.replaceChildren(...[...said, ...parts, chart(run, row, kernels), kernelPart(run.kernels[kernel])].flat(Infinity).filter(Boolean));
  for (const log of rest.querySelectorAll('pre.log')) log.scrollTop = log.scrollHeight;
}

function partsOf({again, outcome}, name) {
  const program = outcome.programs.find((one) => one.name === name) ?? null;
  return [
    section('Stages', stages(outcome, program)),
    verifierLog(program?.load),
    relocations(program),
    attach(program),
    observed(outcome),
    statistics(program?.load),
    splats(outcome),
    machine(outcome),
    inputs(outcome),
    section('Run it again', command(again)),
  ];
}
