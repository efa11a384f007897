import { readFile } from 'node:fs/promises';

export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

export async function readTlsFiles(
  files: { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined } | undefined,
): Promise<TlsFiles | undefined> {
  if (files === undefined) return undefined;
  const [cert, key, clientCa] = await Promise.all([
    readFile(files.cert),
    readFile(files.key),
    files.clientCa === undefined ? undefined : readFile(files.clientCa),
  ]);
  return { cert, key, clientCa };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g;

/** The last certificate of a chain: what a client has to trust. */
export function trustAnchor(chain: Buffer): string {
  return chain.toString('utf8').match(CERTIFICATE)?.at(-1) ?? chain.toString('utf8');
}
