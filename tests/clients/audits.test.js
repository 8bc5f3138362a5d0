// GraphQL over HTTP, as the audits of graphql-http see it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serverAudits } from 'graphql-http';

import { reaches } from './reaches.js';
import { onBoth } from './server.js';

onBoth('the audits', (world) => {
  test('all are passed, and none warns', async (t) => {
    const audits = serverAudits({ url: world.server.graphql });
    const faults = [];
    for (const audit of audits) {
      const { status, reason } = await audit.fn();
      if (status !== 'ok') faults.push(`${audit.id} ${audit.name}: ${status}, ${reason}`);
    }
    assert.deepEqual(faults, []);
    reaches(t, `${audits.length} of ${audits.length}, no warning`);
  });
});
