// The query language: what is in the box and, word by word, in the address of a page.
//
//     status:failed kernel<5.8 -program:tcp_*      all of these, in one field
//     regressed or cause:helper_unknown            one of these
//     none(status:bad)  all(status:good)  count(status:bad)=1      over the kernels of a row
//
// A row is shown if one of its fields fulfils the whole query. parse() gives a tree, compile() makes
// of it a function of (field, row, kernel); errors are QueryErrors with a place.

class QueryError extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

const BARE_WORDS = ['regressed', 'fixed', 'changed', 'new', 'gone', 'unexpected', 'as_expected', 'unsure', 'unavailable',
  'flaky', 'splat', 'optional', 'failing', 'added', 'removed'];
const KEYS = {
  status: 'how far the program came: attached, failed ... or good, odd, bad, unknown',
  verdict: 'as_expected, unexpected, regressed ...',
  cause: 'why it failed: helper_unknown ...',
  kernel: 'a version (kernel<5.8), or a part or glob of the name (kernel:debian-*)',
  arch: 'x86_64, aarch64',
  distribution: 'debian ...',
  object: 'a part or glob of the object or case',
  program: 'a part or glob of the program',
  section: 'a part or glob of its ELF section',
  btf: 'kernel, embedded, none',
  loader: 'a part or glob of the loader',
  insns: 'instructions that the verifier went through: insns>100000',
  was: 'how far it came in the baseline',
  root: 'the number of a root cause',
  reason: 'a part of what is said about it',
  differs: 'kernel, loader or btf: rows that do not come equally far',
  near: 'limit: near a limit of the verifier',
};
const FUNCTIONS = ['none', 'all', 'any', 'count'];

function tokenize(text) {
  const tokens = [];
  const pattern = /\s+|([()])|("(?:[^"\\]|\\.)*")|(<=|>=|[<>=:])|([^\s()"<>=:]+)/gy;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw new QueryError('a quote is not closed', at);
    const [, bracket, quoted, operator, word] = match;
    const gap = tokens.length === 0 || at > tokens[tokens.length - 1].end;
    const end = pattern.lastIndex;
    if (bracket) tokens.push({kind: bracket, at, end, gap});
    if (quoted) tokens.push({kind: 'word', text: quoted.slice(1, -1).replace(/\\(.)/g, '$1'), quoted: true, at, end, gap});
    if (operator) tokens.push({kind: 'operator', text: operator, at, end, gap});
    if (word) tokens.push({kind: 'word', text: word, at, end, gap});
  }
  return tokens;
}

class Parser {
  constructor(text) {
    this.tokens = tokenize(text);
    this.next = 0;
    this.end = text.length;
    this.depth = 0;
  }

  peek() { return this.tokens[this.next]; }
  takes(kind, text) {
    const token = this.peek();
    if (!token || token.kind !== kind || token.quoted || (text && token.text.toLowerCase() !== text)) return false;
    this.next++;
    return true;
  }
  fail(message) { throw new QueryError(message, this.peek()?.at ?? this.end); }

  whole() {
    if (this.tokens.length === 0) return null;
    const tree = this.either();
    if (this.peek()) this.fail('there is no bracket that this one closes');
    return tree;
  }

  either() {
    if (++this.depth > 50) this.fail('too many brackets in brackets');
    const parts = [this.both()];
    while (this.takes('word', 'or')) parts.push(this.both());
    this.depth--;
    return parts.length === 1 ? parts[0] : {kind: 'or', parts};
  }

  both() {
    const parts = [];
    for (let token = this.peek(); token && token.kind !== ')' && !this.isOr(token); token = this.peek()) {
      if (!this.takes('word', 'and') || parts.length === 0) parts.push(this.one());
    }
    if (parts.length === 0) this.fail('something to look for is missing here');
    return parts.length === 1 ? parts[0] : {kind: 'and', parts};
  }

  isOr(token) { return token.kind === 'word' && !token.quoted && token.text.toLowerCase() === 'or'; }

  one() {
    const token = this.peek();
    if (token.kind === '(') return this.bracketed();
    if (token.kind !== 'word') this.fail(`'${token.text ?? token.kind}' stands where a word should`);
    if (!token.quoted && (token.text === '-' || token.text.toLowerCase() === 'not')) {
      this.next++;
      return {kind: 'not', part: this.operand()};
    }
    if (!token.quoted && token.text.startsWith('-')) {
      token.text = token.text.slice(1);
      return {kind: 'not', part: this.one()};
    }
    this.next++;
    const after = this.peek();
    if (after?.kind === '(' && !after.gap && !token.quoted) return this.call(token);
    if (after?.kind === 'operator' && !token.quoted) return this.compared(token);
    return {kind: 'bare', text: token.text, quoted: token.quoted, at: token.at};
  }

  operand() {
    if (!this.peek()) this.fail('something to look for is missing here');
    return this.one();
  }

  bracketed() {
    this.takes('(');
    const tree = this.either();
    if (!this.takes(')')) this.fail("a ')' is missing");
    return tree;
  }

  call(name) {
    const word = name.text.toLowerCase();
    if (!FUNCTIONS.includes(word)) throw new QueryError(`'${name.text}' is none of ${FUNCTIONS.join(', ')}`, name.at);
    const part = this.bracketed();
    if (word !== 'count') return {kind: word, part};
    if (this.peek()?.kind !== 'operator') this.fail('count(...) wants a number: count(status:bad)=1');
    const {operator, value, at} = this.value();
    if (!/^\d+$/.test(value)) throw new QueryError(`'${value}' is no number`, at);
    return {kind: 'count', part, operator, number: Number(value)};
  }

  compared(key) {
    const word = key.text.toLowerCase();
    if (!Object.hasOwn(KEYS, word)) {
      throw new QueryError(`'${key.text}' is no key${nearest(word, Object.keys(KEYS))}`, key.at);
    }
    return {kind: 'term', key: word, ...this.value()};
  }

  value() {
    const operator = this.tokens[this.next++].text;
    const token = this.peek();
    if (!token || token.kind !== 'word') this.fail(`a value is missing after '${operator}'`);
    this.next++;
    let {text: value, end} = token;
    // What stands without a gap belongs to it: "reason:a:b".
    for (let more = this.peek(); more && !more.gap && (more.kind === 'word' || more.kind === 'operator'); more = this.peek()) {
      value += more.text;
      end = more.end;
      this.next++;
    }
    return {operator, value, at: token.at, end};
  }
}

const MAX_QUERY = 2000;

function parseQuery(text) {
  if (text.length > MAX_QUERY) throw new QueryError(`a query has at most ${MAX_QUERY} characters`, MAX_QUERY);
  return new Parser(text).whole();
}

function editDistance(a, b) {
  let row = Array.from({length: b.length + 1}, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
  }
  return row[b.length];
}

function nearest(word, words) {
  const ranked = words.map((one) => [editDistance(word, one), one]).sort((a, b) => a[0] - b[0]);
  return ranked.length && ranked[0][0] <= 3 ? `; did you mean '${ranked[0][1]}'?` : `; there are ${words.join(', ')}`;
}

// A part of the text, or with * and ? a glob over all of it; either in any case.
function matcher(pattern) {
  if (!/[*?]/.test(pattern)) {
    const part = pattern.toLowerCase();
    return (text) => text.toLowerCase().includes(part);
  }
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*').replace(/\?/g, '.');
  const glob = new RegExp(`^${source}$`, 'is');
  return (text) => glob.test(text);
}

const COMPARE = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
  ':': (a, b) => a === b,
};

class Compiler {
  constructor(run) {
    this.run = run;
  }

  tree(node) {
    switch (node.kind) {
      case 'and': {
        const parts = node.parts.map((part) => this.tree(part));
        return parts.reduce((a, b) => (field, row, kernel) => a(field, row, kernel) && b(field, row, kernel));
      }
      case 'or': {
        const parts = node.parts.map((part) => this.tree(part));
        return parts.reduce((a, b) => (field, row, kernel) => a(field, row, kernel) || b(field, row, kernel));
      }
      case 'not': {
        const part = this.tree(node.part);
        return (field, row, kernel) => !part(field, row, kernel);
      }
      case 'none':
        return this.counted(node.part, (hits) => hits === 0);
      case 'any':
        return this.counted(node.part, (hits) => hits > 0);
      case 'all':
        return this.counted(node.part, (hits, all) => hits === all && all > 0);
      case 'count': {
        const compare = COMPARE[node.operator];
        return this.counted(node.part, (hits) => compare(hits, node.number));
      }
      case 'term':
        return this.term(node);
      default:
        return this.bare(node);
    }
  }

  // Of each row how many fields fulfil `part`, then what `decide` says of it.
  counted(part, decide) {
    const {run} = this;
    const fulfils = this.tree(part);
    const rows = new Uint8Array(run.rowCount);
    const kernels = run.kernels.length;
    for (let row = 0, field = 0; row < rows.length; row++) {
      let hits = 0, all = 0;
      for (let kernel = 0; kernel < kernels; kernel++, field++) {
        if (run.columns.sign[field] === ABSENT) continue;
        all++;
        if (fulfils(field, row, kernel)) hits++;
      }
      rows[row] = decide(hits, all) ? 1 : 0;
    }
    return (field, row) => rows[row] === 1;
  }

  codes(column, words, test) {
    const is = new Uint8Array(65536);
    words.forEach((word, code) => { is[code] = test(word) ? 1 : 0; });
    return (field) => is[column[field]] === 1;
  }

  word(node, words) {
    const wanted = node.value.toLowerCase();
    if (/[*?]/.test(wanted)) return matcher(wanted);
    if (!words.includes(wanted)) throw new QueryError(`'${node.value}' is no ${node.key}${nearest(wanted, words)}`, node.at);
    return (word) => word === wanted;
  }

  signs(node, column) {
    const wanted = node.value.toLowerCase();
    const groups = ['good', 'odd', 'bad'];
    if (groups.includes(wanted)) return this.codes(column, this.run.signWords, (word) => SIGNS[word].group === wanted);
    return this.codes(column, this.run.signWords, this.word(node, [...this.run.signWords, ...groups]));
  }

  rows(name, value) {
    const {texts, rows} = this.run.head;
    const matches = matcher(value);
    const known = new Map();
    const of = rows[name];
    const is = new Uint8Array(of.length);
    for (let row = 0; row < of.length; row++) {
      let hit = known.get(of[row]);
      if (hit === undefined) known.set(of[row], hit = matches(texts[of[row]]));
      is[row] = hit ? 1 : 0;
    }
    return (field, row) => is[row] === 1;
  }

  kernels(test) {
    const is = Uint8Array.from(this.run.kernels, (kernel) => (test(kernel) ? 1 : 0));
    return (field, row, kernel) => is[kernel] === 1;
  }

  kernel(node) {
    const wanted = /^\d/.test(node.value) ? versionOf(node.value) : null;
    if (wanted) {
      const compare = COMPARE[node.operator];
      return this.kernels(({version}) => version.length > 0 && compare(compareVersions(version, wanted), 0));
    }
    if (node.operator !== ':' && node.operator !== '=') throw new QueryError(`'${node.value}' is no version`, node.at);
    const matches = matcher(node.value);
    return this.kernels(({id}) => matches(id));
  }

  number(node, column) {
    if (!/^\d+k?$/i.test(node.value)) throw new QueryError(`'${node.value}' is no number`, node.at);
    const wanted = parseInt(node.value, 10) * (/k$/i.test(node.value) ? 1000 : 1);
    const compare = COMPARE[node.operator];
    return (field) => column[field] !== NO_NUMBER && compare(column[field], wanted);
  }

  // 0 is no root cause.
  root(node) {
    const {root} = this.run.columns;
    const fits = this.number(node, root);
    return (field) => root[field] !== 0 && fits(field);
  }

  reasons(value) {
    const matches = matcher(value);
    const {reasons, columns} = this.run;
    const is = Uint8Array.from(reasons, (reason) => (matches(reasonText(reason)) ? 1 : 0));
    return (field) => is[columns.reason[field]] === 1;
  }

  flag(bit) {
    const {flags} = this.run.columns;
    return (field) => (flags[field] & bit) !== 0;
  }

  term(node) {
    const {run} = this;
    const ordered = ['kernel', 'insns', 'root'].includes(node.key);
    if (!ordered && !'=:'.includes(node.operator)) throw new QueryError(`'${node.key}' has no order; write ${node.key}:${node.value}`, node.at);
    switch (node.key) {
      case 'status': return this.signs(node, run.columns.sign);
      case 'was': return this.signs(node, run.columns.before ?? new Uint8Array(run.columns.sign.length).fill(ABSENT));
      case 'verdict': return this.codes(run.columns.verdict, run.verdictWords, this.word(node, run.verdictWords));
      case 'cause': return this.codes(run.columns.cause, run.head.causes, this.causeWord(node));
      case 'kernel': return this.kernel(node);
      case 'arch': return this.kernels(({arch}) => matcher(node.value)(arch));
      case 'distribution': return this.kernels(({distribution}) => matcher(node.value)(distribution));
      case 'object': case 'program': case 'section': case 'btf': case 'loader': return this.rows(node.key, node.value);
      case 'insns': return this.number(node, run.columns.insns);
      case 'root': return this.root(node);
      case 'reason': return this.reasons(node.value);
      case 'differs': return this.differs(node);
      default: {
        if (node.value !== 'limit') throw new QueryError("there is only near:limit", node.at);
        return this.flag(FLAGS.near_limit);
      }
    }
  }

  causeWord(node) {
    const wanted = node.value.toLowerCase();
    if (/[*?]/.test(wanted) || this.run.head.causes.includes(wanted)) return this.word(node, this.run.head.causes);
    if (this.run.head.all_causes.includes(wanted)) return () => false;
    return this.word(node, this.run.head.causes);
  }

  bare(node) {
    const word = node.text.toLowerCase();
    const {run} = this;
    if (!node.quoted) {
      if (word === 'flaky') return this.flag(FLAGS.flaky);
      if (word === 'splat') return this.flag(FLAGS.splat);
      if (word === 'optional') return this.flag(FLAGS.optional);
      if (word === 'failing') return this.flag(FLAGS.fails);
      if (word === 'added') return this.beside((is, was) => is && !was);
      if (word === 'removed' || word === 'gone') return this.beside((is, was) => was && !is);
      if (run.verdictWords.includes(word)) return this.codes(run.columns.verdict, run.verdictWords, (one) => one === word);
    }
    const parts = ['object', 'program'].map((name) => this.rows(name, node.text));
    return (field, row) => parts[0](field, row) || parts[1](field, row);
  }

  beside(test) {
    const {sign, before} = this.run.columns;
    if (!before) return () => false;
    return (field) => test(sign[field] !== ABSENT, before[field] !== ABSENT);
  }

  // Rows, or rows that differ in one thing only, that do not come equally far on the same kernel.
  differs(node) {
    const {run} = this;
    if (node.value === 'kernel') {
      const kernels = run.kernels.length;
      const is = new Uint8Array(run.rowCount);
      for (let row = 0; row < is.length; row++) {
        let first = ABSENT;
        for (let field = row * kernels; field < (row + 1) * kernels; field++) {
          const sign = run.columns.sign[field];
          if (sign === ABSENT) continue;
          if (first === ABSENT) first = sign;
          if (sign !== first) is[row] = 1;
        }
      }
      return (field, row) => is[row] === 1;
    }
    if (node.value !== 'loader' && node.value !== 'btf') throw new QueryError(`'${node.value}' is none of kernel, loader, btf`, node.at);
    return this.differsOver(node.value === 'loader' ? 'btf' : 'loader');
  }

  differsOver(kept) {
    const {run} = this;
    const {rows} = run.head;
    const groups = new Map();
    for (let row = 0; row < run.rowCount; row++) {
      const key = `${rows.object[row]}/${rows.program[row]}/${rows[kept][row]}`;
      const group = groups.get(key);
      if (group) group.push(row);
      else groups.set(key, [row]);
    }
    const is = new Uint8Array(run.columns.sign.length);
    for (const group of groups.values()) {
      for (let kernel = 0; group.length > 1 && kernel < run.kernels.length; kernel++) {
        const fields = group.map((row) => run.field(row, kernel)).filter((field) => run.isThere(field));
        if (new Set(fields.map((field) => run.columns.sign[field])).size < 2) continue;
        for (const field of fields) is[field] = 1;
      }
    }
    return (field) => is[field] === 1;
  }
}

const FLAGS = {flaky: 1, optional: 2, fails: 4, near_limit: 8, splat: 16};

function reasonText(reason) {
  return [reason.sentence, reason.source, reason.advice, ...(reason.troubles ?? [])].filter(Boolean).join('\n');
}

// Whether only columns that are painted first are asked for.
function needsAll(node) {
  if (!node) return false;
  if (node.parts) return node.parts.some(needsAll);
  if (node.part) return needsAll(node.part);
  if (node.kind === 'bare') return ['flaky', 'splat', 'optional', 'failing', 'added', 'removed', 'gone'].includes(node.text.toLowerCase());
  return ['insns', 'root', 'reason', 'near', 'was'].includes(node.key);
}

// A function of (field, row, kernel), or null for the empty query.
function compileQuery(tree, run) { return tree === null ? null : new Compiler(run).tree(tree); }
