// Usage: check.mjs FOLDER|'' PAGE… Opens each page in Chromium as different
// people see it, and has axe look for what keeps some of them from reading it.
import fs from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const views = [
  {name: 'desktop', width: 1280, scheme: 'light', media: 'screen'},
  {name: 'desktop-dark', width: 1280, scheme: 'dark', media: 'screen'},
  {name: 'phone', width: 390, scheme: 'light', media: 'screen'},
  {name: 'phone-dark', width: 390, scheme: 'dark', media: 'screen'},
  {name: 'print', width: 794, scheme: 'light', media: 'print'},
];
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const axe = fs.readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
const [shots, ...pages] = process.argv.slice(2);
const browser = await puppeteer.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
let wrong = 0;

async function look(file, view) {
  const page = await browser.newPage();
  const asked = [];
  page.on('request', r => asked.push(r.url()));
  await page.setViewport({width: view.width, height: 900});
  // Each of the two would undo the other.
  if (view.media === 'print') await page.emulateMediaType('print');
  else await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: view.scheme}]);
  await page.goto('file://' + file);
  const name = path.basename(file, '.html') + '-' + view.name;
  if (shots) await page.screenshot({path: path.join(shots, name + '.png'), fullPage: true});
  if (shots && view.media === 'print') await page.pdf({path: path.join(shots, name + '.pdf'), format: 'A4', margin: {top: '12mm', bottom: '12mm', left: '12mm', right: '12mm'}});
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  await page.evaluate(axe);
  const found = await page.evaluate(rules => axe.run(document, {runOnly: rules}), rules);
  const complaints = found.violations.map(v => `${v.id}: ${v.help}\n    ` + v.nodes.map(n => n.html).join('\n    '));
  const seen = await page.evaluate(v => matchMedia(v.media).matches && matchMedia(`(prefers-color-scheme: ${v.scheme})`).matches, view);
  if (!seen) complaints.push('it was not looked at as it should have been');
  if (view.media === 'screen' && sideways) complaints.push('the page scrolls sideways');
  if (asked.length !== 1) complaints.push('it fetches ' + asked.slice(1).join(' '));
  complaints.forEach(c => console.log(`${name}: ${c}`));
  console.log(`${name}: ${found.passes.length} rules kept, ${complaints.length} complaints`);
  wrong += complaints.length;
  await page.close();
}

for (const file of pages) for (const view of views) await look(file, view);
await browser.close();
process.exit(wrong ? 1 : 0);
