import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApi } from '../api/server.ts';
import type { Address, Settings } from '../config/settings.ts';
import { Control } from '../control/control.ts';
import type { DataPlane } from '../dataplanes/data-plane.ts';
import { createEnvoyDataPlane, loadSchema, renderBootstrap } from '../dataplanes/envoy/index.ts';
import { Delivery } from '../delivery/delivery.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { XdsServer } from '../xds/server.ts';
import { readTlsFiles, trustAnchor } from './tls-files.ts';

export interface App {
  /** Loads the store, then serves xDS, then REST. Resolves when ready; rejects when anything of it failed. */
  start(): Promise<{ readonly http: string; readonly xds: string }>;
  /** Nodes keep what they have. Safe to call at any time. */
  stop(): Promise<void>;
}

/** Builds, starts and stops everything. */
export function createApp(settings: Settings, log: Logger): App {
  const stops: (() => Promise<void>)[] = [];
  let ready = false;

  async function start(): Promise<{ http: string; xds: string }> {
    const tls = await readTlsFiles(settings.xdsTls);
    await mkdir(settings.data, { recursive: true });
    const store: Store = openSqliteStore(settings.data);
    stops.push(() => store.close());
    const dataPlanes = new Map<string, DataPlane>([['envoy', createEnvoyDataPlane(loadSchema())]]);
    const control = await Control.open({
      store,
      dataPlanes,
      clock: () => new Date(),
      onListenerError: (error) => log.error({ err: error }, 'a listener of revisions failed'),
    });
    const delivery = new Delivery({ dataPlanes, now: Date.now, log });
    // Nothing is served before all that is stored is loaded.
    delivery.publish(
      control.state,
      new Map([...control.state.fleet.keys()].map((name) => [name, control.compiled(name)])),
    );
    control.subscribe(({ state, fleets }) => delivery.publish(state, fleets));
    const xds = new XdsServer({
      observer: delivery,
      loadReports: delivery,
      loadReportIntervalMs: settings.loadReportIntervalMs,
      tls,
      log,
    });
    const { port } = await xds.start(settings.xds);
    stops.push(() => xds.stop());
    const api = await buildApi({
      control,
      delivery,
      token: settings.token,
      ready: () => ready,
      log,
      clock: () => new Date(),
      renderBootstrap: ({ fleet, node, xdsHost, adminPort }) =>
        renderBootstrap({
          fleet,
          node,
          adminPort,
          xds: settings.xdsAdvertise ?? reachable(settings.xds, xdsHost, port),
          ...(tls && {
            tls: {
              ca: trustAnchor(tls.cert),
              ...(tls.clientCa && {
                clientCertificate: {
                  certFile: '/etc/mirrorplane/node.crt',
                  keyFile: '/etc/mirrorplane/node.key',
                },
              }),
            },
          }),
        }),
    });
    stops.push(() => api.close());
    await api.listen({ host: settings.http.host, port: settings.http.port });
    ready = true;
    return { http: shown(settings.http.host, portOf(api)), xds: shown(settings.xds.host, port) };
  }

  async function stop(): Promise<void> {
    ready = false;
    for (const end of stops.splice(0).reverse()) await end();
  }

  return { start, stop };
}

/** A bound address other than "all" is the one that nodes can reach; else the host that the caller used. */
function reachable(bound: Address, host: string, port: number): Address {
  const any = bound.host === '0.0.0.0' || bound.host === '::';
  return { host: any ? host : bound.host, port };
}

function portOf(api: FastifyInstance): number {
  return (api.server.address() as AddressInfo).port;
}

function shown(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
