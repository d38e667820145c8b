// GraphiQL in a headless Chromium, driven over its debugging protocol: runs a query and a subscription, and reports what the
// page showed, what it was refused by its own policy, and where it went on the network.
// node browser.mjs ADDRESS [SCREENSHOT [TOKEN]]
// With a token it is a camera host that is spoken to, and the token goes into the page's editor of headers.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { address, report } from './report.mjs';

const profile = mkdtempSync(join(tmpdir(), 'events-browser-'));
const chromium = spawn(process.env.CHROMIUM ?? 'chromium', [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-sync',
  '--disable-background-networking', '--disable-component-update', '--window-size=1400,900', '--remote-debugging-port=0',
  `--user-data-dir=${profile}`, 'about:blank',
], { stdio: ['ignore', 'ignore', 'pipe'] });

const ended = new Promise((resolve) => { chromium.on('exit', resolve); });

async function end() {
  const { send } = await tab;
  send('Browser.close').catch(() => {});
  setTimeout(() => chromium.kill('SIGKILL'), 3_000).unref();
  await ended;
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

const debuggingAddress = () => new Promise((resolve, reject) => {
  let heard = '';
  chromium.on('error', reject);
  chromium.on('exit', () => reject(new Error(`Chromium ended: ${heard}`)));
  process.on('exit', () => chromium.kill('SIGKILL'));
  chromium.stderr.on('data', (chunk) => {
    heard += chunk;
    const found = /DevTools listening on (ws:\S+)/.exec(heard);
    if (found) resolve(found[1]);
  });
});

/** One tab, spoken to over one socket. */
async function openTab() {
  const host = new URL(await debuggingAddress()).host;
  const [tab] = (await (await fetch(`http://${host}/json/list`)).json()).filter(({ type }) => type === 'page');
  const socket = new WebSocket(tab.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => { socket.on('open', resolve); socket.on('error', reject); });
  const waiting = new Map();
  const heard = [];
  let last = 0;
  socket.on('message', (text) => {
    const message = JSON.parse(text);
    if (message.id) waiting.get(message.id)(message);
    else heard.push(message);
  });
  const send = (method, params = {}) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)));
    socket.send(JSON.stringify({ id: last, method, params }));
  });
  const evaluate = async (expression) => (await send('Runtime.evaluate', { expression, returnByValue: true })).result.value;
  return { send, evaluate, heard };
}

async function until(what, holds, ms = 15_000) {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    const value = await holds();
    if (value) return value;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  throw new Error(`did not come: ${what}`);
}

const shown = `[...document.querySelectorAll('.graphiql-response .CodeMirror-line')].map(l => l.textContent).join('\\n')`;
const run = `document.querySelector('.graphiql-execute-button').click()`;
const tab = openTab();
const shows = async (pattern) => {
  const text = await (await tab).evaluate(shown);
  return pattern.test(text) && text;
};
const visit = async (query) => {
  const { send, evaluate, heard } = await tab;
  const before = heard.length;
  await send('Page.navigate', { url: `${address()}?query=${encodeURIComponent(query)}` });
  await until('the editor', () => evaluate(`Boolean(document.querySelector('.graphiql-query-editor .CodeMirror-code'))`));

  // The page first reads the schema; what it says about that must not be taken for the answer.
  const asked = () => heard.slice(before).find(({ method, params }) =>
    method === 'Network.requestWillBeSent' && params.request.postData?.includes('IntrospectionQuery'))?.params.requestId;
  await until('the schema', async () => heard.some(({ method, params }) =>
    method === 'Network.loadingFinished' && params.requestId === asked()));
  await until('the page to have read it', () => evaluate(`!document.querySelector('.graphiql-spinner')`));
};

const [, , , screenshot, token] = process.argv;
const typed = token
  ? {
    query: '{ cameras { nodes { name status } } }',
    answer: /"cameras": {/,
    subscription: 'subscription { events(after: "0") { position type } }',
    item: /"events": \{/,
  }
  : {
    query: '{ hello(name: "Ada") items(first: 2) { id name size } }',
    answer: /"hello"/,
    subscription: 'subscription { countdown(from: 3) }',
    item: /"countdown": 0/,
  };

async function typeHeaders() {
  const { evaluate } = await tab;
  const open = `[...document.querySelectorAll('.graphiql-editor-tools button')].find(b => b.textContent === 'Headers').click()`;
  await evaluate(open);
  const headers = JSON.stringify(JSON.stringify({ Authorization: `Bearer ${token}` }));
  await until('the editor of headers', () => evaluate(`(() => {
    const editor = document.querySelector('.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror, '
      + '.graphiql-editor-tool section:not(.hidden) .CodeMirror')?.CodeMirror;
    editor?.setValue(${headers});
    return Boolean(editor);
  })()`));
}

await report({
  async query() {
    const { send, evaluate } = await tab;
    await Promise.all(['Page', 'Runtime', 'Log', 'Network'].map((domain) => send(`${domain}.enable`)));
    await visit(typed.query);
    if (token) await typeHeaders();
    await evaluate(run);
    const text = await until('the response', () => shows(typed.answer));
    if (screenshot) {
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      writeFileSync(screenshot, Buffer.from(data, 'base64'));
    }
    return text;
  },
  async subscription() {
    const { evaluate } = await tab;
    await visit(typed.subscription);
    if (token) await typeHeaders();
    await evaluate(run);
    return until('the last item', () => shows(typed.item));
  },
  async settings() {
    const { evaluate } = await tab;
    await evaluate(`document.querySelector('button[data-value="settings"]').click()`);
    return until('the dialog', () => evaluate(`document.querySelector('.graphiql-dialog')?.textContent`));
  },
  async complaints() {
    const { heard } = await tab;
    return heard.filter(({ method, params }) =>
      (method === 'Log.entryAdded' && params.entry.level === 'error')
      || method === 'Runtime.exceptionThrown'
      || (method === 'Runtime.consoleAPICalled' && params.type === 'error'))
      .map(({ params }) => params.entry?.text ?? params.exceptionDetails?.exception?.description ?? JSON.stringify(params.args));
  },
  async places() {
    const { heard } = await tab;
    const urls = heard.filter(({ method }) => method === 'Network.requestWillBeSent' || method === 'Network.webSocketCreated')
      .map(({ params }) => new URL(params.request?.url ?? params.url));
    return [...new Set(urls.filter(({ protocol }) => protocol !== 'data:').map(({ host }) => host))];
  },
}, end);
