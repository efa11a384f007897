import type { MetricGate } from './rollout.ts';
import { bounds } from './statistics.ts';

export interface GateReading {
  /** `primaryErrorRate`, `prometheus`. */
  readonly gate: string;
  /** `unknown`: the data cannot tell, or cannot yet. It is never taken for a pass. */
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly value?: number;
  /** What the value is compared with, where that is not a number of the plan. */
  readonly against?: number;
  readonly samples?: number;
  /** In words, with the numbers. */
  readonly note: string;
  readonly dryRun: boolean;
}

/** What a gate makes of the data, without the gate. */
export type Finding = Omit<GateReading, 'gate' | 'dryRun'>;

export function judgeRate(gate: MetricGate, sample: { hits: number; of: number }, what: string): Finding {
  const { hits, of } = sample;
  if (of < gate.minSamples) return few(of, gate.minSamples);
  const value = hits / of;
  const { lower, upper } = bounds(sample);
  const note = `${hits} of ${of} ${what} (${percent(value)})`;
  const known = { value, samples: of };
  if (gate.max !== undefined && lower > gate.max)
    return { verdict: 'fail', ...known, note: `${note}: above ${percent(gate.max)}` };
  if (gate.min !== undefined && upper < gate.min)
    return { verdict: 'fail', ...known, note: `${note}: below ${percent(gate.min)}` };
  const within =
    (gate.max === undefined || value <= gate.max) && (gate.min === undefined || value >= gate.min);
  return within
    ? { verdict: 'pass', ...known, note }
    : { verdict: 'unknown', ...known, note: `${note}: beyond the bound, but it may be chance` };
}

export function few(samples: number, wanted: number): Finding {
  return {
    verdict: 'unknown',
    samples,
    note: `${samples} samples are too few to tell; ${wanted} are needed`,
  };
}

export function percent(rate: number): string {
  return `${round(rate * 100)} %`;
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
