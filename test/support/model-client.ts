import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { decodeDelta, decodeSotw } from '../../src/xds/requests.ts';
import { DeltaStream, SotwStream } from '../../src/xds/stream.ts';
import { SubscriptionPool } from '../../src/xds/subscription.ts';
import { type Received, type Sent, decodeResponse, encodeRequest } from './xds-client.ts';
import { CDS, EDS, LDS, Owner, RDS, RTDS } from './xds-server.ts';

export const TYPES = [RTDS, CDS, EDS, LDS, RDS] as const;
export type Type = (typeof TYPES)[number];

interface Held {
  readonly content: string;
  readonly version: string;
  readonly expires: boolean;
}

interface TypeModel {
  asked: boolean;
  wildcard: boolean;
  /** Whether `*` or a name was ever sent on this stream (state of the world). */
  explicit: boolean;
  readonly names: Set<string>;
  readonly has: Map<string, Held>;
  nonce: string;
}

/**
 * A client as the protocol's text describes one, against the engine itself: what the server sends waits in an inbox until
 * the client reads it, so that requests and responses cross. It rejects a response in which a content begins with `bad`,
 * and takes the rest of it, as Envoy does with clusters.
 */
export class ModelClient {
  readonly protocol: 'sotw' | 'delta';
  readonly owner = new Owner();
  readonly pool = new SubscriptionPool();
  readonly inbox: Received[] = [];
  readonly types = new Map<Type, TypeModel>();
  /** Called after each response that was read. */
  onRead: (response: Received) => void = () => undefined;
  #stream: SotwStream | DeltaStream | undefined;
  #streams = 0;
  #now = 0;
  /** It has something of which it does not tell versions. */
  #halfTaken = false;

  constructor(protocol: 'sotw' | 'delta') {
    this.protocol = protocol;
    for (const type of TYPES) {
      const names = new Set<string>();
      const model = { asked: false, wildcard: false, explicit: false, names, has: new Map(), nonce: '' };
      this.types.set(type, model);
    }
  }

  model(type: Type): TypeModel {
    const found = this.types.get(type);
    if (found === undefined) throw new Error(`no type "${type}"`);
    return found;
  }

  /** Asks for what the model does not follow. */
  ask(type: string, names: readonly string[]): void {
    this.#send({ type, names, subscribe: names });
  }

  serve(snapshot: Snapshot | undefined): void {
    this.owner.serve(snapshot);
  }

  #open(): SotwStream | DeltaStream {
    this.#streams += 1;
    const inbox = this.inbox;
    const { protocol, pool, owner } = this;
    const id = this.#streams;
    const setup = {
      id,
      node: { id: 'n', cluster: 'c', version: undefined },
      peer: 'here',
      pool,
      observer: owner,
      write: (bytes: Buffer): void => void inbox.push(decodeResponse(protocol, bytes)),
      expires: () => undefined,
    };
    const stream = protocol === 'sotw' ? new SotwStream(setup) : new DeltaStream(setup);
    this.#stream = stream;
    stream.open();
    return stream;
  }

  #send(sent: Sent): void {
    const stream = this.#stream ?? this.#open();
    const bytes = encodeRequest(this.protocol, sent);
    if (stream instanceof SotwStream) stream.receive(decodeSotw(bytes));
    else stream.receive(decodeDelta(bytes));
  }

  /** No name: everything. */
  subscribe(type: Type, names: readonly string[]): void {
    const model = this.model(type);
    const first = !model.asked;
    model.asked = true;
    for (const name of names) {
      if (name === '*') model.wildcard = true;
      else model.names.add(name);
    }
    if (first && names.length === 0 && (type === CDS || type === LDS)) model.wildcard = true;
    if (this.protocol === 'delta') this.#send({ type, subscribe: names });
    else {
      model.explicit ||= names.length > 0;
      this.#request(type);
    }
  }

  unsubscribe(type: Type, names: readonly string[]): void {
    const model = this.model(type);
    if (!model.asked) return;
    for (const name of names) {
      if (name === '*') model.wildcard = false;
      else model.names.delete(name);
    }
    for (const name of [...model.has.keys()]) {
      const dropped = names.includes(name) || !model.wildcard;
      if (dropped && !model.names.has(name)) model.has.delete(name);
    }
    if (this.protocol === 'delta') this.#send({ type, unsubscribe: names });
    else {
      model.explicit = true;
      this.#request(type);
    }
  }

  /** State of the world: all that it wants now. */
  #request(type: Type, error?: string): void {
    const { wildcard, names, nonce, explicit } = this.model(type);
    const star = wildcard && explicit ? ['*'] : [];
    // Names were given before: no names would mean nothing.
    this.#send({ type, names: [...star, ...names], nonce, ...(error !== undefined && { error }) });
  }

  covers(type: Type, name: string): boolean {
    const { wildcard, names } = this.model(type);
    return wildcard || names.has(name);
  }

  /** Reads the oldest response. */
  read(): void {
    const response = this.inbox.shift();
    if (response === undefined) return;
    const type = response.typeUrl;
    const model = this.model(type);
    model.nonce = response.nonce;
    const bad = Object.values(response.resources).some((content) => content.startsWith('bad'));
    this.#halfTaken ||= bad;
    for (const [name, content] of Object.entries(response.resources)) {
      if (!this.covers(type, name) || content.startsWith('bad')) continue;
      const version = response.versions[name] ?? '';
      model.has.set(name, { content, version, expires: name in response.ttls });
    }
    for (const name of response.removed) model.has.delete(name);
    if (this.protocol === 'sotw' && model.wildcard) {
      for (const name of [...model.has.keys()]) if (!(name in response.resources)) model.has.delete(name);
    }
    const error = bad ? 'bad' : undefined;
    if (this.protocol === 'sotw') this.#request(type, error);
    else this.#send({ type, nonce: response.nonce, ...(error !== undefined && { error }) });
    this.onRead(response);
  }

  /** The stream breaks; what was on its way is lost. A client that took half of something starts from nothing. */
  reconnect(): void {
    this.close();
    const forgets = this.#halfTaken;
    this.#halfTaken = false;
    for (const type of TYPES) {
      const model = this.model(type);
      model.nonce = '';
      model.explicit = model.names.size > 0;
      if (forgets) model.has.clear();
      if (!model.asked) continue;
      const names = [...(model.wildcard ? ['*'] : []), ...model.names];
      if (names.length === 0) {
        model.asked = false;
        continue;
      }
      if (this.protocol === 'sotw') {
        model.explicit = true;
        this.#request(type);
      } else {
        const initial = Object.fromEntries([...model.has].map(([name, { version }]) => [name, version]));
        this.#send({ type, subscribe: names, initial });
      }
    }
  }

  /** What ends by itself ends, and the client tells nobody. */
  expire(): void {
    for (const { has } of this.types.values()) {
      for (const [name, { expires }] of has) if (expires) has.delete(name);
    }
  }

  /** A third of every time is over. */
  keepAlive(): void {
    this.#now += 1e9;
    this.#stream?.keepAlive(this.#now);
  }

  close(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.inbox.length = 0;
  }

  /** Reads until nothing is on its way. */
  settle(): void {
    for (let rounds = 0; this.inbox.length > 0; rounds++) {
      if (rounds > 500) throw new Error('the server does not come to rest');
      this.read();
    }
  }

  contents(type: Type): Readonly<Record<string, string>> {
    const entries = [...this.model(type).has].map(([name, { content }]) => [name, content] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
