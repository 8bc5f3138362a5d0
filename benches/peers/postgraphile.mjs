// PostGraphile 5 over the product's own tables and the function of post_charge.sql, as its documentation sets it up:
// the preset as it comes, nobody signed in. Only what would make it slower is off: explaining, watching, its own IDE.
//
//   DATABASE_URL=postgres://… PORT=8002 node postgraphile.mjs

import { createServer } from 'node:http';

import { grafserv } from 'postgraphile/grafserv/node';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';

const preset = {
  extends: [PostGraphileAmberPreset],
  // Or columns without an index of their own could not be asked for: `until`.
  disablePlugins: ['PgIndexBehaviorsPlugin'],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ['public', 'peer'],
      pubsub: false,
      poolConfig: { max: Number(process.env.POOL ?? 16) },
    }),
  ],
  grafast: { explain: false },
  grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false, maxRequestLength: 1_000_000 },
};

const instance = postgraphile(preset);
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env.PORT ?? 8002), '127.0.0.1');
