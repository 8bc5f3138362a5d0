// The README's table of clients.

const BEGIN = '<!-- What the suites reach: written by UPDATE_README=1 ./test --clients, and checked by ./test. -->\n';
const END = '<!-- The end of it. -->\n';

/** Who asks, which suites that is, and what it tries. */
export const SUITES = [
  { who: "`graphql-http`'s server audits", files: ['audits'], tries: 'GraphQL over HTTP' },
  {
    who: '`graphql-ws`',
    files: ['sockets', 'tokens'],
    tries: 'query, refused document, subscription; cut connections, a killed server, an expired token and its refresh: nothing lost, nothing twice',
  },
  {
    who: '`graphql-sse`, and EventSource in Chromium',
    files: ['sse'],
    tries: 'the same over server-sent events; a browser that comes back by itself, with `Last-Event-ID`, when the server is killed',
  },
  {
    who: 'Apollo Client and urql',
    files: ['apollo', 'urql'],
    tries: 'query, GET, persisted queries, mutations, subscriptions over WebSocket and HTTP, pages joined; what is cached is read without the server',
  },
  {
    who: 'Relay: `relay-compiler` and its runtime',
    files: ['relay'],
    tries: 'connections both ways, `@refetchable`, subscriptions into connections, mutations',
  },
  { who: '`graphql-codegen` and TypeScript', files: ['codegen'], tries: 'the whole schema, and an application that uses the types' },
  { who: '`graphql-eslint`, recommended and Relay rules', files: ['lint'], tries: '`schema.graphql`, its examples too' },
  {
    who: '`schemathesis`',
    files: ['schemathesis'],
    tries: 'whatever the schema allows, of things that there are',
  },
  {
    who: 'GraphiQL in Chromium',
    files: ['graphiql'],
    tries: 'the story in its tabs, a subscription; no request to others, no error, no violation of its policy',
  },
];

const figure = (result) => [...result.says].join(', ') || null;

/** The table as the results of all suites have it. */
export function table(results) {
  const rows = SUITES.map(({ who, files, tries }) => {
    const said = files.map((name) => figure(results.get(name))).filter(Boolean);
    const passed = files.reduce((sum, name) => sum + results.get(name).passed, 0);
    return `| ${who} | ${tries} | ${said.join('; ') || `all ${passed} tests`} |\n`;
  });
  return `| a client | tries | and reaches |\n|---|---|---|\n${rows.join('')}`;
}

/** The page with this table between its marks. */
export function within(page, table) {
  const [head, rest] = page.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (tail === undefined) throw new Error('README.md has no place for the table of clients');
  return `${head}${BEGIN}\n${table}\n${END}${tail}`;
}
