import type { Rollout, Webhook } from '../model/rollout.ts';
import { formatPercent } from '../model/percent.ts';
import type { Fetch } from './prometheus.ts';

export type HookResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

/**
 * Calls a rollout's webhooks of its present step, one after the other; the first that does not answer 2xx in time ends
 * it. A restart may call one again: `Idempotency-Key` is the same then.
 */
export async function callWebhooks(
  rollout: Rollout,
  when: Webhook['when'],
  fetch: Fetch,
): Promise<HookResult> {
  const { name, mirrors, status } = rollout;
  const step = rollout.steps[status.step];
  if (step === undefined) return { ok: true };
  const body = JSON.stringify({
    ...{ rollout: name, mirrors, when, run: status.run, step: status.step },
    percent: formatPercent(step.percent),
    fleetPercent: formatPercent(step.fleetPercent),
  });
  const hooks = rollout.webhooks.filter((hook) => hook.when === when);
  for (const [index, { url, timeoutMs }] of hooks.entries()) {
    try {
      const response = await fetch(new URL(url), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': `${name}-${status.run}-${status.step}-${when}-${index}`,
        },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      if (!response.ok) return { ok: false, message: `webhook ${url} answered ${response.status}` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { ok: false, message: `webhook ${url} could not be called: ${reason}` };
    }
  }
  return { ok: true };
}
