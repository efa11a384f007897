import type { Driver } from './plan.ts';

/** By host name. */
export type Addresses = ReadonlyMap<string, readonly string[]>;

/** What the files are made for. */
export interface RenderOptions {
  readonly driver: Driver;
  /** Where the files are: absolute, or as seen from NGINX's main file. */
  readonly directory: string;
  /** `127.0.0.1:PORT` of the server block that says which version is in force. */
  readonly stateListen: string;
  /** `127.0.0.1:PORT`, UDP: gets a line per copy. See log-line.ts. */
  readonly logAddress?: string;
  /**
   * Addresses of the targets' host names, as the agent resolved them. NGINX itself would resolve a name when it starts,
   * and not start where it cannot; Lua takes addresses only: without an address there is no copy.
   */
  readonly addresses?: Addresses;
}

export const DEFAULT_DIRECTORY = '/etc/nginx/mirrorplane';
export const DEFAULT_STATE_LISTEN = '127.0.0.1:22119';

export const HTTP_FILE = 'http.conf';
export const SERVER_FILE = 'server.conf';
export const LOCATION_FILE = 'location.conf';

/** The file for locations that their owner calls `route`. */
export function routeFile(route: string): string {
  return `location-${route}.conf`;
}

const LOCATION = /^location(?:-(.+))?\.conf$/;

/** Which locations a file is for: those of a `route`, or all others. Undefined where it is for none. */
export function locationsOf(file: string): { readonly route: string | undefined } | undefined {
  const found = LOCATION.exec(file);
  return found === null ? undefined : { route: found[1] };
}

/** What can be part of a file's name, and of a URI as it is. */
export const ROUTE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
