// The run, as the page has it: words, kernels, rows, and of each fact a column with a value for each
// field. A field is one program on one kernel; number: row * kernels + kernel. The columns are
// typed arrays, packed one by one, so that what is painted first is unpacked first.

const ABSENT = 255;  // in the columns sign and before: not planned there
const NO_NUMBER = 0xffffffff;

// How each sign counts; its glyph and meaning are in the head. `good` are what a user wants to see, `bad` what he does not;
// `odd` passed the kernel and is not right, or not known to be.
const SIGNS = {
  attached: {group: 'good', word: 'attached'},
  loaded: {group: 'good', word: 'loaded'},
  wrong_reads: {group: 'odd', word: 'wrong reads'},
  not_fired: {group: 'odd', word: 'not fired'},
  loaded_skipped: {group: 'odd', word: 'not relocated'},
  not_attached: {group: 'bad', word: 'not attached'},
  attach_failed: {group: 'bad', word: 'attach failed'},
  failed: {group: 'bad', word: 'failed'},
  not_reached: {group: 'bad', word: 'not reached'},
  not_tried: {group: 'unknown', word: 'not tried'},
  panicked: {group: 'bad', word: 'panicked'},
  unknown: {group: 'unknown', word: 'unknown'},
};

async function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(plain).arrayBuffer();
}

async function unpackJson(base64, reviver) {
  return JSON.parse(new TextDecoder().decode(await unpack(base64)), reviver);
}

// Characters that move, hide or turn others are shown as what they are; line ends and tabs stay.
function printable(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
      (one) => `\\u{${one.charCodeAt(0).toString(16)}}`);
}

// "5.10.0-32-cloud" is [5, 10, 0].
function versionOf(text) {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text);
  return match ? match.slice(1).filter((part) => part !== undefined).map(Number) : null;
}

// Below 0, 0 or above; of the version only as many parts count as `wanted` has.
function compareVersions(version, wanted) {
  for (let i = 0; i < wanted.length; i++) {
    const difference = (version[i] ?? 0) - wanted[i];
    if (difference !== 0) return difference;
  }
  return 0;
}

class Run {
  // `lines`: head, columns in the head's order, reasons, then chunks of stories.
  static async open(lines) {
    const run = new Run();
    run.lines = lines;
    const head = run.head = await unpackJson(lines[0]);
    run.kernels = head.kernels;
    run.kernels.forEach((kernel) => {
      kernel.version = versionOf(kernel.release) ?? versionOf(kernel.series) ?? [];
    });
    run.rowCount = head.rows.program.length;
    run.signWords = head.signs.map(([word]) => word);
    run.verdictWords = head.verdicts;
    for (const [word, meaning, glyph] of head.signs) Object.assign(SIGNS[word], {meaning, glyph});
    run.columns = {};
    run.whenComplete = null;
    run.chunks = new Map();
    await run.load(head.columns.filter(({first}) => first));
    return run;
  }

  async load(columns) {
    await Promise.all(columns.map(async ({name, type, line}) => {
      const buffer = await unpack(this.lines[line]);
      this.columns[name] = type === 'u8' ? new Uint8Array(buffer) :
          type === 'u16' ? new Uint16Array(buffer) : new Uint32Array(buffer);
      this.lines[line] = '';
    }));
  }

  // All columns, and the reasons. To be awaited before anything but the first columns is used.
  complete() {
    this.whenComplete ??= Promise.all([
      this.load(this.head.columns.filter(({first}) => !first)),
      unpackJson(this.lines[this.head.reasons]).then((reasons) => { this.reasons = reasons; }),
    ]);
    return this.whenComplete;
  }

  text(column, row) { return this.head.texts[this.head.rows[column][row]]; }
  object(row) { return this.head.rows.object[row]; }
  objectName(object) { return this.head.texts[object]; }
  field(row, kernel) { return row * this.kernels.length + kernel; }
  sign(field) { return this.signWords[this.columns.sign[field]]; }
  verdict(field) { return this.verdictWords[this.columns.verdict[field]]; }
  cause(field) { return this.head.causes[this.columns.cause[field]]; }
  isThere(field) { return this.columns.sign[field] !== ABSENT; }
  get hasBaseline() { return this.head.baseline !== null; }
  before(field) {
    const sign = this.columns.before?.[field] ?? ABSENT;
    return sign === ABSENT ? null : this.signWords[sign];
  }

  cellId(row, kernel) {
    return [this.kernels[kernel].id, this.text('object', row), this.text('btf', row), this.text('loader', row)].join('/');
  }

  // {again, outcome} of the cell behind a field; null: the report does not hold it.
  async story(field) {
    await this.complete();
    const number = this.columns.story[field];
    if (number === 0) return null;
    const {line, each} = this.head.stories;
    const chunk = Math.floor((number - 1) / each);
    if (!this.chunks.has(chunk)) this.chunks.set(chunk, unpackJson(this.lines[line + chunk], (key, value) => (typeof value === 'string' ? printable(value) : value)));
    return (await this.chunks.get(chunk))[(number - 1) % each];
  }
}
