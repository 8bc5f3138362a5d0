// The rules of graphql-eslint over schema.graphql: `schema-recommended` and `schema-relay`, less what is argued here.

import { fileURLToPath } from 'node:url';

import graphql from '@graphql-eslint/eslint-plugin';

const schema = fileURLToPath(new URL('../../schema.graphql', import.meta.url));

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,

      // It wants an `id` in every type. A balance, a page or a refusal is a value: it is its parent's, and a cache that
      // kept it by itself would show it stale. What is a thing has an `id` and is a `Node`: schema.test.js sees to that.
      '@graphql-eslint/strict-id-in-types': 'off',

      // Edges' nodes are `Node`s, but lists need not be of edges: `nodes` spares whoever wants no cursors a level, and
      // refusals, roles or entries are no pages.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];

/** What the rules find and is meant, by where it is. */
export const MEANT = {
  // The program page calls it the Agent ID, and an `id` there is already; `number` alone would be any.
  'Agent.agentNumber': '@graphql-eslint/no-typename-prefix',
  // A rate of commission, under the same name wherever it is met: at an agent, a commission and a report.
  'Commission.commissionRate': '@graphql-eslint/no-typename-prefix',
  // Made up for the period asked for: there is nothing to be fetched by an id.
  AgentReportRowEdge: '@graphql-eslint/relay-edge-types',
  CustomerReportRowEdge: '@graphql-eslint/relay-edge-types',
  // The page is an argument of the report, whose totals and rows are of one snapshot.
  'AgentReport.rows': '@graphql-eslint/relay-arguments',
  'CustomerReport.rows': '@graphql-eslint/relay-arguments',
};
