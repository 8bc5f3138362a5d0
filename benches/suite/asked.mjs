// What is asked of each server, and how a right answer is told.

// The nested page: an agent's newest customers, and the newest charges of each.
export const PAGE = {
  ours: `{ viewer { agent { displayName customers(first: 20) { nodes { id name accountNumber
    charges(first: 5) { nodes { id kind description amount occurredAt } } } } } } }`,
  postgraphile: `query($agent: UUID!) { agentByRowId(rowId: $agent) { displayName
    affiliationsByAgentId(condition: {until: null}, first: 20, orderBy: PRIMARY_KEY_DESC) { nodes { customerByCustomerId {
      rowId name number chargesByCustomerId(first: 5, orderBy: [OCCURRED_AT_DESC, ROW_ID_DESC]) {
        nodes { rowId kind description amount occurredAt } } } } } } }`,
  mercurius: `query($agent: ID!) { agent(id: $agent) { displayName customers(first: 20) { id name accountNumber
    charges(first: 5) { id kind description amount occurredAt } } } }`,
  seaography: `query($agent: String!) { affiliation(filters: {agentId: {eq: $agent}, until: {is_null: true}}, orderBy: {id: DESC},
    pagination: {page: {limit: 20, page: 0}}) { nodes { customer { id name number
      charge(orderBy: {occurredAt: DESC}, pagination: {page: {limit: 5, page: 0}}) {
        nodes { id kind description amount occurredAt } } } } } }`,
};

const bare = (id) => String(id).replace(/^[a-z]+_/, '').replaceAll('-', '');

/** The ids of a page's customers, each with those of its charges, in order. */
export const pageOf = {
  ours: (data) => data.viewer.agent.customers.nodes.map((one) => [bare(one.id), ...one.charges.nodes.map(({ id }) => bare(id))]),
  postgraphile: (data) =>
    data.agentByRowId.affiliationsByAgentId.nodes.map(({ customerByCustomerId: one }) => [
      bare(one.rowId),
      ...one.chargesByCustomerId.nodes.map(({ rowId }) => bare(rowId)),
    ]),
  mercurius: (data) => data.agent.customers.map((one) => [bare(one.id), ...one.charges.map(({ id }) => bare(id))]),
  seaography: (data) => data.affiliation.nodes.map(({ customer: one }) => [bare(one.id), ...one.charge.nodes.map(({ id }) => bare(id))]),
};

/** The same page, as the tables have it: by when customers came, or by their time with the agent. */
export const pageOfTables = (agent, order) => `
  SELECT replace(p.id::text, '-', ''), coalesce(string_agg(replace(c.id::text, '-', ''), ' ' ORDER BY c.occurred_at DESC, c.id DESC), '')
  FROM (SELECT c.id, row_number() OVER (ORDER BY ${order === 'joined' ? 'c.joined_at DESC, c.id DESC' : 'f.id DESC'}) AS place
        FROM affiliation f JOIN customer c ON c.id = f.customer_id
        WHERE f.agent_id = '${agent}' AND f.until IS NULL ORDER BY place LIMIT 20) AS p
  LEFT JOIN LATERAL (SELECT id, occurred_at FROM charge WHERE customer_id = p.id ORDER BY occurred_at DESC, id DESC LIMIT 5) AS c ON true
  GROUP BY p.id, p.place ORDER BY p.place`;

const RECORD = `mutation($input: RecordChargesInput!) { recordCharges(input: $input) { posted replayed
  results { externalId error { code } } userErrors { code } } }`;
const POST = 'mutation($input: PeerPostChargeInput!) { peerPostCharge(input: $input) { result { externalId replayed } } }';
export const MERCURIUS_POST = 'mutation($input: PostChargeInput!) { postCharge(input: $input) { externalId replayed } }';

const row = (source, at) => ({
  externalId: `${source}-\${n}`,
  accountNumber: '${account}',
  kind: 'CALL',
  description: 'A call',
  amount: '0.0198',
  occurredAt: at,
});

/** Requests that post charges to accounts through our door. */
export function recording({ source, key, accounts, share = 'even', rows = 1, at, again = false }) {
  const input = { source, charges: '${rows}' };
  const body = JSON.stringify({ query: RECORD, variables: { input } }).replace('"${rows}"', '[${rows}]');
  return {
    name: again ? 'again' : 'post',
    body,
    row: JSON.stringify(row(source, at)),
    rows,
    lists: { account: { values: accounts, share } },
    headers: { authorization: `Bearer ${key}` },
    expect: again ? `"posted":0,"replayed":${rows},` : `"posted":${rows},"replayed":0,`,
  };
}

/** The same through PostGraphile and the SQL function. */
export function calling({ source, accounts, share = 'even', at, again = false }) {
  const input = { ...row(source, at), source, amount: '198', commissionable: true };
  return {
    name: again ? 'again' : 'post',
    body: JSON.stringify({ query: POST, variables: { input } }),
    lists: { account: { values: accounts, share } },
    expect: again ? '"replayed":true' : '"replayed":false',
    refuse: '"errors"',
  };
}

/** The same through Mercurius, which tells its subscribers. */
export function callingByHand({ source, accounts, at, agent }) {
  const input = { ...row(source, at), source, amount: '198', commissionable: true, agentId: agent };
  return {
    name: 'post',
    body: JSON.stringify({ query: MERCURIUS_POST, variables: { input } }),
    lists: { account: { values: accounts } },
    expect: '"replayed":false',
    refuse: '"errors"',
  };
}

/** A report by day of an agent's last thirty days. */
export function dayReport(until) {
  const day = (before) => new Date(until.getTime() - before * 86_400_000).toISOString().slice(0, 10);
  const query = `query($input: ReportInput!) { commissionReport(input: $input) { totals { charges spent earned }
    rows { key figures { charges spent base earned clawedBack net } } } }`;
  return { query, variables: { input: { period: { from: day(29), to: day(-1) }, groupBy: 'DAY' } } };
}
