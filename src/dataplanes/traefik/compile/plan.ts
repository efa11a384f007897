import type { Mirror, RouteSelector } from '../../../model/mirror.ts';
import type { Target } from '../../../model/target.ts';
import { type Json, fieldsOf, textOf } from '../json.ts';
import { ownName } from '../names.ts';

export interface PlannedMirror {
  readonly mirror: Mirror;
  readonly target: Target;
  /** Names of the routers whose requests it copies. */
  readonly routers: readonly string[];
}

/** Which mirror copies the requests of which routers. Mirrors are in the order of their names. */
export function makePlan(
  document: Json,
  mirrors: readonly { readonly mirror: Mirror; readonly target: Target }[],
): readonly PlannedMirror[] {
  const routers = Object.entries(fieldsOf(fieldsOf(document['http'])['routers'])).flatMap(
    ([name, router]) => {
      const service = textOf(fieldsOf(router)['service']);
      return service === undefined ? [] : [{ name, isInternal: service.endsWith('@internal') }];
    },
  );
  return [...mirrors]
    .sort((a, b) => (a.mirror.name < b.mirror.name ? -1 : 1))
    .map(({ mirror, target }) => {
      const selected = routers.filter(
        ({ name, isInternal }) =>
          // Traefik's own services, such as its API, are copied only where they are named.
          (mirror.routes.length === 0 ? !isInternal : selects(mirror.routes, name)) &&
          !selects(mirror.exclude, name),
      );
      return { mirror, target, routers: selected.map(({ name }) => name) };
    });
}

function selects(selectors: readonly RouteSelector[], router: string): boolean {
  return selectors.some(({ route }) => route !== undefined && ownName(route) === router);
}
