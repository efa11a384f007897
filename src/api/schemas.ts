/** JSON schemas of requests and answers: they check queries, and are the OpenAPI document. Bodies are checked by the model. */

const name = {
  type: 'string',
  pattern: '^[A-Za-z0-9._-]{1,63}$',
  description: 'Letters, digits, "-", "_", "."',
} as const;
const revision = {
  type: 'integer',
  minimum: 0,
  description: 'The revision that last changed it; its ETag',
} as const;
export const duration = { type: 'string', examples: ['500ms', '2s', '5m'] } as const;
const durationPattern = '^\\d{1,9}(\\.\\d{1,3})?(ms|s|m|h)$';
export const stringList = { type: 'array', items: { type: 'string' } } as const;

export function object(properties: object, required: readonly string[] = []): object {
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

export function list(items: object): object {
  return { type: 'array', items };
}

export function listOf(items: object): object {
  return object({ items: list(items) }, ['items']);
}

export function query(properties: object): object {
  return { type: 'object', additionalProperties: false, properties };
}

export function params(...names: readonly string[]): object {
  return object(Object.fromEntries(names.map((key) => [key, { type: 'string' }])), names);
}

const flag = { type: 'string', enum: ['true', 'false', ''] } as const;

export const writeQuery = {
  dryRun: { ...flag, description: 'Answer what would change, and change nothing' },
  wait: {
    type: 'string',
    enum: ['acked'],
    description: 'Answer when every connected node has it, or at the timeout',
  },
  timeout: { ...duration, pattern: durationPattern, description: 'Of wait; default 5s, at most 5m' },
} as const;

export const writeHeaders = {
  type: 'object',
  properties: {
    'if-match': { type: 'string', description: 'ETag of the object, or *' },
    'if-none-match': { type: 'string', description: '*: only if there is no such object' },
    'x-reason': {
      type: 'string',
      description:
        'Kept with the revision. Writes without a body of their own take {"reason": "..."} as well',
    },
    'x-author': { type: 'string', description: 'Kept with the revision' },
  },
} as const;

const issues = list(object({ path: { type: 'string' }, message: { type: 'string' } }, ['path', 'message']));

export const problem = object(
  {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: issues,
  },
  ['type', 'title', 'status', 'detail', 'errors'],
);

export const diff = list(
  object({
    object: { type: 'string' },
    op: { type: 'string' },
    path: { type: 'string' },
    before: {},
    after: {},
    patch: { type: 'string' },
  }),
);

const unconfirmed = {
  type: 'integer',
  description: 'Given all of it, and nothing tells whether it is in force; absent where there are none',
};

const counts = object({
  nodes: { type: 'integer' },
  acked: { type: 'integer' },
  rejected: { type: 'integer' },
  pending: { type: 'integer' },
  unconfirmed,
});

export const verdict = object({
  fleet: { type: 'string' },
  revision,
  structure: { type: 'string', description: 'Hash of everything but percents' },
  verdict: { type: 'string', enum: ['begun', 'good', 'rejected'] },
  time: { type: 'string' },
  node: { type: 'string' },
  typeUrl: { type: 'string' },
  message: { type: 'string', description: "The node's own words, or what was seen" },
});

export const writeAnswer = {
  revision,
  dryRun: { type: 'boolean' },
  diff,
  warnings: issues,
  checks: {
    ...stringList,
    description:
      'Made before it was accepted: schema, references, and the program that was asked: envoy, traefik',
  },
  delivery: {
    ...extend(counts, { verdict: { ...verdict, description: 'Why it was taken back' } }),
    description: 'With wait=acked',
  },
} as const;

export const integer = { type: 'integer' } as const;

export const fleetStatus = object({
  state: { type: 'string', enum: ['settled', 'delivering', 'watching', 'rejected'] },
  good: { type: ['integer', 'null'], description: 'Revision that every node can go back to' },
  change: object({ revision, nodes: integer, waiting: integer, unproven: { type: 'string' } }),
  rejected: verdict,
  nodes: integer,
});

export const stopBody = object({
  fleet: { type: 'string', description: '* for all' },
  by: { type: 'string' },
  reason: { type: 'string' },
  since: { type: 'string' },
});

export const fleetBody = object({
  delivery: object({
    ackTimeout: { ...duration, default: '15s' },
    bake: { ...duration, default: '100ms', description: 'Between waves' },
    watch: { ...duration, default: '30s', description: "Of the primaries' errors, after the last wave" },
  }),
  dataPlane: { type: 'string', description: 'One of GET /v1/dataplanes', default: 'envoy' },
  nodeCluster: { type: 'string', description: "The nodes' node.cluster; default: the fleet's name" },
  readBack: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'By node id (* for any other): http://HOST:PORT of its own API, asked what is in force',
  },
});

const header = object({
  name: { type: 'string' },
  exact: { type: 'string' },
  prefix: { type: 'string' },
  regex: { type: 'string', description: 'RE2' },
  present: { type: 'boolean' },
});

const selector = object({
  routeConfig: { type: 'string' },
  virtualHost: { type: 'string' },
  domain: { type: 'string' },
  route: { type: 'string' },
  match: { type: 'object', additionalProperties: true },
  pathPrefix: { type: 'string' },
  methods: stringList,
  headers: list(header),
});

export const mirrorBody = object(
  {
    fleet: { type: 'string' },
    target: { type: 'string' },
    percent: { type: 'number', minimum: 0, maximum: 100, description: 'At most four decimals' },
    routes: { ...list(selector), description: 'Copied when one of these matches; none: every request' },
    exclude: { ...list(selector), description: 'Never copied when one of these matches' },
    copy: object({
      preset: { type: 'string', enum: ['wallarm', 'none'], default: 'wallarm' },
      clientAddress: { type: 'string', enum: ['auto', 'peer', 'forwarded'], default: 'auto' },
      removeHeaders: stringList,
      setHeaders: { type: 'object', additionalProperties: { type: 'string' } },
      body: { type: 'boolean', default: true },
    }),
    onTargetFailure: { type: 'string', enum: ['keep', 'suspend'], default: 'keep' },
    expiresAfter: {
      ...duration,
      description: 'Data planes stop copying when they have not heard of the control plane for so long',
    },
    expiresAt: { type: 'string', description: 'ISO 8601; the percent becomes 0 then' },
    spread: {
      type: 'object',
      additionalProperties: true,
      readOnly: true,
      description: 'Set by a rollout: nodes outside the share have the percent `rest`',
    },
    suspension: {
      type: 'object',
      additionalProperties: true,
      readOnly: true,
      description: 'Set while the target is unwell',
    },
  },
  ['fleet', 'target', 'percent'],
);

export const mirrorStatus = object({
  percent: { type: 'number', description: 'As asked for' },
  effectivePercent: {
    type: ['number', 'null'],
    description: 'Mean over connected nodes of what each acknowledged',
  },
  effective: list(object({ percent: { type: ['number', 'null'] }, nodes: { type: 'integer' } })),
  nodes: object({
    total: { type: 'integer' },
    acked: { type: 'integer' },
    rejected: { type: 'integer' },
    pending: { type: 'integer' },
    unconfirmed,
  }),
  rejected: { ...verdict, description: 'What was written last was taken back: nodes have the last good one' },
  observed: {
    type: ['object', 'null'],
    additionalProperties: true,
    description: "From the nodes' load reports, since each connected",
  },
  recent: {
    type: 'object',
    additionalProperties: true,
    description: 'Of the last minute; null where the counters cannot tell',
  },
  warnings: {
    ...issues,
    description: 'What stands to be said of it as things are, whatever write brought it about',
  },
  stop: stopBody,
});

export const named = { name, revision } as const;

const seen = object({ version: { type: 'string' }, at: { type: 'string' } });

export const nodeStatus = object({
  id: { type: 'string' },
  cluster: { type: 'string' },
  fleet: { type: 'string' },
  version: { type: 'string' },
  connected: { type: 'boolean' },
  variant: { type: 'string' },
  state: { type: 'string', enum: ['acked', 'rejected', 'pending', 'unconfirmed'] },
  connectedAt: { type: 'string' },
  disconnectedAt: { type: 'string' },
  polledAt: { type: 'string', description: 'When it asked last, of a node that polls' },
  limitations: { ...stringList, description: 'What it cannot do of what its mirrors want' },
  types: list(
    object({
      typeUrl: { type: 'string' },
      sent: seen,
      taken: object({ version: { type: 'string' } }),
      acked: seen,
      rejected: object({ version: { type: 'string' }, at: { type: 'string' }, message: { type: 'string' } }),
    }),
  ),
  readBack: object({
    state: { type: 'string', enum: ['applied', 'other', 'refused', 'unreachable'] },
    at: { type: 'string' },
    message: { type: 'string' },
  }),
});

export const revisionBody = object({
  revision,
  time: { type: 'string' },
  author: { type: 'string' },
  reason: { type: 'string' },
  diff,
  verdicts: { ...list(verdict), description: 'What nodes made of it; of one revision alone' },
});

/** `properties` of two object schemas together. */
export function extend(schema: object, properties: object): object {
  const base = schema as { properties: object };
  return object({ ...properties, ...base.properties });
}
