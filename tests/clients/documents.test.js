// Every document that this repository shows to somebody is one that the server would take.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { buildSchema, parse, validate } from 'graphql';

import { STORY, tab } from '../../assets/graphiql/story.js';
import { root } from './server.js';

const schema = buildSchema(await readFile(join(root, 'schema.graphql'), 'utf8'));

const faults = (document) => validate(schema, parse(document)).map((error) => error.message);

test("GraphiQL's tabs", () => {
  assert.ok(STORY.length >= 12);
  for (const chapter of STORY) assert.deepEqual(faults(tab(chapter).query), [], chapter.query);
});

for (const page of ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md']) {
  test(page, async () => {
    const text = await readFile(join(root, page), 'utf8');
    const documents = [
      ...Array.from(text.matchAll(/^```graphql\n(.*?)^```/gms), (match) => match[1]),
      // What curl sends.
      ...Array.from(text.matchAll(/'(\{\s*"query":.*?\})'/gs), (match) => JSON.parse(match[1]).query),
    ];
    for (const document of documents) assert.deepEqual(faults(document), [], document);
    if (page === 'README.md') assert.notEqual(documents.length, 0, 'the README shows no document');
  });
}
