/** JSON schemas of rollouts. */
import { duration, integer, list, object, stringList } from './schemas.ts';

const percentOf = { type: 'number', minimum: 0, maximum: 100 } as const;

export const rolloutBody = object(
  {
    mirror: { type: 'string', description: 'Or mirrors' },
    mirrors: stringList,
    steps: list(
      object(
        {
          percent: percentOf,
          fleetPercent: { ...percentOf, default: 100, description: 'Share of the nodes, rounded up' },
          hold: { ...duration, default: '0s' },
          minRequests: { type: 'integer', default: 0 },
          approval: { type: 'string', enum: ['none', 'manual'], default: 'none' },
        },
        ['percent'],
      ),
    ),
    gates: list(
      object({
        metric: {
          type: 'string',
          enum: [
            ...['rejections', 'missingAcks', 'mirrorErrorRate', 'droppedRate', 'coverage'],
            ...['primaryErrorRate', 'primaryLatency', 'nodeRequestsLost', 'nodeErrors', 'nodeCoverage'],
          ],
        },
        prometheus: object({ url: { type: 'string' }, query: { type: 'string' } }),
        max: { type: 'number' },
        min: { type: 'number' },
        maxIncrease: { type: 'number' },
        minSamples: { type: 'integer', default: 100 },
        dryRun: { type: 'boolean', default: false },
      }),
    ),
    onFail: { type: 'string', enum: ['abort', 'pause'], default: 'abort' },
    missingData: { type: 'string', enum: ['pause', 'wait', 'abort'], default: 'pause' },
    interval: { ...duration, default: '10s' },
    failureLimit: { type: 'integer', default: 0 },
    ackTimeout: { ...duration, default: '30s' },
    startAt: { type: 'string' },
    windows: list(
      object({
        cron: { type: 'string' },
        duration,
        timezone: { type: 'string', default: 'UTC' },
      }),
    ),
    freezes: list(object({ from: { type: 'string' }, to: { type: 'string' }, reason: { type: 'string' } })),
    webhooks: list(
      object({
        when: { type: 'string', enum: ['before', 'after'] },
        url: { type: 'string' },
        timeout: { ...duration, default: '5s' },
      }),
    ),
  },
  ['steps'],
);

export const rolloutStatus = object({
  state: {
    type: 'string',
    enum: ['pending', 'applying', 'holding', 'gating', 'paused', 'aborting', 'done', 'aborted'],
  },
  run: integer,
  step: { ...integer, description: 'From 0' },
  steps: integer,
  since: { type: 'string' },
  appliedAt: { type: 'string' },
  failures: integer,
  approved: { type: 'boolean' },
  handSet: { type: 'boolean' },
  baseline: { type: 'object', additionalProperties: { type: 'number' } },
  reason: { type: 'string' },
  actor: { type: 'string' },
  gates: {
    ...list(
      object({
        gate: { type: 'string' },
        verdict: { type: 'string', enum: ['pass', 'fail', 'unknown'] },
        value: { type: 'number' },
        against: { type: 'number' },
        samples: { type: 'number' },
        note: { type: 'string' },
        dryRun: { type: 'boolean' },
      }),
    ),
    description: 'What gates said last',
  },
});
