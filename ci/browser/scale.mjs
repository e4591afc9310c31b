// How long a report of many cells takes to open and to filter, what its tab needs, how large it is.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import {launch, open, work} from './browser.mjs';

const median = (values) => values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function measure(cells) {
  const run = path.join(work, `run-${cells}`);
  const file = path.join(work, `${cells}.html`);
  if (!fs.existsSync(run)) execFileSync('ci/bench/many_cells.py', [String(cells), run], {stdio: 'inherit'});
  const begun = Date.now();
  execFileSync(process.env.BPFMATRIX, ['report', run, '--format', 'html', '-o', file]);
  const made = Date.now() - begun;
  const paints = [], opens = [], filters = [];
  let memory = 0;  // KiB
  for (let round = 0; round < 3; round++) {
    const browser = await launch();
    const page = await open(browser, file);
    const times = await page.evaluate(() => ({painted: performance.getEntriesByName('painted')[0].startTime, ready: performance.getEntriesByName('ready')[0].startTime}));
    paints.push(times.painted);
    opens.push(times.ready);
    for (const query of ['status:failed kernel<5.8 program:on_*', 'differs:kernel', 'none(status:good)', 'reason:unknown*']) {
      filters.push(await page.evaluate(async (text) => {
        const begun = performance.now();
        const input = document.getElementById('query');
        input.value = text;
        document.getElementById('controls').requestSubmit();
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return performance.now() - begun;
      }, query));
    }
    // The largest renderer is the page's.
    const pages = execFileSync('ps', ['-eo', 'rss,args']).toString().split('\n').filter((line) => line.includes('--type=renderer'));
    memory = Math.max(memory, ...pages.map((line) => parseInt(line, 10)));
    if (page.problems.length) throw new Error(page.problems.join('\n'));
    await browser.close();
  }
  console.log(`${cells} cells: made in ${(made / 1000).toFixed(1)} s, ${(fs.statSync(file).size / 1e6).toFixed(1)} MB; first paint ${Math.round(median(paints))} ms, ` +
      `complete ${Math.round(median(opens))} ms; filter ${Math.round(median(filters))} ms, slowest ${Math.round(Math.max(...filters))} ms; tab ${Math.round(memory / 1024)} MB (medians of 3)`);
}

for (const cells of process.argv.slice(2)) await measure(Number(cells));
