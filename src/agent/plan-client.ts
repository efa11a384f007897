import { readFileSync } from 'node:fs';
import { type ChannelCredentials, Client, type ClientDuplexStream, credentials, status } from '@grpc/grpc-js';
import { type Limit, PLAN_TYPE, decodePlan, limitName } from '../dataplanes/nginx/plan.ts';
import {
  CHANNEL,
  DELTA,
  type DeltaResponse,
  HEALTH,
  type NodeIdentity,
  decodeResponse,
  encodeNode,
  encodeRequest,
} from './discovery.ts';
import type { Sent } from './disk.ts';
import type { Clock } from './time.ts';

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PlanClientOptions {
  /** `HOST:PORT` */
  readonly server: string;
  readonly tls: TlsFiles | undefined;
  readonly node: NodeIdentity;
  /** The resource that is subscribed to. */
  readonly resource: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
  /** The version in force, of the control plane's resource: said on connecting, so that it is not sent again. */
  readonly inForce: () => string | undefined;
  /** To be answered by {@link PlanClient.ack} or {@link PlanClient.nack}. Undefined: there is no plan any more. */
  readonly onPlan: (sent: Sent | undefined) => void;
  /** The control plane was heard of. */
  readonly onContact: () => void;
  /** A channel for other services, as long as it is connected. */
  readonly onChannel?: (client: Client | undefined) => void;
  /** How often to ask whether it is still there, in milliseconds. */
  readonly contactEveryMs: () => number;
}

export interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 15_000;
/** A stream that lived for so long was a good one. */
const GOOD_MS = 5000;

/** One incremental aggregated stream, opened again and again. */
export class PlanClient {
  readonly #options: PlanClientOptions;
  #client: Client | undefined;
  #call: ClientDuplexStream<Uint8Array, Buffer> | undefined;
  /** The response that waits for an answer. */
  #open: { readonly nonce: string } | undefined;
  #openedAt = 0;
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #contact: NodeJS.Timeout | undefined;
  #started = false;
  #limits: ReadonlySet<string> = new Set();
  #complained = false;

  constructor(options: PlanClientOptions) {
    this.#options = options;
  }

  get isStarted(): boolean {
    return this.#started;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#attempts = 0;
    this.#connect();
  }

  stop(): void {
    this.#started = false;
    clearTimeout(this.#retry);
    this.#close();
  }

  /** Says anew, on a new stream, what is in force: the protocol has no way to take back a rejection. */
  announce(): void {
    if (!this.#started) return;
    this.stop();
    this.start();
  }

  /** Where NGINX is at less than the plan says: by names that are asked for, which can change on a stream at any time. */
  limit(limits: ReadonlyMap<string, Limit>): void {
    const before = this.#limits;
    this.#limits = new Set(
      [...limits].map(([mirror, { percent, reason }]) => limitName(mirror, percent, reason)),
    );
    const added = [...this.#limits].filter((name) => !before.has(name));
    const gone = [...before].filter((name) => !this.#limits.has(name));
    if (added.length + gone.length === 0) return;
    this.#send({
      type_url: PLAN_TYPE,
      resource_names_subscribe: added,
      resource_names_unsubscribe: gone,
    });
  }

  ack(): void {
    this.#answer(undefined);
  }

  nack(message: string): void {
    this.#answer(message);
  }

  #answer(message: string | undefined): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#send({
      type_url: PLAN_TYPE,
      response_nonce: open.nonce,
      ...(message !== undefined && { error_detail: { code: status.INVALID_ARGUMENT, message } }),
    });
  }

  #connect(): void {
    const { server, node, resource, inForce, onChannel } = this.#options;
    let client: Client;
    try {
      // Read each time: certificates are renewed.
      client = new Client(server, this.#credentials(), CHANNEL);
    } catch (error) {
      return this.#lost(`its TLS files cannot be used: ${(error as Error).message}`);
    }
    this.#client = client;
    const call = client.makeBidiStreamRequest(
      DELTA,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => bytes,
    );
    this.#call = call;
    this.#openedAt = this.#options.clock.now();
    call.on('data', (bytes: Buffer) => {
      if (call === this.#call) this.#receive(bytes);
    });
    call.on('error', (error) => {
      if (call === this.#call) this.#lost(error.message);
    });
    call.on('end', () => {
      if (call === this.#call) this.#lost('it ended the stream');
    });
    const version = inForce();
    this.#send({
      node: encodeNode(node),
      type_url: PLAN_TYPE,
      resource_names_subscribe: [resource, ...this.#limits],
      // A map is a list of its entries to a schema read from descriptors.
      initial_resource_versions: version === undefined ? [] : [{ key: resource, value: version }],
    });
    onChannel?.(client);
    this.#ask(client);
  }

  #credentials(): ChannelCredentials {
    const { tls } = this.#options;
    if (tls === undefined) return credentials.createInsecure();
    const [ca, key, cert] = [tls.ca, tls.key, tls.cert].map((path) =>
      path === undefined ? null : readFileSync(path),
    );
    return credentials.createSsl(ca, key, cert);
  }

  /**
   * Asks, on the same connection, whether the server is there: a stream says nothing while nothing changes, and how long
   * ago it was heard of is what `expiresAfter` goes by.
   */
  #ask(client: Client): void {
    if (client !== this.#client) return;
    const every = this.#options.contactEveryMs();
    const deadline = Date.now() + Math.max(every, SHORTEST_DEADLINE_MS);
    const same = (bytes: Buffer): Buffer => bytes;
    client.makeUnaryRequest(HEALTH, same, same, Buffer.alloc(0), { deadline }, (error) => {
      if (client !== this.#client) return;
      // Any answer is a sign of life.
      if (error === null || error.code === status.UNIMPLEMENTED) this.#heard();
      else if (error.code === status.DEADLINE_EXCEEDED)
        return this.#lost(`no answer in ${Math.max(every, SHORTEST_DEADLINE_MS)} ms`);
      this.#contact = setTimeout(() => this.#ask(client), every);
    });
  }

  #heard(): void {
    this.#options.onContact();
    if (this.#complained)
      this.#options.log.info({ server: this.#options.server }, 'the control plane is back');
    this.#complained = false;
  }

  #receive(bytes: Buffer): void {
    this.#heard();
    let response: DeltaResponse;
    try {
      response = decodeResponse(bytes);
    } catch (error) {
      return this.#lost(`what it sends cannot be read: ${(error as Error).message}`);
    }
    if (response.type_url !== PLAN_TYPE) return;
    this.#open = { nonce: response.nonce };
    const { resource, onPlan } = this.#options;
    const found = response.resources.find(({ name }) => name === resource);
    if (found !== undefined) {
      let sent: Sent;
      try {
        sent = {
          resourceVersion: found.version,
          plan: decodePlan(found.resource?.value ?? new Uint8Array()),
        };
      } catch (error) {
        return this.nack(`the plan cannot be read: ${(error as Error).message}`);
      }
      onPlan(sent);
    } else if (response.removed_resources.includes(resource)) onPlan(undefined);
    else this.ack();
  }

  #send(request: object): void {
    this.#call?.write(encodeRequest(request));
  }

  #lost(why: string): void {
    const { clock, log, server, random = Math.random } = this.#options;
    const lived = clock.now() - this.#openedAt;
    this.#close();
    if (!this.#started) return;
    this.#attempts = lived >= GOOD_MS ? 0 : this.#attempts + 1;
    const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(this.#attempts, 10));
    // Jitter, so that a fleet does not come back all at once.
    const waitMs = Math.round(backoff * (0.5 + random() / 2));
    if (!this.#complained)
      log.warn({ server, why }, 'no control plane: what is in force stays, and it is tried again');
    this.#complained = true;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }

  #close(): void {
    clearTimeout(this.#contact);
    const [call, client] = [this.#call, this.#client];
    this.#call = undefined;
    this.#client = undefined;
    this.#open = undefined;
    if (client === undefined) return;
    this.#options.onChannel?.(undefined);
    call?.on('error', () => undefined);
    call?.cancel();
    client.close();
  }
}

const SHORTEST_DEADLINE_MS = 1000;
