// The page round GraphiQL: asks by HTTP, subscribes by graphql-transport-ws, and keeps who signed in for all tabs.

import { Blanks } from './blanks.js';
import { People } from './people.js';
import { STORY, tab } from './story.js';

/* global GraphiQL, React, ReactDOM, graphqlWs */

const endpoint = new URL('graphql', location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

/** How many of a subscription's answers stay on the screen. */
const SHOWN = 50;

const blanks = new Blanks();
const people = new People(send, showPeople);

async function send(request, headers) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json, application/json;q=0.9', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `${response.status} ${response.statusText}: ${text.slice(0, 300)}` }] };
  }
}

function subscribe(request, headers) {
  // One socket for each, without a retry of its own: what was missed would be missing here. Come back with `after`.
  const client = graphqlWs.createClient({ url: socket.href, connectionParams: headers, retryAttempts: 0 });
  return {
    subscribe(observer) {
      const answers = [];
      const stop = client.subscribe(request, {
        next(answer) {
          blanks.notice(answer.data);
          answers.unshift(answer);
          answers.length = Math.min(answers.length, SHOWN);
          observer.next({ newestFirst: [...answers] });
        },
        error(error) {
          observer.next({ newestFirst: answers, ended: Array.isArray(error) ? { errors: error } : describe(error) });
          observer.complete();
        },
        complete: () => observer.complete(),
      });
      return {
        unsubscribe() {
          stop();
          client.dispose();
        },
      };
    },
  };
}

const describe = (error) => (error instanceof Error ? error.message : `the socket closed: ${error.code} ${error.reason}`);

/** The operations of a document, read from its text: what GraphiQL knows of it lags behind the typing. */
function operations(text) {
  let top = text.replace(/"""[^]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*/g, '');
  for (let outer; (outer = top.replace(/\{[^{}]*\}|\([^()]*\)/g, ';')) !== top; ) top = outer;
  return Array.from(top.matchAll(/\b(query|mutation|subscription)\b\s*(\w+)?/g), ([, kind, name]) => ({ kind, name }));
}

async function fetcher({ query, variables, operationName }, { headers } = {}) {
  try {
    const known = operations(query);
    const operation = known.find(({ name }) => name === operationName) ?? known[0] ?? { kind: 'query' };
    const { authorization: said, Authorization: Said, ...others } = headers ?? {};
    const { authorization, person } = await people.authorization(blanks.fill(said ?? Said));
    const asked = { ...others, ...(authorization && { authorization }) };
    const filled = { query, variables: blanks.fill(variables), operationName: operation.name };
    if (operation.kind === 'subscription') return subscribe(filled, asked);
    const answer = await send(filled, asked);
    if (operation.name !== 'IntrospectionQuery') {
      people.notice(answer.data, filled.variables, person);
      blanks.notice(answer.data);
    }
    return answer;
  } catch (error) {
    return { errors: [{ message: error.message }] };
  }
}

function showPeople() {
  const who = document.getElementById('who');
  const code = document.createElement('code');
  if (!people.current) {
    who.textContent = 'Whoever signs in is kept by this page: no token needs copying.';
  } else {
    const others = people.all.filter((person) => person !== people.current);
    code.textContent = `{"authorization": "${others.at(-1) ?? people.current}"}`;
    who.replaceChildren(
      `Signed in: ${[people.current, ...others].join(', ')}. All tabs ask as ${people.current}, whose token this page keeps; `,
      'one whose Headers say ',
      code,
      ' asks as that person.',
    );
  }
  document.getElementById('forget').hidden = !people.current;
}

document.getElementById('forget').addEventListener('click', () => people.forget());
document.getElementById('again').addEventListener('click', () => {
  sessionStorage.clear();
  Object.keys(localStorage).filter((key) => key.startsWith('graphiql:')).forEach((key) => localStorage.removeItem(key));
  location.reload();
});

showPeople();
ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: STORY.map(tab),
    defaultQuery: '',
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: true,
    showPersistHeadersSettings: false,
    defaultEditorToolsVisibility: 'variables',
    defaultTheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
  }),
);
