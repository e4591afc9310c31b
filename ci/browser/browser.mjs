// A browser for the tests, and pages in it that may reach nothing but their own file.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

export const work = process.env.BROWSER_WORK;
const {chromium} = createRequire(path.join(work, 'package.json'))('playwright-core');

const bpfmatrix = process.env.BPFMATRIX;

export function launch() {
  return chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-precise-memory-info']});
}

// A page with the report; whatever goes wrong in it is in `problems`, and so is a request.
export async function open(browser, file, hash = '', options = {}) {
  const context = await browser.newContext({viewport: {width: 1400, height: 900}, ...options});
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith('file:')) page.problems.push(request.url()); });
  await page.goto(`file://${file}${hash}`);
  await page.waitForSelector('html[data-ready=yes]', {timeout: 60_000});
  return page;
}

function report(run, file, ...options) {
  execFileSync(bpfmatrix, ['report', run, '--format', 'html', '-o', file, ...options]);
}

// The baseline of ci/measured with a failure that had worked, a success that had failed, a cell that
// it had not, and one that the run has not.
function otherBaseline(file) {
  const made = path.join(work, 'made.txt');
  fs.rmSync(made, {force: true});
  // 3: not everything is known of it.
  assert.equal(spawnSync(bpfmatrix, ['judge', 'ci/measured', '--baseline', made, '--accept']).status, 3);
  const lines = fs.readFileSync(made, 'utf8').split('\n').map((line) => {
    if (line.startsWith('debian-5.10-x86_64/helper-too-new/kernel/libbpf ')) return line.replace(/ failed .*/, ' attached');
    if (line.startsWith('debian-6.1-x86_64/ringbuf/kernel/libbpf ')) return line.replace(/ attached.*/, ' failed cause=helper_unknown');
    if (line.startsWith('debian-6.1-aarch64/ringbuf/kernel/libbpf ')) return null;
    return line;
  }).filter((line) => line !== null);
  lines.splice(1, 0, 'debian-6.1-x86_64/long-gone/kernel/libbpf on_exec attached');
  fs.writeFileSync(file, [lines[0], ...lines.slice(1).filter(Boolean).sort(), ''].join('\n'));
}

// Two reports of ci/measured: as it is, and beside that baseline.
export function makeReports() {
  fs.mkdirSync(work, {recursive: true});
  const plain = path.join(work, 'plain.html');
  const compared = path.join(work, 'compared.html');
  // Its name is shown.
  const baseline = path.relative('.', path.join(work, 'baseline.txt'));
  report('ci/measured', plain);
  otherBaseline(baseline);
  report('ci/measured', compared, '--baseline', baseline);
  return {plain, compared};
}
