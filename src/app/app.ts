import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApi } from '../api/server.ts';
import type { Address, Settings } from '../config/settings.ts';
import { Control } from '../control/control.ts';
import { renderBootstrap } from '../dataplanes/envoy/index.ts';
import { Delivery } from '../delivery/delivery.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { SYSTEM_TIMERS } from '../delivery/timers.ts';
import { RolloutDriver } from '../rollout/driver.ts';
import { endHarm } from '../rollout/end-harm.ts';
import { Expiry } from '../rollout/expiry.ts';
import { NodeProbes } from '../rollout/node-probes.ts';
import type { CountedBy } from '../rollout/observer.ts';
import { TargetGuard } from '../rollout/target-guard.ts';
import { XdsServer } from '../xds/server.ts';
import { askJson } from './ask-json.ts';
import { createDataPlanes } from './data-planes.ts';
import { validatorOf } from './validators/validators.ts';
import { recall } from './recall.ts';
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
    const [tls, httpTls] = await Promise.all([readTlsFiles(settings.xdsTls), readTlsFiles(settings.httpTls)]);
    await mkdir(settings.data, { recursive: true });
    const store: Store = openSqliteStore(settings.data);
    stops.push(() => store.close());
    const dataPlanes = createDataPlanes();
    const delivery = new Delivery({
      dataPlanes,
      loadReportIntervalMs: settings.loadReportIntervalMs,
      onVerdict: (verdict) => {
        store
          .judge(verdict)
          .catch((error: unknown) => log.error({ err: error }, 'a verdict could not be kept'));
      },
      onHarm: (harm) => {
        endHarm(control, harm).catch((error: unknown) =>
          log.error({ err: error, ...harm }, 'a mirror that does harm could not be ended'),
        );
      },
      ask: askJson,
      log,
    });
    const control = await Control.open({
      store,
      dataPlanes,
      clock: () => new Date(),
      nodesOf: (fleet) => delivery.inspector.nodeIds(fleet),
      validate: validatorOf(settings),
      onListenerError: (error) => log.error({ err: error }, 'a listener of revisions failed'),
    });
    // Nothing is served before all that is stored is loaded.
    const fleets = [...control.state.fleet.keys()];
    delivery.publish(
      control.state,
      new Map(fleets.map((name) => [name, control.compiled(name)])),
      await recall(control, await store.verdicts(), log),
    );
    const xds = new XdsServer({ observer: delivery, loadReports: delivery, tls, log });
    delivery.onIntervals = () => xds.reviseLoadReports();
    const { port } = await xds.start(settings.xds);
    stops.push(async () => {
      delivery.stop();
      await xds.stop();
    });
    const timers = SYSTEM_TIMERS;
    const probes = new NodeProbes({ control, delivery, timers, fetch, log });
    const countedBy: CountedBy = (target, from) => probes.evidence(target, from);
    const rollouts = new RolloutDriver({ control, delivery, timers, fetch, countedBy, log });
    const unwell = (target: string) => probes.unwell(target);
    const guard = new TargetGuard({ control, delivery, timers, unwell, log });
    const expiry = new Expiry(control, timers, (error) =>
      log.error({ err: error }, 'a mirror could not be ended at its time'),
    );
    const api = await buildApi({
      control,
      delivery,
      dataPlanes,
      probes,
      rollouts,
      token: settings.token,
      nodeToken: settings.nodeToken,
      tls: httpTls,
      ready: () => ready,
      log,
      clock: () => new Date(),
      renderBootstrap: ({ fleet, node, xdsHost, adminPort }) =>
        fleet.dataPlane === 'envoy'
          ? renderBootstrap({
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
            })
          : undefined,
    });
    stops.push(() => api.close());
    // After those who tell of revisions, so that what follows from one is told of after it.
    control.subscribe(({ state, fleets: changed }) => delivery.publish(state, changed));
    probes.start();
    rollouts.start();
    guard.start();
    expiry.start();
    stops.push(async () => {
      for (const one of [probes, rollouts, guard, expiry]) one.stop();
      await control.close();
    });
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
