// What a good Node developer would write by hand: Fastify and Mercurius with compiled queries, one statement for each
// level of the page, limited per parent in SQL, and subscriptions through Mercurius's own emitter. Nobody is signed in.
//
//   DATABASE_URL=postgres://… PORT=8004 node mercurius.mjs

import Fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';

// Amounts and counts are 64 bits wide: text, as in the product's answers.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL ?? 16) });

/** A statement that stays prepared. */
const ask = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const schema = `
  type Query { agent(id: ID!): Agent }
  type Mutation { postCharge(input: PostChargeInput!): PostedCharge! }
  type Subscription { commissionEvents(agentId: ID!): CommissionEvent! }
  type Agent { id: ID! displayName: String! customers(first: Int!): [Customer!]! }
  type Customer { id: ID! name: String! accountNumber: String! charges(first: Int!): [Charge!]! }
  type Charge { id: ID! kind: String! description: String! amount: String! occurredAt: String! }
  input PostChargeInput {
    source: String! externalId: String! accountNumber: String! kind: String! description: String!
    amount: String! commissionable: Boolean! occurredAt: String! agentId: ID!
  }
  type PostedCharge { chargeId: ID! externalId: String! commission: String replayed: Boolean! }
  type CommissionEvent { cursor: String! commission: Commission! balance: Balance! }
  type Commission { id: ID! amount: String! charge: CommissionCharge! }
  type CommissionCharge { externalId: String! }
  type Balance { commission: String! }
`;

const resolvers = {
  Query: {
    agent: async (_, { id }) =>
      (await ask('agent', 'SELECT id, display_name AS "displayName" FROM agent WHERE id = $1', [id]))[0] ?? null,
  },
  Agent: {
    customers: (agent, { first }) =>
      ask(
        'customers',
        `SELECT c.id, c.name, c.number AS "accountNumber" FROM affiliation f JOIN customer c ON c.id = f.customer_id
         WHERE f.agent_id = $1 AND f.until IS NULL ORDER BY c.joined_at DESC, c.id DESC LIMIT $2`,
        [agent.id, first],
      ),
  },
  Mutation: {
    postCharge: async (_, { input }, { pubsub }) => {
      const [posted] = await ask(
        'post',
        `SELECT charge_id AS "chargeId", external_id AS "externalId", commission, replayed
         FROM peer.post_charge($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          input.source, input.externalId, input.accountNumber, input.kind, input.description, input.amount,
          input.commissionable, input.occurredAt,
        ],
      );
      if (!posted.replayed && posted.commission !== null) {
        const [event] = await ask(
          'event',
          `SELECT v.seq, m.id, m.amount, v.commission FROM commission m JOIN agent_event v
             ON v.transaction_id = m.transaction_id AND v.agent_id = m.agent_id WHERE m.charge_id = $1`,
          [posted.chargeId],
        );
        pubsub.publish({
          topic: input.agentId,
          payload: {
            commissionEvents: {
              cursor: event.seq,
              commission: { id: event.id, amount: event.amount, charge: { externalId: posted.externalId } },
              balance: { commission: event.commission },
            },
          },
        });
      }
      return posted;
    },
  },
  Subscription: {
    commissionEvents: { subscribe: (_, { agentId }, { pubsub }) => pubsub.subscribe(agentId) },
  },
};

// A loader: one statement for the charges of all customers of a page.
const loaders = {
  Customer: {
    charges: async (queries) => {
      const rows = await ask(
        'charges',
        `SELECT p.id AS customer, c.id, c.kind, c.description, c.amount, c.occurred_at AS "occurredAt"
         FROM unnest($1::uuid[]) AS p (id) CROSS JOIN LATERAL (SELECT * FROM charge c WHERE c.customer_id = p.id
           ORDER BY c.occurred_at DESC, c.id DESC LIMIT $2) AS c ORDER BY c.occurred_at DESC, c.id DESC`,
        [queries.map(({ obj }) => obj.id), queries[0].params.first],
      );
      const of = new Map(queries.map(({ obj }) => [obj.id, []]));
      for (const row of rows) of.get(row.customer).push({ ...row, occurredAt: row.occurredAt.toISOString() });
      return queries.map(({ obj }) => of.get(obj.id));
    },
  },
};

const app = Fastify({ logger: false, keepAliveTimeout: 120_000 });
app.register(mercurius, { schema, resolvers, loaders, subscription: true, jit: 1, cache: false });
await app.listen({ port: Number(process.env.PORT ?? 8004), host: '127.0.0.1' });
