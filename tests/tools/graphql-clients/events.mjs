// The client of graphql-sse, in distinct connections mode.
import { createClient } from 'graphql-sse';
import { address, report, take } from './report.mjs';

const open = () => createClient({ url: address(), retryAttempts: 0 });

async function all(payload, count = Number.POSITIVE_INFINITY) {
  const client = open();
  try {
    return await take(client.iterate(payload), count);
  } finally {
    client.dispose();
  }
}

await report({
  query: () => all({ query: 'query Q($n: String) { hello(name: $n) }', variables: { n: 'Ada' } }),
  mutation: () => all({ query: 'mutation { add(a: 2, b: 3) }' }),
  countdown: () => all({ query: 'subscription { countdown(from: 3) }' }),
  ticksLeftAfterFive: () => all({ query: 'subscription { ticks(everyMs: 5) }' }, 5),
  failingSource: () => all({ query: 'subscription { failing }' }),
  invalidDocument: () => all({ query: '{ nothingOfThatName }' }),
  unparsableDocument: () => all({ query: '{' }),
});
