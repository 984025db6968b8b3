// Drives the chat page in Chromium, as someone does who asks, goes on, comes back, tidies up and leaves.
//
//   VIRGIL=target/debug/virgil VIRGIL_MODEL_DIR=data node tests/page/story.mjs
//
// CHROMIUM names the browser (/usr/bin/chromium, if absent). Pictures of what went wrong go to the folder PICTURES, if it is given.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const virgil = resolve(process.env.VIRGIL ?? 'target/debug/virgil');
const environment = { ...process.env, VIRGIL_MODEL_DIR: resolve(process.env.VIRGIL_MODEL_DIR ?? 'data') };
const home = mkdtempSync(join(tmpdir(), 'virgil-page-'));

const service = (name) => `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: ${name}
  namespace: risk
spec:
  predictor:
    model:
      modelFormat: {name: sklearn}
      storageUri: s3://models/${name}/3
`;

const files = {
  'platform/clusters/prod/risk/service.yaml': service('fraud-scorer'),
  'platform/clusters/staging/risk/service.yaml': service('fraud-scorer'),
  'platform/docs/orders.md': '# Orders\n\nThe orders table is kept for ten years by the shop team.\n',
  'platform/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: fraud-gateway
spec:
  type: service
  lifecycle: production
  owner: group:default/ml-risk
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: ml-risk
spec:
  type: team
  children: []
`,
  'ingest-config/sources.yaml': `sources:\n- {name: platform, kind: folder, path: ${join(home, 'platform')}}\n`,
};

const QUESTION = '#question';
const LAST = 'article:last-child';

/** Starts the server and gives its address. */
async function serve() {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  execFileSync(virgil, ['ingest'], { cwd: home, env: environment, stdio: 'pipe' });
  const server = spawn(virgil, ['serve', '--listen', '127.0.0.1:0'], { cwd: home, env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface(server.stdout)) {
    return { server, address: line.split(' ').at(-1) };
  }
  throw new Error('the server ended before it listened');
}

async function ask(page, question) {
  const before = await page.locator('article').count();
  await page.locator(QUESTION).fill(question);
  await page.keyboard.press('Enter');
  await page.locator('article').nth(before).locator('.print').waitFor();
}

const titles = (page) => page.locator('nav .title').allInnerTexts();
const focused = (page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent?.trim());

const stories = {
  async 'a conversation goes on, also after the page was closed'({ page, address }) {
    await ask(page, 'Which inference services are there?');
    await page.locator('nav .title').waitFor();
    assert.deepEqual(await titles(page), ['Which inference services are there?']);
    await ask(page, 'Only the ones in the cluster prod');
    assert.match(await page.locator(`${LAST} .answer`).innerText(), /: 1\b/);
    const again = await page.context().newPage();
    await again.goto(address);
    await again.locator('article').nth(1).waitFor();
    assert.equal(await again.locator('article').count(), 2);
    await again.locator('nav .about >> text=2 questions').waitFor();
    await ask(again, 'How many?');
    assert.match(await again.locator(`${LAST} .answer`).innerText(), /: 1\b/);
    await again.close();
    await page.reload();
    await page.locator('article').nth(2).waitFor();
    assert.equal(await focused(page), 'question', 'one can go on typing');
  },

  async 'it is renamed and exported by keyboard'({ page }) {
    await page.locator('nav .more').focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('nav .more').getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.type('<b>Services</b>');
    await page.keyboard.press('Enter');
    await page.locator('nav .title >> text="<b>Services</b>"').waitFor();
    await page.keyboard.press('Enter');
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('nav .actions >> text=Markdown').click()]);
    assert.match(download.suggestedFilename(), /^conversation-[0-9a-f-]{36}\.md$/);
    const text = readFileSync(await download.path(), 'utf8');
    assert.match(text, /^# &lt;b>Services&lt;\/b>\n/);
    assert.match(text, /## 2\. Only the ones in the cluster prod\n/);
    await page.locator('nav .more').focus();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('nav .more').getAttribute('aria-expanded'), 'false');
  },

  async 'a drawing is walked by keyboard, and a thing of it is asked about'({ page }) {
    await page.locator('text=New conversation').click();
    assert.equal(await page.locator('article').count(), 0);
    await ask(page, 'Who owns the component fraud-gateway?');
    const boxes = page.locator(`${LAST} g.box`);
    assert.equal(await boxes.count(), 2);
    await page.locator(`${LAST} g.box[tabindex="0"]`).focus();
    assert.equal(await focused(page), 'component fraud-gateway');
    await page.keyboard.press('ArrowRight');
    assert.equal(await focused(page), 'team ml-risk');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator(`${LAST} g.box[aria-pressed="true"]`).getAttribute('aria-label'), 'component fraud-gateway');
    await page.locator(`${LAST} .about .mark`).first().click();
    assert.match(await page.evaluate(() => document.activeElement.id), /^citation-/);
    await page.locator(`${LAST} .about >> text=Who owns it?`).click();
    await page.locator('article').nth(1).locator('.print').waitFor();
    assert.match(await page.locator(`${LAST} .answer`).innerText(), /ml-risk/);
    assert.equal((await titles(page)).length, 2);
  },

  async 'what is deleted is gone, here and at the next visit'({ page }) {
    await page.locator('nav li.current .more').click();
    await page.locator('nav .actions >> text=Delete').click();
    assert.equal(await focused(page), 'Keep', 'Enter alone deletes nothing');
    await page.locator('nav .actions >> text=Delete').last().click();
    await page.locator('text=Ask about the ML platform').waitFor();
    assert.deepEqual(await titles(page), ['<b>Services</b>']);
    await page.reload();
    await page.locator('nav .title').waitFor();
    assert.equal(await page.locator('article').count(), 0);
  },

  async 'on a narrow screen the conversations are in a drawer'({ page }) {
    await page.setViewportSize({ width: 360, height: 700 });
    await page.locator('aside').waitFor({ state: 'detached' });
    const button = page.locator('header >> text=Conversations');
    await button.click();
    await page.locator('dialog[open] nav .title').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    assert.equal(await focused(page), 'Conversations', 'the focus is back where it was');
    await button.click();
    await page.locator('dialog .open').click();
    await page.locator('article').nth(2).waitFor();
    assert.equal(await page.locator('dialog[open]').count(), 0);
    const { page: width, window } = await page.evaluate(() => ({ page: document.documentElement.scrollWidth, window: innerWidth }));
    assert.ok(width <= window, `the page is ${width} wide in a window of ${window}`);
  },
};

const { server, address } = await serve();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
let failed = 0;
try {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  // Also what the content security policy forbids is told here.
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(address);
  for (const [name, story] of Object.entries(stories)) {
    try {
      await story({ page, address });
      assert.deepEqual(complaints.splice(0), []);
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.error(`FAILED  ${name}\n${error.stack}`);
      if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, `${failed}.png`) });
    }
  }
} finally {
  await browser.close();
  server.kill();
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
