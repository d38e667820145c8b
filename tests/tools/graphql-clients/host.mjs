// Other people's clients at a camera host, each with its own way in: node host.mjs ADDRESS TOKEN
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import { address, report, socketAddress, take } from './report.mjs';

const headers = { authorization: `Bearer ${process.argv[3]}` };
const cameras = '{ cameras(first: 5) { totalCount nodes { name status } } }';
const follow = 'subscription { events(after: "0") { position type } }';
const typesOf = (items) => items.map(({ data, errors }) => (errors ? { errors } : data.events.type));

await report({
  async apollo() {
    const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: address(), headers }) });
    return (await client.query({ query: gql(cameras) })).data.cameras.nodes.map(({ name, status }) => ({ name, status }));
  },
  async urql() {
    const client = new Client({ url: address(), exchanges: [fetchExchange], fetchOptions: { headers }, preferGetMethod: false });
    const { data, error } = await client.query(cameras, {});
    if (error) throw error;
    return data.cameras;
  },
  async eventStream() {
    const client = createEventClient({ url: address(), headers, retryAttempts: 0 });
    try {
      return typesOf(await take(client.iterate({ query: follow }), 2));
    } finally {
      client.dispose();
    }
  },
  async socket() {
    const client = createSocketClient({
      url: socketAddress(), webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authToken: process.argv[3] },
    });
    try {
      return typesOf(await take(client.iterate({ query: follow }), 2));
    } finally {
      await client.dispose();
    }
  },
  async deniedSocket() {
    const client = createSocketClient({
      url: socketAddress(), webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authToken: 'nonsense' },
    });
    return take(client.iterate({ query: follow }), 1);
  },
});
