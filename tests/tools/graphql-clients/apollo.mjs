// Apollo Client: queries by POST and by GET, persisted queries, subscriptions over a socket.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createHash } from 'node:crypto';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { address, report, socketAddress } from './report.mjs';

const sent = [];
const noting = (url, options) => {
  const text = options.body ? JSON.parse(options.body).query : new URL(url).searchParams.get('query');
  sent.push({ method: options.method ?? 'GET', hasQuery: Boolean(text) });
  return fetch(url, options);
};
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const clientWith = (link) => new ApolloClient({ cache: new InMemoryCache(), link });
const hello = gql`query Hello($name: String) { hello(name: $name) items(first: 2) { id name size } }`;
const ask = async (client) =>
  (await client.query({ query: hello, variables: { name: 'Ada' }, fetchPolicy: 'network-only' })).data;

await report({
  query: () => ask(clientWith(new HttpLink({ uri: address() }))),
  queryByGet: () => ask(clientWith(new HttpLink({ uri: address(), useGETForQueries: true }))),
  async mutation() {
    const client = clientWith(new HttpLink({ uri: address() }));
    return (await client.mutate({ mutation: gql`mutation { add(a: 2, b: 3) }` })).data;
  },
  async persisted() {
    const link = ApolloLink.from([
      new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
      new HttpLink({ uri: address(), fetch: noting }),
    ]);
    const client = clientWith(link);
    const first = await ask(client);
    const second = await ask(client);
    return { first, same: JSON.stringify(first) === JSON.stringify(second), sent };
  },
  async errors() {
    const client = clientWith(new HttpLink({ uri: address() }));
    const { data, error } = await client.query({ query: gql`{ hello boom }`, errorPolicy: 'all' });
    return { data, count: error.errors.length };
  },
  async subscription() {
    const socket = createClient({ url: socketAddress(), webSocketImpl: WebSocket, retryAttempts: 0 });
    const client = clientWith(new GraphQLWsLink(socket));
    const seen = [];
    await new Promise((resolve, reject) => {
      client.subscribe({ query: gql`subscription { countdown(from: 3) }` })
        .subscribe({ next: ({ data }) => seen.push(data.countdown), error: reject, complete: resolve });
    });
    await socket.dispose();
    return seen;
  },
});
