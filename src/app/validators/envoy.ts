import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { renderStatic } from '../../dataplanes/envoy/index.ts';
import type { Issue } from '../../model/issue.ts';
import type { Validator } from './validator.ts';

const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
const run = promisify(execFile);

/**
 * Has an Envoy read what would be pushed, as one static file: `envoy --mode validate`. It finds what no schema tells:
 * formatters, regular expressions, what an extension makes of its own configuration.
 * https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-mode
 */
export function envoyValidator(binary: string): Validator {
  return async (compiled) => {
    const directory = await mkdtemp(join(tmpdir(), 'mirrorplane-validate-'));
    try {
      const file = join(directory, 'envoy.yaml');
      await writeFile(file, renderStatic(compiled, 'runtime'));
      return await validate(binary, file);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };
}

async function validate(binary: string, file: string): Promise<readonly Issue[]> {
  const args = ['--mode', 'validate', '-c', file, '--log-level', 'error', '--use-dynamic-base-id'];
  try {
    await run(binary, args, { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES });
    return [];
  } catch (error) {
    const { code, stderr = '', message } = error as { code?: unknown; stderr?: string; message: string };
    // Only its own exit code is an opinion; an Envoy that cannot be run is the operator's to know of.
    if (code !== 1) throw new Error(`${binary} could not be asked: ${message}`, { cause: error });
    return [{ path: '', message: `Envoy: ${wordsOf(stderr)}` }];
  }
}

/** Envoy's last words, without the time and place of its log. */
function wordsOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const words = lines.map((line) => line.replace(/^(\[[^\]]*\]\s*)+/, '')).join(' ');
  return (
    words.replace(/^error initializing configuration '[^']*': /, '').slice(-2000) || 'refused without a word'
  );
}
