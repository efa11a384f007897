import type { Fetch } from './prometheus.ts';

/** What came back, or why nothing did. */
export type NodeAnswer =
  | { readonly answered: true; readonly status: number; readonly text: string }
  | { readonly answered: false; readonly reason: string };

/** Nodes with thousands of applications tell of each. */
const MAX_BYTES = 1024 * 1024;

/** GET, with an end in time and in size. Redirects are answers. `body`: whether it is wanted. */
export async function askNode(
  url: string,
  { timeoutMs, fetch, body }: { readonly timeoutMs: number; readonly fetch: Fetch; readonly body: boolean },
): Promise<NodeAnswer> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(new URL(url), { signal, redirect: 'manual' });
    const { status } = response;
    if (body && response.ok) return { answered: true, status, text: await textOf(response) };
    await response.body?.cancel();
    return { answered: true, status, text: '' };
  } catch (error) {
    return { answered: false, reason: reasonOf(error, timeoutMs) };
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body as AsyncIterable<Uint8Array> | null) ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`it answered with more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** fetch hides what happened in a cause. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer in ${timeoutMs} ms`;
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
