import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app/app.ts';
import { readSettings } from '../../src/config/settings.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

/** The OpenAPI document as a server serves it, printed. */
export async function openApiText(): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'mirrorplane-openapi-'));
  const settings = readSettings(['--http', '127.0.0.1:0', '--xds', '127.0.0.1:0', '--data', data], {});
  if (!settings.ok) throw new Error(JSON.stringify(settings.issues));
  const app = createApp(settings.value, createLogger('silent'));
  try {
    const { http } = await app.start();
    const document: unknown = await (await fetch(`http://${http}/openapi.json`)).json();
    return `${JSON.stringify(document, null, 2)}\n`;
  } finally {
    await app.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
