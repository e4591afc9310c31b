// The pictures of docs/images.
import fs from 'node:fs';

import {launch, makeReports, open} from './browser.mjs';

const {plain, compared} = makeReports();
const browser = await launch();
fs.mkdirSync('docs/images', {recursive: true});

async function picture(name, file, hash, scheme, height) {
  const page = await open(browser, file, hash, {colorScheme: scheme, viewport: {width: 1280, height}});
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({path: `docs/images/${name}.png`});
  await page.context().close();
}

await picture('report', compared, '#q=differs:kernel&beside=1', 'light', 760);
await picture('report-cell', plain,
    '#q=status:failed+differs:kernel&kernels=*-x86_64&cell=debian-5.10-x86_64/helper-too-new/kernel/libbpf:on_getpid', 'dark', 900);
await browser.close();
