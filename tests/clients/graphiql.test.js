// GraphiQL in a browser, as a newcomer meets it: offline, under its policy, and its tabs run from left to right.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { STORY } from '../../assets/graphiql/story.js';
import { Earning } from './acts.js';
import { onBoth } from './server.js';

const titles = STORY.map(({ query }) => /(?:query|mutation|subscription) (\w+)/.exec(query)[1]);

onBoth('GraphiQL', (world) => {
  let server;
  let browser;
  let page;
  const complaints = [];

  let response;

  before(async () => {
    server = world.server;
    // Whoever runs the tests as root has no sandbox.
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      const own = url.origin === server.origin || url.protocol === 'data:' || url.protocol === 'blob:';
      if (!own) complaints.push(`a request to ${url}`);
    });
    page.on('websocket', (socket) => socket.url() === server.socket || complaints.push(`a socket to ${socket.url()}`));
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`against the policy: ${violatedDirective} ${blockedURI}`),
      ),
    );
    response = await page.goto(`${server.origin}/graphiql`);
    await page.locator('.graphiql-tab-button').nth(titles.length - 1).waitFor();
  });

  after(async () => {
    await browser?.close();
  });

  const answer = () => page.locator('.graphiql-response .CodeMirror');

  /** Runs a tab and gives the answer that it shows, once it holds what is waited for. */
  async function run(title, whole) {
    await page.locator('.graphiql-tab-button', { hasText: new RegExp(`^${title}$`) }).click();
    await answer().evaluate((element) => element.CodeMirror.setValue(''));
    await page.locator('.graphiql-execute-button').click();
    return shown(title, whole);
  }

  async function shown(title, whole = () => true) {
    const text = () => answer().evaluate((element) => element.CodeMirror.getValue());
    for (const end = Date.now() + 60_000; Date.now() < end; await page.waitForTimeout(50)) {
      try {
        const shown = JSON.parse(await text());
        if (whole(shown)) return shown;
      } catch {
        // Not yet written to its end.
      }
    }
    throw new Error(`${title} shows no answer: ${await text()}`);
  }

  /** All that stands under a name, wherever in an answer. */
  const under = (name, value) =>
    value && typeof value === 'object'
      ? Object.entries(value).flatMap(([key, inner]) => [...(key === name ? [inner] : []), ...under(name, inner)])
      : [];

  /** The commissions of a subscription's answer, which comes one by one. */
  const earned = (answer) => under('commission', answer).filter((commission) => commission.kind);

  test('the tabs tell the story, and none is refused', async () => {
    const answers = {};
    for (const title of titles) {
      const answer = await run(title, title === 'WatchCommissions' ? (shown) => earned(shown).length >= 2 : undefined);
      answers[title] = answer;
      assert.deepEqual(under('errors', answer), [], `${title}: ${JSON.stringify(answer, null, 1)}`);
      assert.deepEqual(under('userErrors', answer).flat(), [], `${title}: ${JSON.stringify(answer, null, 1)}`);
    }
    assert.ok(earned(answers.WatchCommissions).length >= 2, JSON.stringify(answers.WatchCommissions));
    assert.equal(answers.OperatorsDesk.data.ledgerCheck.ok, true);
    assert.equal(answers.PayoutQuote.data.payoutQuote.net, '3.0000');
  });

  test('a commission that is earned while one watches is shown', async () => {
    const earning = await Earning.at(server);
    const watch = 'WatchCommissions';
    const known = earned(await run(watch, (shown) => earned(shown).length >= 2)).length;
    await earning.record('while-watching');
    const answer = await shown(watch, (shown) => earned(shown).length > known);
    assert.equal(earned(answer).length, known + 1);
    await page.locator('.graphiql-execute-button').click();
  });

  test('its policy lets it load from its own origin, and run no script of a page', async () => {
    const policy = Object.fromEntries(
      response
        .headers()
        ['content-security-policy'].split(';')
        .map((directive) => directive.trim().split(/ (.*)/)),
    );
    assert.equal(policy['default-src'], "'self'");
    assert.equal(policy['connect-src'], "'self'");
    assert.equal(policy['script-src'], undefined);
    assert.equal(policy['frame-ancestors'], "'none'");
  });

  test('the schema was read, and who is signed in is shown', async () => {
    assert.match(await page.locator('header').innerText(), /Signed in: .*anna@example\.com/);
    await page.locator('button[aria-label="Show Documentation Explorer"]').click();
    await page.locator('.graphiql-doc-explorer', { hasText: 'Subscription' }).waitFor();
  });

  test('nothing was asked of anybody else, and nothing went wrong', () => {
    assert.deepEqual(complaints, []);
  });
});
