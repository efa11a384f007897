import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createApp } from '../../src/app/app.ts';
import { readSettings } from '../../src/config/settings.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: any;
}

export interface RunningApp {
  readonly url: string;
  readonly xds: string;
  /** A body that is no string goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** The whole control plane in this process, on free ports and a directory of the test's own. */
export async function startApp(
  t: ExecutionContext,
  environment: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<RunningApp> {
  const args = ['--http', '127.0.0.1:0', '--xds', '127.0.0.1:0', '--log-level', 'silent', ...flags];
  const settings = readSettings(['--data', join(temporaryDirectory(t), 'data'), ...args], environment);
  if (!settings.ok) throw new Error(JSON.stringify(settings.issues));
  const app = createApp(settings.value, createLogger('silent'));
  t.teardown(() => app.stop());
  const { http, xds } = await app.start();
  const url = `http://${http}`;
  return { url, xds, call: (method, path, body, headers) => call(url + path, method, body, headers) };
}

async function call(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const json = body !== undefined && typeof body !== 'string';
  const response = await fetch(url, {
    method,
    headers: { ...(json && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: json ? JSON.stringify(body) : body }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}
