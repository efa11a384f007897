import { basename } from 'node:path';
import { isPossible, routesOf } from '../dataplanes/nginx/conditions.ts';
import { type NameOf, copies, inclusionOf } from '../dataplanes/nginx/config/inclusion.ts';
import { words } from '../dataplanes/nginx/config/scopes.ts';
import { type ListenSocket, socketsOf } from '../dataplanes/nginx/config/sockets.ts';
import type { Directive } from '../dataplanes/nginx/config/tokens.ts';
import { type Addresses, SERVER_FILE, locationsOf } from '../dataplanes/nginx/options.ts';
import type { LimitReason, Plan, PlannedMirror } from '../dataplanes/nginx/plan.ts';
import { listensAt, socketsAt } from './own-sockets.ts';
import type { ListenAddress } from './state-api.ts';

/** What is wrong with a mirror in its owner's configuration. */
export interface Trouble {
  readonly reason: Extract<LimitReason, 'not-included' | 'misplaced' | 'loop'>;
  /** For its owner: what, and where. */
  readonly message: string;
}

/** What a mirror finds in its owner's configuration, which is read with all of its includes. */
export class Setting {
  readonly #files: ReadonlySet<string>;
  readonly #misplaced: ReturnType<typeof inclusionOf>['misplaced'];
  /** Of servers that copy. */
  readonly #copying: ReadonlySet<Directive>;
  readonly #sockets: readonly ListenSocket[];
  readonly #own: () => readonly string[];
  /** Our own server in this NGINX. */
  readonly #state: ListenAddress;

  /** `own`: addresses of the machine, which may get and lose some. */
  constructor(top: readonly Directive[], nameOf: NameOf, own: () => readonly string[], state: ListenAddress) {
    const { files, misplaced } = inclusionOf(top, nameOf);
    this.#files = files;
    this.#misplaced = misplaced;
    const sockets = socketsOf(top);
    this.#copying = new Set(sockets.map(({ server }) => server).filter((server) => copies(server, nameOf)));
    // Hundreds of servers share a few.
    const distinct = new Map<string, ListenSocket>();
    for (const socket of sockets.toReversed())
      distinct.set(JSON.stringify([socket.host, socket.ports, this.#copying.has(socket.server)]), socket);
    this.#sockets = [...distinct.values()];
    this.#own = own;
    this.#state = state;
  }

  troubleOf(mirror: PlannedMirror, addresses: Addresses): Trouble | undefined {
    const loop = this.#loop(mirror, addresses);
    if (loop !== undefined) return { reason: 'loop', message: loop };
    const misplaced = this.#misplaced.find(({ file }) => isIn(mirror, file));
    if (misplaced !== undefined) {
      const { file, holder, server } = misplaced;
      return {
        reason: 'misplaced',
        message:
          `"${words(holder)}" (${placeOf(holder)}) includes ${file}, and its server {} (${placeOf(server)}) does not ` +
          `include ${SERVER_FILE}: copies would be requests to its own locations`,
      };
    }
    if ([...this.#files].some((file) => isIn(mirror, file))) return undefined;
    return {
      reason: 'not-included',
      message: `no location includes a file with mirror ${mirror.name} in it, in a server that includes ${SERVER_FILE}`,
    };
  }

  /** What would be copied without end if `plan` were in force. */
  loops(plan: Plan, addresses: Addresses): readonly string[] {
    return plan.mirrors.flatMap((mirror) =>
      mirror.percent > 0 ? (this.#loop(mirror, addresses) ?? []) : [],
    );
  }

  /** Which server answers is not known before a request has a name: any of a socket's may. */
  #loop({ name, target }: PlannedMirror, addresses: Addresses): string | undefined {
    for (const { host, port } of target.endpoints) {
      for (const address of addresses.get(host) ?? [host]) {
        if (listensAt(this.#state, address, port, this.#own)) {
          return (
            `mirror ${name} would copy to this NGINX itself (${address}:${port}, where it tells the agent what is in ` +
            'force: --state-listen)'
          );
        }
        const own = socketsAt(this.#sockets, address, port, this.#own).find(({ server }) =>
          this.#copying.has(server),
        );
        if (own === undefined) continue;
        const listens = own.listen ?? own.server;
        return (
          `mirror ${name} would copy to this NGINX itself (${address}:${port}, ${placeOf(listens)} ` +
          `${words(listens)}): copies would be copied without end`
        );
      }
    }
    return undefined;
  }
}

/** A file that no mirror names any more has what all locations have. */
function isIn(mirror: PlannedMirror, file: string): boolean {
  const locations = locationsOf(file);
  if (locations === undefined) return false;
  const { route } = locations;
  return isPossible(mirror, route !== undefined && routesOf([mirror]).includes(route) ? route : undefined);
}

function placeOf({ file = '', line }: Directive): string {
  return `${basename(file)} line ${line}`;
}
