import { isMoreOften } from '../model/statistics.ts';
import type { PrimaryTotals } from '../model/observation.ts';
import type { Change } from './change.ts';
import type { Fleet } from './fleet.ts';
import type { NodeRecord } from './node-record.ts';

/** Fewer requests or errors than this are chance. */
const MIN_REQUESTS = 50;
const MIN_ERRORS = 5;
/** Errors may rise by this share of the requests before a change is held to be the reason. */
const TOLERATED_RISE = 0.01;
/** It is looked at with every report, so one in a thousand would come up. */
const SURE = 3.1;
/** How long before the change errors are looked at, where no node is without it. */
const BEFORE_MS = 600_000;
/** Copies to a new target without a single success that are enough to call it dead. */
const DEAD_AFTER = 10;
/** A target that gets no requests cannot prove itself. */
const PROOF_MS = 10_000;

/** Why the change is to be taken back, as far as load reports tell; undefined: no reason. */
export function judgeChange(fleet: Fleet, change: Change<NodeRecord>): string | undefined {
  return risenErrors(fleet, change) ?? deadTarget(fleet, change);
}

/** Errors of the primaries on nodes with the change, against those without in the same time, or all before it. */
function risenErrors({ loads }: Fleet, { since }: Change<NodeRecord>): string | undefined {
  const series = loads.primaries;
  const now = series.totals('chosen', since)?.primary;
  if (now === undefined || now.requests < MIN_REQUESTS || now.errors < MIN_ERRORS) return undefined;
  const rest = series.totals('rest', since)?.primary;
  const before = series.totals('rest', since - BEFORE_MS, since)?.primary;
  const reference = [rest, before].find((one) => one !== undefined && one.requests >= MIN_REQUESTS);
  if (reference === undefined) return undefined;
  const risen = isMoreOften(
    { hits: now.errors, of: now.requests },
    { hits: reference.errors, of: reference.requests },
    TOLERATED_RISE,
    SURE,
  );
  if (!risen) return undefined;
  const where = reference === rest ? 'on nodes without it' : 'before it';
  return `primary errors rose: ${rate(now)} on nodes with the change, ${rate(reference)} ${where}`;
}

function rate({ errors, requests }: PrimaryTotals): string {
  return `${errors} of ${requests} requests (${Math.round((errors / requests) * 1000) / 10} %)`;
}

/** Mirrors whose copies go elsewhere with the change, of which its nodes make copies. */
function moved(fleet: Fleet, change: Change<NodeRecord>): readonly string[] {
  const before = fleet.delivery.good?.compiled.destinations;
  const after = change.version.compiled.destinations;
  return fleet.percents.mirrors
    .map(({ name }) => name)
    .filter((name) => before?.has(name) === true && before.get(name) !== after.get(name))
    .filter((name) => [...change.granted].some(({ id }) => (fleet.percents.of(id).get(name) ?? 0) > 0));
}

function copiesSince(change: Change<NodeRecord>, mirror: string): { ok: number; failed: number } {
  let [ok, failed] = [0, 0];
  for (const node of change.granted) {
    const load = node.loadsOn(change.version).get(mirror);
    ok += (load?.copies ?? 0) - (load?.errors ?? 0);
    failed += load?.errors ?? 0;
  }
  return { ok, failed };
}

function deadTarget(fleet: Fleet, change: Change<NodeRecord>): string | undefined {
  for (const mirror of moved(fleet, change)) {
    const { ok, failed } = copiesSince(change, mirror);
    if (ok > 0 || failed < DEAD_AFTER) continue;
    const before = fleet.loads.series(mirror).totals('chosen', change.since - BEFORE_MS, change.since);
    // The old one is no better.
    if (before !== undefined && before.copies.failed > before.copies.succeeded) continue;
    return `none of ${failed} copies of mirror "${mirror}" to its new target succeeded`;
  }
  return undefined;
}

/** What has to be seen before more nodes send their copies to a new target: a first one that succeeded. */
export function unprovenTarget(fleet: Fleet, change: Change<NodeRecord>, now: number): string | undefined {
  if (fleet.delivery.good === undefined || now - change.grantedAt >= PROOF_MS) return undefined;
  // A wave that proved it need not prove it again; nodes that do not report prove nothing.
  if (change.waves > 1 || [...change.granted].every(({ lastReport }) => lastReport === undefined))
    return undefined;
  const waiting = moved(fleet, change).filter((mirror) => copiesSince(change, mirror).ok === 0);
  return waiting.length === 0 ? undefined : `a first copy of ${waiting.join(', ')} to the new target`;
}
