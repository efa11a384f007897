/** Gates by what the target's own nodes count. */
import { few, judgeRate, percent } from './finding.ts';
import type { Finding } from './finding.ts';
import type { NodeEvidence } from './node-evidence.ts';
import type { MetricGate } from './rollout.ts';

const UNREAD: Finding = {
  verdict: 'unknown',
  note: "the counters of the target's node (node.status) have not been read since the step was applied",
};

/** `hits`: undefined where the node does not count them. */
export function judgeNodeRate(
  gate: MetricGate,
  node: NodeEvidence | undefined,
  hits: number | undefined,
  what: string,
): Finding {
  if (node === undefined) return UNREAD;
  if (hits === undefined) return { verdict: 'unknown', note: 'the node does not count them' };
  // One request can make several errors.
  const finding = judgeRate(gate, { hits: Math.min(hits, node.requests), of: node.requests }, what);
  if (finding.verdict !== 'pass' || node.gap === undefined) return finding;
  return { ...finding, verdict: 'unknown', note: `${finding.note}; but ${node.gap}` };
}

/** What may be of another time is counted in favour of the node where it would fail, and against it where it would pass. */
export function judgeNodeCoverage(
  { min = 0, minSamples }: MetricGate,
  node: NodeEvidence | undefined,
): Finding {
  if (node === undefined) return UNREAD;
  const { coverage } = node;
  if (typeof coverage === 'string') return { verdict: 'unknown', note: coverage };
  const { counted, sent, slack, seconds } = coverage;
  if (sent < minSamples) return few(sent, minSamples);
  const known = { value: counted / sent, samples: sent };
  const note = `the node counted ${counted} requests, ${sent} copies were sent (${percent(known.value)}) in ${Math.round(seconds)} s`;
  const allowed = (1 - min) * sent;
  if (counted + slack < min * sent)
    return { verdict: 'fail', ...known, note: `${note}: below ${percent(min)}` };
  const unknown = (why: string): Finding => ({ verdict: 'unknown', ...known, note: `${note}: ${why}` });
  if (counted - slack > sent + allowed) return unknown('others send to it as well, so nothing can be told');
  if (slack > allowed)
    return unknown(`some ${Math.round(slack)} may be of another time; a longer hold tells more`);
  return counted >= min * sent
    ? { verdict: 'pass', ...known, note }
    : unknown('it may be the ends of the time');
}
