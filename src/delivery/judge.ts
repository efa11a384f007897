import { isMoreOften } from '../model/statistics.ts';
import type { PrimaryTotals } from '../model/observation.ts';
import type { Change } from './change.ts';
import type { Fleet } from './fleet.ts';
import type { FleetLoads } from './fleet-loads.ts';
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
/** A target that gets no requests cannot prove itself, nor can nodes that get none. */
const PROOF_MS = 10_000;
/** Copies that failed, and none that succeeded, are no proof: too few to call it dead, they are waited out. */
const DOUBT_MS = 60_000;

/** Why the change is to be taken back, as far as load reports tell; undefined: no reason. */
export function judgeChange(fleet: Fleet, change: Change<NodeRecord>): string | undefined {
  return risenErrors(fleet, change) ?? deadTarget(fleet, change);
}

/** Errors of the primaries on nodes with the change, against those without in the same time, or all before it. */
function risenErrors({ loads }: Fleet, { version, since }: Change<NodeRecord>): string | undefined {
  const now = loads.onChange(version, since);
  if (now === undefined || now.requests < MIN_REQUESTS || now.errors < MIN_ERRORS) return undefined;
  const { rest, before } = references(loads, since);
  const reference = rest ?? before;
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

/** What there is to compare with: enough requests on other nodes since, or on all before. */
function references(
  loads: FleetLoads,
  since: number,
): { readonly rest: PrimaryTotals | undefined; readonly before: PrimaryTotals | undefined } {
  const enough = (from: number, to?: number): PrimaryTotals | undefined => {
    const found = loads.primaries.totals('rest', from, to)?.primary;
    return found !== undefined && found.requests >= MIN_REQUESTS ? found : undefined;
  };
  return { rest: enough(since), before: enough(since - BEFORE_MS, since) };
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
    const load = node.loads.on(change.version, mirror);
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

/**
 * What has to be seen of the first wave before more nodes get the change: a first copy that succeeded, where mirrors get
 * another target, and load reports that tell of errors. Undefined: enough was seen, or nothing will be.
 */
export function unproven(fleet: Fleet, change: Change<NodeRecord>, now: number): string | undefined {
  const waited = now - change.grantedAt;
  // A wave that proved it need not prove it again; nodes that do not report prove nothing.
  if (fleet.delivery.good === undefined || change.waves > 1) return undefined;
  if ([...change.granted].every(({ lastReport }) => lastReport === undefined)) return undefined;
  const waiting = moved(fleet, change).filter((mirror) => {
    const { ok, failed } = copiesSince(change, mirror);
    return ok === 0 && waited < (failed > 0 ? DOUBT_MS : PROOF_MS);
  });
  if (waiting.length > 0) return `a first copy of ${waiting.join(', ')} to the new target`;
  if (waited >= PROOF_MS) return undefined;
  const { rest, before } = references(fleet.loads, change.since);
  // Where there is nothing to compare with, load reports say nothing.
  if (rest === undefined && before === undefined) return undefined;
  const seen = fleet.loads.onChange(change.version, change.since)?.requests ?? 0;
  return seen >= MIN_REQUESTS ? undefined : 'load reports of nodes that have it';
}
