// The client of graphql-ws, following the log over restarts of the server: it comes back by itself and asks for what it missed.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [address, token, last] = process.argv.slice(2);
const positions = [];
const variables = { after: '0' };
let connections = 0;
const client = createClient({
  url: address.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { authToken: token },
  retryAttempts: 200,
  retryWait: () => new Promise((resolve) => { setTimeout(resolve, 200); }),
  shouldRetry: () => true,
  on: { connected: () => { connections += 1; } },
});

await new Promise((resolve, reject) => {
  client.subscribe(
    { query: 'subscription($after: String) { events(after: $after) { position type data } }', variables },
    {
      next: ({ data, errors }) => {
        if (errors) {
          reject(new Error(JSON.stringify(errors)));
          return;
        }
        // The variables are sent anew with each connection.
        variables.after = data.events.position;
        positions.push(data.events.position);
        if (positions.length === 1) console.log('following');
        if (data.events.data.name === last) resolve();
      },
      error: reject,
      complete: resolve,
    },
  );
});
await client.dispose();
console.log(JSON.stringify({ positions, connections }));
