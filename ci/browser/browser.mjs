// A browser for the tests, and pages in it that may reach nothing but their own file.
import {createRequire} from 'node:module';
import path from 'node:path';

export const work = process.env.BROWSER_WORK;
const {chromium} = createRequire(path.join(work, 'package.json'))('playwright-core');

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
