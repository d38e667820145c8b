// The client of graphql-ws.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { report, socketAddress, take } from './report.mjs';

const open = (options = {}) =>
  createClient({ url: socketAddress(), webSocketImpl: WebSocket, retryAttempts: 0, ...options });

/** Collects what comes for one operation, and how it ends. */
async function all(client, payload, count = Number.POSITIVE_INFINITY) {
  try {
    return await take(client.iterate(payload), count);
  } finally {
    await client.dispose();
  }
}

await report({
  query: () => all(open(), { query: 'query Q($n: String) { hello(name: $n) }', variables: { n: 'Ada' } }),
  mutation: () => all(open(), { query: 'mutation { add(a: 2, b: 3) }' }),
  countdown: () => all(open(), { query: 'subscription { countdown(from: 3) }' }),
  ticksLeftAfterFive: () => all(open(), { query: 'subscription { ticks(everyMs: 5) }' }, 5),
  failingSource: () => all(open(), { query: 'subscription { failing }' }),
  invalidDocument: () => all(open(), { query: '{ nothingOfThatName }' }),
  unparsableDocument: () => all(open(), { query: '{' }),
  denied: () => all(open({ connectionParams: { deny: true } }), { query: '{ hello }' }),
  async manyAtOnce() {
    const client = open();
    const each = Array.from({ length: 50 }, (_, i) =>
      take(client.iterate({ query: 'subscription Q($i: Int!) { countdown(from: $i) }', variables: { i } }), 1000));
    const lengths = (await Promise.all(each)).map((items) => items.length);
    await client.dispose();
    return lengths;
  },
  async pingAndPong() {
    let pongs = 0;
    const client = open({ lazy: false, keepAlive: 20, on: { pong: (received) => { if (received) pongs += 1; } } });
    await new Promise((resolve) => { client.on('pong', () => { if (pongs >= 3) resolve(); }); });
    await client.dispose();
    return pongs >= 3;
  },
  async legacyProtocol() {
    const socket = new WebSocket(socketAddress(), 'graphql-ws');
    return new Promise((resolve, reject) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
      socket.on('error', reject);
    });
  },
});
