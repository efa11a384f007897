import type { PrometheusGate } from '../model/rollout.ts';

const TIMEOUT_MS = 5000;

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/**
 * The value of an instant query: a scalar, or a vector of one element. Undefined when there is no such number, for
 * whatever reason: a gate that cannot be read is not passed.
 * https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
 */
export async function queryPrometheus(gate: PrometheusGate, fetch: Fetch): Promise<number | undefined> {
  try {
    const url = new URL('api/v1/query', gate.url.endsWith('/') ? gate.url : `${gate.url}/`);
    url.searchParams.set('query', gate.query);
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? valueOf(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}

function valueOf(answer: unknown): number | undefined {
  const { data } = answer as { data?: { resultType?: string; result?: unknown } };
  if (data?.resultType === 'scalar') return sampleOf(data.result);
  if (data?.resultType !== 'vector' || !Array.isArray(data.result) || data.result.length !== 1)
    return undefined;
  return sampleOf((data.result[0] as { value?: unknown }).value);
}

/** `[time, "value"]`. */
function sampleOf(sample: unknown): number | undefined {
  if (!Array.isArray(sample) || typeof sample[1] !== 'string') return undefined;
  const value = Number(sample[1]);
  return Number.isFinite(value) ? value : undefined;
}
