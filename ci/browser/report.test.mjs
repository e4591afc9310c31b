// What a reader does with the html report, in a browser. The runs are made of ci/measured: one as it
// is, and one that is compared with a baseline in which other things worked.
import assert from 'node:assert/strict';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {launch, makeReports, open, work} from './browser.mjs';

let browser, plain, compared;

before(async () => {
  ({plain, compared} = makeReports());
  browser = await launch();
});
after(() => browser?.close());

const note = (page) => page.textContent('#query-note');
const rowsShown = async (page) => Number((await note(page)).replaceAll('\u202f', '').match(/^(\d+) row/)?.[1] ?? 0);
const state = (page) => page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
async function ask(page, query) {
  await page.fill('#query', query);
  await page.press('#query', 'Enter');
  await page.waitForFunction((text) => document.getElementById('query').value === text, query);
}
async function finish(page) {
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

test('opens from disk, says the verdict first, and asks the network for nothing', async () => {
  const page = await open(browser, plain);
  assert.match(await page.textContent('#verdict b'), /not everything is known/);
  assert.equal(await rowsShown(page), 429);
  assert.equal(await page.title(), 'not everything is known: bpfmatrix');
  await page.screenshot({path: path.join(work, 'plain.png')});
  await finish(page);
});

test('queries filter rows, and stand in the address', async () => {
  const page = await open(browser, plain);
  await ask(page, 'status:wrong_reads');
  assert.equal(await rowsShown(page), 15);
  assert.equal((await state(page)).q, 'status:wrong_reads');
  await ask(page, 'cause:helper_unknown kernel<5.17');
  const names = await page.$$eval('#matrix tr.object th .name', (all) => all.map((one) => one.textContent));
  assert.ok(names.includes('helper-too-new'), names.join());
  await ask(page, 'program:on_conn* -btf:none object:connect-kprobe-naive');
  assert.equal(await rowsShown(page), 2);
  await ask(page, 'none(status:good)');
  const all = await rowsShown(page);
  await ask(page, '-none(status:good)');
  assert.equal(all + await rowsShown(page), 429);
  await finish(page);
});

test('a query that is wrong says where and what is near, and keeps what was shown', async () => {
  const page = await open(browser, plain, '#q=status:failed');
  const shown = await page.$$eval('#matrix tbody tr', (rows) => rows.length);
  await ask(page, 'status:faild');
  assert.match(await note(page), /'faild' is no status; did you mean 'failed'\? \(at character 8\)/);
  assert.equal(await page.$$eval('#matrix tbody tr', (rows) => rows.length), shown);
  await ask(page, 'kernl<5.8');
  assert.match(await note(page), /did you mean 'kernel'/);
  await ask(page, '(status:failed');
  assert.match(await note(page), /a '\)' is missing/);
  await finish(page);
});

test('a permanent link shows the same to another reader', async () => {
  const one = await open(browser, plain);
  await ask(one, 'object:helper-too-new');
  await one.selectOption('#sort', 'bad');
  await one.click('#matrix td.bad');
  await one.waitForSelector('#panel .stages');
  const link = new URL(one.url()).hash;
  const other = await open(browser, plain, link);
  await other.waitForSelector('#panel .stages');
  for (const selector of ['#panel', '#matrix', '#query-note']) {
    assert.equal(await other.textContent(selector), await one.textContent(selector));
  }
  await one.goBack();
  await one.waitForSelector('#panel', {state: 'hidden'});
  await finish(one);
  await finish(other);
});

test('a cell tells its story: stages, log, values, relocations and the command to run it again', async () => {
  const page = await open(browser, plain, '#cell=debian-5.10-x86_64/helper-too-new/kernel/libbpf:on_getpid');
  await page.waitForSelector('#panel .stages');
  const text = await page.textContent('#panel');
  for (const part of ['helper unknown', 'invalid func', 'bpfmatrix run --kernel debian-5.10-x86_64', '5.10.0-32-cloud']) {
    assert.ok(text.includes(part), `${part} is not in: ${text}`);
  }
  assert.match(await page.textContent('#panel section .log .stop'), /invalid func/);
  await page.goto(`file://${plain}#cell=debian-6.12-x86_64/stale-offsets/none/libbpf:on_getpid`);
  await page.waitForFunction(() => document.getElementById('panel').textContent.includes('ppid'));
  assert.equal(await page.$$eval('#panel tr.marked', (rows) => rows.length), 2);
  await page.goto(`file://${plain}#cell=debian-6.1-x86_64/core-task-tgid/kernel/libbpf:on_getpid`);
  await page.waitForFunction(() => document.getElementById('panel').textContent.includes('task_struct'));
  assert.ok(await page.$$eval('#panel .chart [role=listitem]', (bars) => bars.length) >= 8);
  await finish(page);
});

test('beside its baseline: regressed, fixed, added and removed', async () => {
  const page = await open(browser, compared);
  assert.match(await page.textContent('#verdict b'), /not as it should be/);
  assert.match(await page.textContent('#roots'), /regressed.*helper-too-new:on_getpid on debian-5.10-x86_64/s);
  await page.click('#roots li.regressed button');
  assert.equal(await rowsShown(page), 1);
  await page.check('#beside');
  assert.match(await page.textContent('#matrix td[data-verdict=regressed]'), /●→✗/);
  await ask(page, 'fixed');
  assert.match(await page.textContent('#matrix td[data-verdict=fixed]'), /✗→●/);
  await ask(page, 'added');
  assert.equal(await rowsShown(page), 1);
  await ask(page, 'removed');
  assert.match(await page.textContent('#matrix'), /long-gone/);
  await page.screenshot({path: path.join(work, 'beside.png')});
  await finish(page);
});

test('everything can be reached by keys alone', async () => {
  const page = await open(browser, plain);
  await page.keyboard.press('/');
  await page.keyboard.type('object:helper-too-new');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.getElementById('query-note').textContent.startsWith('3 rows'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /debian-5.10-aarch64: failed: helper unknown/);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#panel .stages');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H2');
  await page.keyboard.press('n');
  await page.waitForFunction(() => location.hash.includes('embedded'));
  await page.keyboard.press('Escape');
  await page.waitForSelector('#panel', {state: 'hidden'});
  assert.equal(await page.evaluate(() => document.activeElement.dataset.column), '1');
  await page.keyboard.press('Shift+Home');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-expanded')), 'false');
  await page.keyboard.press('?');
  assert.match(await page.textContent('#help-text'), /near:/);
  await finish(page);
});

test('the matrix is a table to a screen reader', async () => {
  const page = await open(browser, plain);
  const table = page.getByRole('grid', {name: 'Programs by kernels'});
  // Three of the head, a row for each program, and one for each object.
  assert.ok(Number(await table.getAttribute('aria-rowcount')) > 3 + 429);
  assert.ok(await page.getByRole('columnheader', {name: /debian-5.10-x86_64, 5.10/}).count() === 1);
  assert.ok(await page.getByRole('gridcell', {name: 'debian-5.10-aarch64: failed: not bpf'}).count() > 0);
  assert.ok(await page.getByRole('rowheader').count() > 0);
  await finish(page);
});

test('scrolls to the last row, and keeps its head in sight', async () => {
  const page = await open(browser, plain);
  await page.evaluate(() => { document.getElementById('scroller').scrollTop = 1e9; });
  const last = await page.getAttribute('#matrix', 'aria-rowcount');
  await page.waitForSelector(`#matrix tr[aria-rowindex="${last}"]`);
  const [head, box] = await page.evaluate(() => ['#matrix thead th', '#scroller'].map((one) => document.querySelector(one).getBoundingClientRect().top));
  assert.ok(Math.abs(head - box) < 2, `${head} ${box}`);
  await finish(page);
});

test('kernels can be chosen', async () => {
  const page = await open(browser, plain);
  await page.click('#columns summary');
  await page.click('#columns button:text("aarch64")');
  assert.equal((await state(page)).kernels, '*-aarch64');
  assert.equal(await page.$$eval('#matrix tr.kernel th', (all) => all.length), 4);
  await finish(page);
});

test('dark, narrow and printed it is readable', async () => {
  const dark = await open(browser, compared, '#q=regressed', {colorScheme: 'dark'});
  assert.equal(await dark.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(18, 22, 29)');
  await dark.screenshot({path: path.join(work, 'dark.png')});
  await finish(dark);
  const narrow = await open(browser, plain, '#cell=debian-5.10-x86_64/helper-too-new/kernel/libbpf:on_getpid', {viewport: {width: 400, height: 800}});
  await narrow.waitForSelector('#panel .stages');
  assert.ok(await narrow.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page scrolls sideways');
  assert.equal(await narrow.evaluate(() => document.getElementById('panel').getBoundingClientRect().width), 400);
  await narrow.screenshot({path: path.join(work, 'narrow.png')});
  await finish(narrow);
  const printed = await open(browser, plain, '#q=status:wrong_reads');
  const pdf = await printed.pdf({path: path.join(work, 'printed.pdf'), landscape: true});
  assert.ok(pdf.length > 10_000);
  await printed.emulateMedia({media: 'print'});
  await printed.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  assert.equal(await printed.$$eval('#matrix tbody tr:not(.gap):not(.object)', (rows) => rows.length), 15);
  assert.ok(await printed.isHidden('#controls'));
  await finish(printed);
});
