// urql: queries, mutations, and subscriptions over event streams.
import { Client, fetchExchange } from '@urql/core';
import { address, report } from './report.mjs';

const open = (options = {}) => new Client({ url: address(), exchanges: [fetchExchange], fetchSubscriptions: true, ...options });
const told = ({ data, error }) => ({ data, errors: error?.graphQLErrors.length ?? 0, network: error?.networkError?.message });

await report({
  query: async () => told(await open({ preferGetMethod: false }).query('query Q($n: String) { hello(name: $n) }', { n: 'Ada' })),
  queryByGet: async () => told(await open({ preferGetMethod: 'force' }).query('query Q($n: String) { hello(name: $n) }', { n: 'Ada' })),
  mutation: async () => told(await open().mutation('mutation { add(a: 2, b: 3) }', {})),
  partial: async () => told(await open().query('{ hello boom }', {})),
  async subscription() {
    const seen = [];
    await new Promise((resolve) => {
      const { unsubscribe } = open().subscription('subscription { countdown(from: 3) }', {}).subscribe((result) => {
        seen.push(result.data?.countdown ?? told(result));
        if (seen.length === 4) { queueMicrotask(() => unsubscribe()); resolve(); }
      });
    });
    return seen;
  },
});
