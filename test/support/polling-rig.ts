import { Delivery } from '../../src/delivery/delivery.ts';
import type { Inspector } from '../../src/delivery/inspector.ts';
import type { DeliveryEvent, Harm } from '../../src/delivery/types.ts';
import { checkMirror } from '../../src/model/check-mirror.ts';
import { checkTarget } from '../../src/model/check-target.ts';
import { EMPTY_STATE, applyChanges, mirrorsOf, type State } from '../../src/model/state.ts';
import { FakeDataPlane, MIRROR_TYPE } from './fake-data-plane.ts';
import { VirtualTimers } from './virtual-timers.ts';

/** What a node's own API says: the version that is in force there, or that it refuses; an error: it does not answer. */
export type Said =
  { readonly version: string } | { readonly refuses: string; readonly harmful?: readonly string[] } | Error;

/** A delivery to nodes that poll and are read back, with clock and APIs of the test's own. The fleet is `edge`. */
export class PollingRig {
  readonly timers = new VirtualTimers();
  readonly events: DeliveryEvent[] = [];
  readonly asked: string[] = [];
  readonly harm: Harm[] = [];
  readonly delivery: Delivery;
  readonly plane = new FakeDataPlane('polling');
  /** By address. */
  readonly said = new Map<string, Said>();
  #state: State = EMPTY_STATE;

  constructor({ readBack = true } = {}) {
    this.plane.polled = { path: 'document', contentType: 'text/plain', typeUrl: MIRROR_TYPE };
    if (readBack)
      this.plane.readBack = {
        paths: ['/in-force'],
        judge: (expected, answers) => {
          const said = answers.get('/in-force') as Exclude<Said, Error>;
          if ('refuses' in said)
            return {
              ...{ state: 'refused', message: said.refuses },
              ...(said.harmful && { harmful: said.harmful }),
            };
          const { version } = expected.types.get(MIRROR_TYPE) ?? {};
          return { state: said.version === version ? 'applied' : 'other' };
        },
      };
    this.delivery = new Delivery({
      dataPlanes: new Map([['polling', this.plane]]),
      timers: this.timers,
      ask: (url) => {
        this.asked.push(url);
        const said = this.said.get(new URL(url).origin) ?? new Error('nobody answers');
        return said instanceof Error ? Promise.reject(said) : Promise.resolve(said);
      },
      onHarm: (harm) => this.harm.push(harm),
      log: { info: () => undefined, warn: () => undefined },
    });
    this.delivery.subscribe((event) => this.events.push(event));
  }

  get inspector(): Inspector {
    return this.delivery.inspector;
  }

  /** The mirror `m` at this percent; another host is another structure. */
  publish(
    percent: number,
    options: { host?: string; addresses?: Readonly<Record<string, string>> } = {},
  ): void {
    const { host = 'wallarm', addresses } = options;
    const target = checkTarget('wallarm', { endpoints: [{ host, port: 8445 }] });
    const mirror = checkMirror('m', { fleet: 'edge', target: 'wallarm', percent });
    const config = this.plane.readConfig('{}', 'json', { fleet: 'edge', adopt: false });
    if (!target.ok || !mirror.ok || !config.ok) throw new Error('a sample is bad');
    const fleet = {
      ...{ name: 'edge', dataPlane: 'polling', nodeCluster: 'edge' },
      ...(addresses && { readBack: addresses }),
    };
    this.#state = applyChanges(this.#state, this.#state.revision + 1, [
      { kind: 'fleet', name: 'edge', before: undefined, after: fleet },
      { kind: 'target', name: 'wallarm', before: undefined, after: target.value },
      { kind: 'mirror', name: 'm', before: undefined, after: mirror.value },
    ]);
    const mirrors = mirrorsOf(this.#state, 'edge');
    const compiled = this.plane.compile({ fleet, config: config.value, mirrors });
    if (!compiled.ok) throw new Error('a sample is bad');
    this.delivery.publish(this.#state, new Map([['edge', compiled.value]]));
  }

  /** The node asks once. */
  poll(id = 'n1', peer = '10.0.0.1'): string | undefined {
    const node = { id, cluster: 'edge', version: undefined };
    return this.delivery.poll('edge', { node, peer })?.toString();
  }

  /** Version of what the node fetched last. */
  fetched(id = 'n1'): string {
    const [type] = this.inspector.node(id)?.types ?? [];
    if (type?.sent === undefined) throw new Error(`${id} has fetched nothing`);
    return type.sent.version;
  }

  state(id = 'n1'): string | undefined {
    return this.inspector.node(id)?.state;
  }

  percent(): number | null {
    return this.inspector.mirrorStatus('edge', 'm').effectivePercent;
  }
}
