/** JSON schemas of targets. */
import { duration, integer, list, object, verdict } from './schemas.ts';

const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const endpoint = object(
  { host: { type: 'string' }, port: { ...port, description: 'May be left out of a Wallarm node: 8445' } },
  ['host'],
);

/** `true`: with the defaults. */
function probe(what: string, properties: object): object {
  const pace = { interval: { ...duration, default: '5s' }, timeout: { ...duration, default: '3s' } };
  return { ...object({ ...properties, ...pace }), type: ['object', 'boolean'], description: what };
}

export const targetBody = object(
  {
    kind: { type: 'string', enum: ['wallarm'], description: 'Absent: whatever takes copies' },
    endpoints: list(endpoint),
    node: {
      ...object({
        health: probe('GET at every host; 2xx is well', {
          port: { ...port, default: 9445 },
          path: { type: 'string', default: '/-/healthcheck' },
        }),
        status: probe('Its counters', {
          port: { ...port, default: 80 },
          path: { type: 'string', default: '/wallarm-status' },
          url: { type: 'string', description: "Instead of port and path; {host} is the endpoint's host" },
        }),
      }),
      description: 'Of a Wallarm node: what the control plane asks it',
    },
    protocol: { type: 'string', enum: ['http1', 'http2'], default: 'http1' },
    tls: object({
      serverName: { type: 'string' },
      ca: { type: 'string', description: 'PEM' },
      caFile: { type: 'string' },
      certFile: { type: 'string' },
      keyFile: { type: 'string' },
    }),
    limits: object({
      maxConnections: { type: 'integer', default: 128 },
      maxPendingRequests: { type: 'integer', default: 128 },
      maxRequests: { type: 'integer', default: 256 },
      connectTimeout: { ...duration, default: '1s' },
      maxStreamDuration: { ...duration, default: '2s' },
      idleTimeout: { ...duration, default: '30s' },
      bufferBytes: { type: 'integer', default: 1_048_576 },
    }),
    health: object({
      path: { type: 'string' },
      port: { type: 'integer' },
      interval: duration,
      timeout: duration,
    }),
  },
  ['endpoints'],
);

/** Null: not known. */
export const targetStatus = {
  ...object({
    healthy: {
      type: ['boolean', 'null'],
      description: 'Whether one of its nodes is, by its own healthcheck',
    },
    nodes: list(
      object({
        host: { type: 'string' },
        port: integer,
        healthy: { type: ['boolean', 'null'] },
        since: { type: ['string', 'null'] },
        reason: { type: ['string', 'null'], description: 'What the last healthcheck complained of' },
        counters: {
          type: ['object', 'null'],
          additionalProperties: true,
          description: 'As the node showed them at readAt, which began anew at each of its restarts',
        },
        unread: { type: 'string', description: 'Why its counters could not be read the last time' },
        lastSeen: { type: ['string', 'null'] },
      }),
    ),
    rejected: {
      ...list(verdict),
      description:
        'Fleets that copy to it, of which the last write was taken back: their nodes have the last good one',
    },
  }),
  description: 'Of a Wallarm node, and of what was taken back; null is unknown',
};
