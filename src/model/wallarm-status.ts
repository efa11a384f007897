/** What a Wallarm node's `/wallarm-status` says. https://docs.wallarm.com/admin-en/configure-statistics-service/ */
import { isRecord } from './read.ts';

/** Counted since NGINX was started, by the node's own names. */
const COUNTERS = {
  requests: 'requests',
  attacks: 'attacks',
  blocked: 'blocked',
  abnormal: 'abnormal',
  requestsLost: 'requests_lost',
  tntErrors: 'tnt_errors',
  apiErrors: 'api_errors',
  overlimitsTime: 'overlimits_time',
  segfaults: 'segfaults',
  memfaults: 'memfaults',
  softmemfaults: 'softmemfaults',
  protonErrors: 'proton_errors',
} as const;

export type Counter = keyof typeof COUNTERS;

/** What a node does not count is absent. */
export type Counters = { readonly [C in Counter]?: number };

export interface WallarmStatus {
  readonly counters: Counters & { readonly requests: number };
  readonly stalledWorkersCount?: number;
  /** Another one is another start of NGINX. It is beyond what a number holds exactly. */
  readonly startid?: string;
  /** When the node took its last request, Unix time in seconds. */
  readonly timestamp?: number;
}

export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly Counter[];

/** JSON, or the format of Prometheus, which the Docker image answers. A string says why it is neither. */
export function readWallarmStatus(text: string): WallarmStatus | string {
  const fields = text.trimStart().startsWith('{') ? readJson(text) : readPrometheus(text);
  if (fields === undefined) return 'it is not the JSON of a Wallarm node';
  const count = (key: string): number | undefined => {
    const value = fields[key];
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const requests = count(COUNTERS.requests);
  if (requests === undefined) return 'it has no count of requests';
  const counters = COUNTER_NAMES.flatMap((name) => {
    const value = count(COUNTERS[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  const [stalled, timestamp] = [count('stalled_workers_count'), count('timestamp')];
  const { startid } = fields;
  return {
    counters: { ...Object.fromEntries(counters), requests },
    ...(stalled !== undefined && { stalledWorkersCount: stalled }),
    ...(typeof startid === 'string' && { startid }),
    ...(timestamp !== undefined && { timestamp }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readJson(text: string): Fields | undefined {
  try {
    const json: unknown = JSON.parse(text, exactStartid);
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function exactStartid(key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  return key === 'startid' ? (source ?? value) : value;
}

const SAMPLE = /^wallarm_([a-z_]+) ([0-9.eE+]+)(?: [0-9]+)?$/;

/** Lines without labels. https://prometheus.io/docs/instrumenting/exposition_formats/ */
function readPrometheus(text: string): Fields {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = SAMPLE.exec(line.trim()) ?? [];
      if (name === undefined || value === undefined) return [];
      return [[name, name === 'startid' ? value : Number(value)]];
    }),
  );
}

/** What a node counted since it was first read, over its restarts. */
export interface Tally {
  readonly last: WallarmStatus;
  /** What each counter showed last, of those that were ever there, and how much was added to it. */
  readonly shown: Counters;
  readonly sums: Counters;
  readonly restarts: number;
}

/**
 * Adds a reading. A counter begins anew when NGINX does: what it shows then has come since, and what it had counted after the
 * last reading is lost. Never less than before.
 */
export function tally(before: Tally | undefined, status: WallarmStatus): Tally {
  const { counters } = status;
  if (before === undefined) {
    return { last: status, shown: counters, sums: mapCounters(counters, () => 0), restarts: 0 };
  }
  const restarted = isRestart(before, status);
  const added = mapCounters(counters, (name, value) => {
    const [sum, shown] = [before.sums[name], before.shown[name]];
    // One that was not there has nothing to be compared with.
    if (sum === undefined || shown === undefined) return 0;
    return sum + (restarted ? value : value - shown);
  });
  return {
    last: status,
    shown: { ...before.shown, ...counters },
    sums: { ...before.sums, ...added },
    restarts: before.restarts + (restarted ? 1 : 0),
  };
}

function isRestart({ last, shown }: Tally, { startid, counters }: WallarmStatus): boolean {
  if (last.startid !== undefined && startid !== undefined && last.startid !== startid) return true;
  return COUNTER_NAMES.some((name) => (counters[name] ?? Infinity) < (shown[name] ?? 0));
}

function mapCounters(counters: Counters, map: (name: Counter, value: number) => number): Counters {
  return Object.fromEntries(
    COUNTER_NAMES.flatMap((name) => {
      const value = counters[name];
      return value === undefined ? [] : [[name, map(name, value)]];
    }),
  );
}

/** Of several nodes. What one of them does not say now is not known of all. */
export function sumTallies(tallies: readonly Tally[]): Counters {
  return Object.fromEntries(
    COUNTER_NAMES.flatMap((name) => {
      const known = tallies.filter(({ last }) => last.counters[name] !== undefined);
      if (known.length < tallies.length || known.length === 0) return [];
      return [[name, known.reduce((sum, { sums }) => sum + (sums[name] ?? 0), 0)]];
    }),
  );
}
