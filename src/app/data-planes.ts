import type { DataPlane } from '../dataplanes/data-plane.ts';
import { createEnvoyDataPlane, loadSchema } from '../dataplanes/envoy/index.ts';
import { createIstioDataPlane, loadIstioSchema } from '../dataplanes/istio/index.ts';
import { createNginxDataPlane } from '../dataplanes/nginx/index.ts';
import { createTraefikDataPlane } from '../dataplanes/traefik/index.ts';

/** Every kind of data plane, by its name. */
export function createDataPlanes(): ReadonlyMap<string, DataPlane> {
  const all: readonly DataPlane[] = [
    createEnvoyDataPlane(loadSchema()),
    createIstioDataPlane(loadIstioSchema()),
    createNginxDataPlane(),
    createTraefikDataPlane(),
  ];
  return new Map(all.map((dataPlane) => [dataPlane.kind, dataPlane]));
}
