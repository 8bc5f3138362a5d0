// schema.graphql as graphql-eslint sees it, and what its rules cannot: that it is served, and that its examples are good.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { ESLint } from 'eslint';
import { buildSchema, isInputObjectType, isInterfaceType, isObjectType, parse, validate } from 'graphql';

import { MEANT } from './eslint.config.js';
import { reaches } from './reaches.js';
import { onBoth, root } from './server.js';

const text = await readFile(join(root, 'schema.graphql'), 'utf8');
const schema = buildSchema(text);
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

/** What stands at a line: `Type` or `Type.field`. */
function at(line) {
  const holds = ({ loc }) => loc.startToken.line <= line && line <= loc.endToken.line;
  const type = parse(text).definitions.find(holds);
  const field = type.fields?.find(holds);
  return field ? `${type.name.value}.${field.name.value}` : type.name.value;
}

test('graphql-eslint has nothing against it, but for what is argued in its configuration', async (t) => {
  const eslint = new ESLint({ cwd: root, overrideConfigFile: join(root, 'tests/clients/eslint.config.js') });
  const [{ messages }] = await eslint.lintFiles('schema.graphql');
  const found = messages.map(({ ruleId, line, message }) => ({ place: ruleId && at(line), ruleId, message }));
  assert.deepEqual(
    found.filter(({ place, ruleId }) => MEANT[place] !== ruleId),
    [],
  );
  assert.deepEqual(Object.keys(MEANT).sort(), [...new Set(found.map(({ place }) => place))].sort(), 'argued, and not found');
  reaches(t, `no error; ${Object.keys(MEANT).length} exceptions, argued`);
});

test('what has an id is a node, and the other way round', () => {
  for (const type of types.filter(isObjectType)) {
    const node = type.getInterfaces().some(({ name }) => name === 'Node');
    assert.equal(Boolean(type.getFields().id), node, type.name);
    if (node) assert.equal(String(type.getFields().id.type), 'ID!', type.name);
  }
});

test('everything has a description', () => {
  const bare = [];
  const look = (place, { description }) => description?.trim() || bare.push(place);
  for (const type of types) {
    if (['Int', 'Float', 'String', 'Boolean', 'ID'].includes(type.name)) continue;
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    if (!roots.includes(type)) look(type.name, type);
    const fields = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? type.getFields() : {};
    for (const field of [...Object.values(fields), ...(type.getValues?.() ?? [])]) {
      look(`${type.name}.${field.name}`, field);
      for (const argument of field.args ?? []) look(`${type.name}.${field.name}(${argument.name}:)`, argument);
    }
  }
  assert.deepEqual(bare, []);
});

test('every root field has an example, and the example is a good document', () => {
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(root.getFields())) {
      const example = /Example: `(.+)`/.exec(field.description)?.[1];
      assert.ok(example, `${root.name}.${field.name} has no example`);
      const faults = validate(schema, parse(example)).map(({ message }) => message);
      assert.deepEqual(faults, [], `${root.name}.${field.name}: ${example}`);
      assert.match(example, new RegExp(`\\b${field.name}\\b`));
    }
  }
});

onBoth('the schema', (world) => {
  test('is served as the file has it', async () => {
    const served = await fetch(`${world.server.origin}/schema.graphql`);
    assert.equal(await served.text(), text);
  });
});
