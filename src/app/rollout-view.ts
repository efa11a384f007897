/** What `mirrorplane rollout show` and `watch` make of REST's answers. Texts only: who shows them is `Screen`. */
import { parseDuration } from '../model/duration.ts';
import { mayStep } from '../model/schedule.ts';

export interface RolloutForm {
  readonly name: string;
  readonly revision: number;
  readonly mirror?: string;
  readonly mirrors?: readonly string[];
  readonly steps: readonly StepForm[];
  readonly windows: readonly {
    readonly cron: string;
    readonly duration: string;
    readonly timezone: string;
  }[];
  readonly freezes: readonly { readonly from: string; readonly to: string; readonly reason?: string }[];
  readonly status: StatusForm;
}

interface StepForm {
  readonly percent: number;
  readonly fleetPercent: number;
  readonly hold: string;
  readonly minRequests: number;
  readonly approval: string;
}

export interface StatusForm {
  readonly state: string;
  readonly run: number;
  readonly step: number;
  readonly steps: number;
  readonly appliedAt?: string;
  readonly approved: boolean;
  readonly reason: string;
  readonly actor: string;
  readonly gates?: readonly GateForm[];
}

export interface GateForm {
  readonly gate: string;
  readonly verdict: string;
  readonly note: string;
  readonly dryRun?: boolean;
}

export interface MirrorForm {
  readonly name: string;
  readonly suspension?: { readonly state: string; readonly reason: string };
  readonly status: {
    readonly effective: readonly { readonly percent: number | null; readonly nodes: number }[];
    readonly nodes: { readonly total: number; readonly acked: number; readonly rejected: number };
    readonly recent: {
      readonly copies: number | null;
      readonly failed: number | null;
      readonly dropped: number | null;
      readonly sharePercent: number | null;
      readonly coverage: number | null;
    };
    readonly stop?: { readonly by: string; readonly reason: string; readonly since: string };
  };
}

const WIDTH = 24;
/** Of fewer, coverage says more of chance than of anything. */
const TELLING_COPIES = 50;

/** Lines of the whole view. `now`: epoch milliseconds of the control plane's clock. */
export function drawRollout(
  rollout: RolloutForm,
  mirrors: readonly MirrorForm[],
  now: number,
): readonly string[] {
  const { name, steps, status } = rollout;
  const filled = Math.floor(progressOf(rollout, now) * WIDTH);
  const bar = '#'.repeat(filled) + '-'.repeat(WIDTH - filled);
  const reached = status.state === 'done' ? steps.length : status.step;
  const closed = closedNow(rollout, now);
  return [
    [`${name}  [${bar}]`, stateOf(status), waitOf(rollout, now)].filter(Boolean).join('  '),
    ...(status.reason === '' ? [] : [`  ${status.reason}${byWhom(status)}`]),
    ...(closed === undefined ? [] : [`  no step is taken now: ${closed}`]),
    ...steps.map((step, index) => {
      const mark = index < reached ? 'x' : index === status.step && status.state !== 'pending' ? '>' : ' ';
      return `  ${mark} ${describeStep(step)}`;
    }),
    ...mirrors.flatMap((mirror) => [
      `  ${mirror.name}: ${describeNodes(mirror)}`,
      `  ${' '.repeat(mirror.name.length)}  ${describeLoad(mirror)}`,
      ...obstacles(mirror).map((text) => `  ${' '.repeat(mirror.name.length)}  ${text}`),
    ]),
    ...(status.gates ?? []).map((gate) => `  ${drawGate(gate)}`),
  ];
}

/** Steps done, and the part of the hold that is over: 0 to 1. */
function progressOf({ steps, status }: RolloutForm, now: number): number {
  if (status.state === 'done') return 1;
  const step = steps[status.step];
  const hold = parseDuration(step?.hold) ?? 0;
  const held = status.appliedAt === undefined ? 0 : now - Date.parse(status.appliedAt);
  const part = status.appliedAt === undefined ? 0 : hold === 0 ? 1 : Math.min(1, Math.max(0, held / hold));
  return steps.length === 0 ? 0 : (status.step + part) / steps.length;
}

export function stateOf({ state, step, steps, run }: StatusForm): string {
  return run === 0 || state === 'pending' ? state : `${state}, step ${Math.min(step + 1, steps)} of ${steps}`;
}

/** A move in one line. */
export function describeMove(status: StatusForm): string {
  const { reason } = status;
  const place = reason.startsWith('step ') ? `${status.state}, ${reason}` : `${stateOf(status)}: ${reason}`;
  return reason === '' ? stateOf(status) : `${place}${byWhom(status)}`;
}

function byWhom({ actor }: StatusForm): string {
  return actor === '' || actor === 'mirrorplane' ? '' : ` (${actor})`;
}

/** What a step that is held waits for. */
export function waitOf({ name, steps, status }: RolloutForm, now: number): string {
  const step = steps[status.step];
  if (status.state !== 'holding' || status.appliedAt === undefined || step === undefined) return '';
  const left = Date.parse(status.appliedAt) + (parseDuration(step.hold) ?? 0) - now;
  if (left > 0) return `${formatLeft(left)} of the hold left`;
  if (step.approval === 'manual' && !status.approved)
    return `waits for approval: mirrorplane rollout advance ${name}`;
  return step.minRequests > 0 ? `waits for ${step.minRequests} requests` : 'the hold is over';
}

/** `59s`, `9m 05s`, `3h 20m`. */
export function formatLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (minutes === 0) return `${seconds}s`;
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

/** Why no step may be taken now; undefined: one may, or none is to be. */
function closedNow({ status, windows, freezes }: RolloutForm, now: number): string | undefined {
  if (!['pending', 'applying', 'holding', 'gating'].includes(status.state)) return undefined;
  const read = windows.map(({ duration, ...window }) => ({
    ...window,
    durationMs: parseDuration(duration) ?? 0,
  }));
  const { open, why, until } = mayStep({ windows: read, freezes }, now);
  if (open) return undefined;
  const end = until === undefined || why.includes('until') ? '' : `, until ${new Date(until).toISOString()}`;
  return `${why}${end}`;
}

function describeStep({ percent, fleetPercent, hold, minRequests, approval }: StepForm): string {
  return [
    `${percent} % on ${fleetPercent >= 100 ? 'all nodes' : `${fleetPercent} % of the nodes`}`,
    `hold ${hold}`,
    ...(minRequests > 0 ? [`${minRequests} requests`] : []),
    ...(approval === 'manual' ? ['approval'] : []),
  ].join(', ');
}

export function describeNodes({ status }: MirrorForm): string {
  const { effective, nodes } = status;
  if (nodes.total === 0) return 'no node is connected';
  const having = effective.map(({ percent, nodes: count }) => {
    return `${count} ${count === 1 ? 'node' : 'nodes'} at ${percent ?? '?'} %`;
  });
  const refused = nodes.rejected > 0 ? `, ${nodes.rejected} refused something` : '';
  return `${having.join(', ')}; ${nodes.acked} of ${nodes.total} acknowledged${refused}`;
}

export function describeLoad({ status }: MirrorForm): string {
  const { sharePercent, coverage, copies, failed, dropped } = status.recent;
  if (copies === null) return 'last minute: nobody reported what was copied';
  const share =
    sharePercent === null
      ? 'share of requests unknown'
      : `${round(sharePercent)} % of the fleet's requests copied`;
  const covered =
    coverage === null || copies < TELLING_COPIES ? '' : ` (${round(coverage * 100)} % of what was due)`;
  return `last minute: ${share}${covered}, ${failed} failed, ${dropped} dropped`;
}

/** What keeps copies from being made, whatever the rollout says. */
function obstacles({ suspension, status: { stop } }: MirrorForm): readonly string[] {
  return [
    ...(stop === undefined
      ? []
      : [`STOPPED by ${stop.by} since ${stop.since}${stop.reason === '' ? '' : `: ${stop.reason}`}`]),
    ...(suspension === undefined ? [] : [`SUSPENDED (${suspension.state}): ${suspension.reason}`]),
  ];
}

export function drawGate({ gate, verdict, note, dryRun }: GateForm): string {
  const shown = verdict === 'fail' ? 'FAIL' : verdict;
  return `${shown.padEnd(7)} ${gate}${dryRun === true ? ' (dry run)' : ''}: ${note}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Exit code of a view that has come to an end; undefined: it goes on. */
export function endOf({ state }: StatusForm): number | undefined {
  if (state === 'done') return 0;
  if (state === 'aborted') return 1;
  return state === 'paused' ? 3 : undefined;
}
