// Starts GraphiQL on the address that the page itself has. Headers typed into it also go along with subscriptions, as
// connectionParams.
(function () {
  'use strict';

  const here = new URL(window.location.href);
  const socket = new URL(here.pathname, here);
  socket.protocol = here.protocol === 'https:' ? 'wss:' : 'ws:';
  const given = here.searchParams;

  // Libraries that add a style element ask for this name; the page's policy lets in what carries it.
  window.__webpack_nonce__ = document.getElementById('start').nonce;

  const fetcher = window.GraphiQL.createFetcher({ url: here.pathname, subscriptionUrl: socket.href });
  const place = document.getElementById('graphiql');
  place.removeAttribute('role');
  window.ReactDOM.createRoot(place).render(
    window.React.createElement(window.GraphiQL, {
      fetcher,
      query: given.get('query') || undefined,
      variables: given.get('variables') || undefined,
      operationName: given.get('operationName') || undefined,
      defaultQuery: '# Ctrl-Space completes, Ctrl-Enter runs, and the book on the left is the documentation.\n\n{\n  __typename\n}\n',
      shouldPersistHeaders: false,
    }),
  );
})();
