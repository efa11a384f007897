import { pino } from 'pino';
import { recall } from '../../../src/app/recall.ts';
import { Control } from '../../../src/control/control.ts';
import type { Publication } from '../../../src/control/types.ts';
import type { DataPlane } from '../../../src/dataplanes/data-plane.ts';
import { Delivery } from '../../../src/delivery/delivery.ts';
import type { Timers } from '../../../src/delivery/timers.ts';
import { RolloutDriver } from '../../../src/rollout/driver.ts';
import { StoreError, type Store } from '../../../src/store/store.ts';
import { FakeDataPlane } from '../fake-data-plane.ts';
import { MIRROR } from './node.ts';

/** The control plane as `createApp` wires it, but for its doors. */
export interface Plane {
  readonly control: Control;
  readonly delivery: Delivery;
  readonly driver: RolloutDriver;
  /** Killed: nobody is told. */
  readonly stop: () => void;
}

export interface PlaneOptions {
  readonly store: Store;
  readonly time: Timers;
  readonly loadReportIntervalMs: number;
  /** Told of each write before anyone else. */
  readonly onPublication: (publication: Publication) => void;
  /** What should not have happened, in words. A write that the store refuses is none. */
  readonly onTrouble: (what: string) => void;
}

const SILENT = pino({ level: 'silent' });

/** Starts on what is stored, as after a restart. */
export async function bootPlane(options: PlaneOptions): Promise<Plane> {
  const { store, time, loadReportIntervalMs, onPublication, onTrouble } = options;
  const ignore = (): void => undefined;
  const dataPlanes = new Map<string, DataPlane>([['envoy', simulatedDataPlane()]]);
  const delivery = new Delivery({
    ...{ dataPlanes, timers: time, loadReportIntervalMs, log: { info: ignore, warn: ignore } },
    onVerdict: (verdict) => void store.judge(verdict),
  });
  const control = await Control.open({
    ...{ store, dataPlanes, clock: () => new Date(time.now()) },
    nodesOf: (fleet) => delivery.inspector.nodeIds(fleet),
    onListenerError: (error) => onTrouble(`a listener threw ${String(error)}`),
  });
  const compiled = [...control.state.fleet.keys()].map((name) => [name, control.compiled(name)] as const);
  const memory = await recall(control, await store.verdicts(), SILENT);
  delivery.publish(control.state, new Map(compiled), memory);
  const fetch = (): Promise<never> => Promise.reject(new Error('there is no network'));
  const warn = (fields: object, message: string): void => {
    if (!('err' in fields && fields.err instanceof StoreError)) onTrouble(message);
  };
  const driver = new RolloutDriver({ control, delivery, timers: time, fetch, log: { info: ignore, warn } });
  control.subscribe(onPublication);
  control.subscribe(({ state, fleets }) => delivery.publish(state, fleets));
  driver.start();
  const stop = (): void => {
    driver.stop();
    delivery.stop();
  };
  return { control, delivery, driver, stop };
}

/** It tells the clusters of primaries from those of mirrors, as load reports name both. */
function simulatedDataPlane(): DataPlane {
  const mirrorOfCluster = (cluster: string): string | undefined => (cluster === MIRROR ? MIRROR : undefined);
  return Object.assign(new FakeDataPlane() as DataPlane, { mirrorOfCluster });
}
