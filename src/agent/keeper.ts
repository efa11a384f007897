import type { Addresses } from '../dataplanes/nginx/options.ts';
import type { Limit, Plan } from '../dataplanes/nginx/plan.ts';
import type { Contact } from './contact.ts';
import type { Sent } from './disk.ts';
import type { Prepared } from './drivers.ts';
import { type Overlay, effectivePlan, stopsSomething } from './effective.ts';
import type { Outcome } from './install.ts';
import { Limits } from './limits.ts';
import type { Log } from './plan-client.ts';
import type { Resolver } from './resolver.ts';
import type { Survey } from './survey.ts';
import type { TargetHealth } from './target-health.ts';
import type { Throttle } from './throttle.ts';
import { type Clock, within } from './time.ts';

export const NOTHING: Plan = Object.freeze({ version: 'none', mirrors: Object.freeze([]) });

/** How often is looked at what changes by itself. */
const TICK_MS = 250;
/** How often NGINX is asked what is in force: a restart empties the shared dict. */
const ASK_MS = 1000;
/** How long a plan waits for the names in it. */
const RESOLVE_MS = 3000;
/** A test costs nothing; a reload that came to nothing costs requests. */
const RETRY_TEST_MS = { first: 5000, longest: 60_000 };
const RETRY_RELOAD_MS = { first: 60_000, longest: 600_000 };

export interface KeeperOptions {
  readonly driver: {
    version(): Promise<string | undefined>;
    prepare(plan: Plan, addresses: Addresses): Promise<Prepared>;
  };
  /** Whether NGINX runs. */
  readonly isRunning: () => Promise<boolean>;
  readonly save: (sent: Sent) => Promise<void>;
  readonly client: {
    start(): void;
    stop(): void;
    announce(): void;
    ack(): void;
    nack(message: string): void;
    limit(limits: ReadonlyMap<string, Limit>): void;
  };
  readonly resolver: Pick<Resolver, 'addresses' | 'refresh' | 'keep'>;
  readonly health: Pick<TargetHealth, 'cap' | 'leftOut'>;
  readonly contact: Pick<Contact, 'hasExpired' | 'watch'>;
  readonly survey: Pick<Survey, 'update' | 'troubleOf' | 'loops'>;
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly log: Log;
  /** The last good one, from disk. */
  readonly good: Sent | undefined;
  /** What is in force is another plan now. */
  readonly onPlan?: (plan: Plan) => void;
}

interface Refused {
  readonly sent: Sent;
  readonly at: number;
  readonly waitMs: number;
}

/**
 * Keeps NGINX at what it is to have: the last plan that it took, or the one that came after it; less what the agent
 * itself switches off. The newest wins, and each is answered when NGINX said what it has.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  /** The last plan that NGINX took. */
  #good: Sent | undefined;
  /** One that came, and is not in force yet. */
  #candidate: Sent | undefined;
  #refused: Refused | undefined;
  /** What is in force as far as NGINX said so; undefined while that is not known. */
  #inForce: Plan | undefined;
  #askedAt = -Infinity;
  /** What the agent wanted by itself, and could not have. */
  #stuck: { readonly version: string; readonly until: number } | undefined;
  #wasRunning: boolean | undefined;
  readonly #limits: Limits;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#limits = new Limits(options.log);
    this.#good = options.good;
    this.#watch();
  }

  /** Version of the resource that is in force, as NGINX said. */
  get resourceVersion(): string | undefined {
    return this.#inForce === undefined ? undefined : this.#good?.resourceVersion;
  }

  /** The plan that counts: what it was sent, whatever the agent makes of it. */
  get plan(): Plan {
    return this.#good?.plan ?? NOTHING;
  }

  /** To be followed by a {@link step}. Undefined: there is no plan any more. */
  receive(sent: Sent | undefined): void {
    this.#candidate = sent ?? { resourceVersion: undefined, plan: NOTHING };
    this.#refused = undefined;
  }

  /** On a new stream the control plane says anew what it wants: what was refused may be none of it. */
  connected(): void {
    this.#refused = undefined;
  }

  /** Does what is to be done now; resolves with the milliseconds until it wants to be called again at the latest. */
  async step(): Promise<number> {
    const { clock, client } = this.#options;
    const running = await this.#options.isRunning();
    if (running !== this.#wasRunning) this.#tellRunning(running);
    // A plan that nobody can take is better not taken: a node that is not there holds up nothing.
    if (running) client.start();
    else client.stop();
    if (clock.now() - this.#askedAt >= ASK_MS) await this.#ask();
    this.#retryRefused();
    const wanted = this.#candidate ?? this.#good;
    if (wanted === undefined) return TICK_MS;
    const wait = await this.#bringTo(wanted);
    this.#tellLimits();
    return Math.min(wait, TICK_MS);
  }

  async #ask(): Promise<void> {
    const { driver, clock, survey } = this.#options;
    const [version] = await Promise.all([driver.version(), survey.update()]);
    this.#askedAt = clock.now();
    if (version !== this.#inForce?.version) this.#inForce = undefined;
  }

  async #bringTo(sent: Sent): Promise<number> {
    const { resolver, driver, survey, throttle, clock, log } = this.#options;
    const isCandidate = sent === this.#candidate;
    const resolving = resolver.refresh(sent.plan);
    const complaints = isCandidate ? await within(resolving, RESOLVE_MS) : [];
    if (sent !== (this.#candidate ?? this.#good)) return 0;
    if (complaints === undefined || complaints.length > 0) {
      const message = complaints?.join('\n') ?? `the names of targets are not resolved in ${RESOLVE_MS} ms`;
      return this.#settle(sent, undefined, { kind: 'refused', message });
    }
    const { plan, addresses } = this.#effective(sent.plan);
    const loops = isCandidate ? survey.loops(sent.plan, addresses) : [];
    if (loops.length > 0) return this.#settle(sent, plan, { kind: 'refused', message: loops.join('\n') });
    if (this.#inForce?.version === plan.version) {
      if (isCandidate) await this.#settle(sent, plan, { kind: 'applied' });
      return TICK_MS;
    }
    if (!isCandidate && this.#stuck?.version === plan.version && clock.now() < this.#stuck.until)
      return TICK_MS;
    let prepared: Prepared;
    try {
      prepared = await driver.prepare(plan, addresses);
    } catch (error) {
      return this.#settle(sent, plan, refusalBy(error));
    }
    if (prepared.changed.length > 0) {
      const wait = throttle.wait(clock.now(), stopsSomething(this.#inForce, plan));
      if (wait > 0) return wait;
      throttle.take(clock.now());
      log.info({ version: plan.version, files: prepared.changed }, 'nginx is to reload');
    }
    return this.#settle(sent, plan, await prepared.apply().catch(refusalBy));
  }

  #effective(plan: Plan): { readonly plan: Plan; readonly addresses: Addresses } {
    const overlay = this.#overlay(plan);
    return { plan: effectivePlan(plan, overlay), addresses: overlay.addresses };
  }

  #overlay(plan: Plan): Overlay {
    const { contact, health, resolver, survey } = this.#options;
    const addresses = resolver.addresses(plan);
    return {
      expired: contact.hasExpired.bind(contact),
      cap: ({ name }) => health.cap(name),
      leftOut: ({ name }) => health.leftOut(name),
      trouble: (mirror) => survey.troubleOf(mirror, addresses),
      addresses,
    };
  }

  async #settle(sent: Sent, plan: Plan | undefined, outcome: Outcome): Promise<number> {
    const { client, log } = this.#options;
    const isCandidate = sent === this.#candidate;
    switch (outcome.kind) {
      case 'applied':
        this.#stuck = undefined;
        await this.#applied(sent, plan, isCandidate);
        return TICK_MS;
      case 'absent':
        // Its files are in place; it is asked again when it runs.
        this.#inForce = undefined;
        return TICK_MS;
      case 'refused':
        this.#askedAt = -Infinity;
        if (isCandidate) {
          this.#candidate = undefined;
          this.#refuse(sent, outcome);
          client.nack(outcome.message);
          log.error(
            { version: sent.plan.version, nginx: outcome.message },
            'a plan was refused; the one before stays',
          );
        } else {
          const version = plan?.version ?? sent.plan.version;
          if (this.#stuck?.version !== version) {
            log.error({ version, nginx: outcome.message }, 'nginx does not take what it should have');
          }
          const pace = outcome.reloaded === true ? RETRY_RELOAD_MS : RETRY_TEST_MS;
          this.#stuck = { version, until: this.#options.clock.now() + pace.first };
        }
        return TICK_MS;
    }
  }

  async #applied(sent: Sent, plan: Plan | undefined, isCandidate: boolean): Promise<void> {
    const { client, log, save, onPlan } = this.#options;
    const before = this.#inForce;
    this.#inForce = plan;
    if (plan !== undefined && plan.version !== before?.version) {
      log.info({ version: plan.version, percents: percentsOf(plan) }, 'in force, as nginx says');
    }
    if (!isCandidate) return;
    this.#candidate = undefined;
    const retried = this.#refused?.sent === sent;
    this.#refused = undefined;
    const news =
      sent.resourceVersion !== this.#good?.resourceVersion || sent.plan.version !== this.#good?.plan.version;
    this.#good = sent;
    this.#watch();
    onPlan?.(sent.plan);
    if (news) {
      await save(sent).catch((error: unknown) => {
        log.error({ err: error }, 'the plan cannot be kept on disk: a restart would go back to an older one');
      });
    }
    // It may have taken a reload, and so what its owner has changed since the last one.
    await this.#options.survey.update();
    this.#tellLimits();
    if (retried) client.announce();
    else client.ack();
  }

  #refuse(sent: Sent, outcome: Outcome & { readonly kind: 'refused' }): void {
    const pace = outcome.reloaded === true ? RETRY_RELOAD_MS : RETRY_TEST_MS;
    const before = this.#refused?.sent === sent ? this.#refused.waitMs * 2 : pace.first;
    const waitMs = Math.min(pace.longest, Math.max(pace.first, before));
    this.#refused = { sent, at: this.#options.clock.now(), waitMs };
  }

  /** What was in its way may be gone: the owner's own mistake, or a name that was not known yet. */
  #retryRefused(): void {
    const refused = this.#refused;
    if (refused === undefined || this.#candidate !== undefined) return;
    if (this.#options.clock.now() - refused.at >= refused.waitMs) this.#candidate = refused.sent;
  }

  #tellLimits(): void {
    const limits = this.#limits.of(this.plan, this.#inForce, this.#overlay(this.plan));
    this.#options.client.limit(limits);
  }

  #watch(): void {
    const { contact, resolver } = this.#options;
    contact.watch(this.plan.mirrors);
    resolver.keep([this.plan]);
  }

  #tellRunning(running: boolean): void {
    const { log } = this.#options;
    this.#wasRunning = running;
    if (running) log.info({}, 'nginx runs');
    else log.warn({}, 'nginx does not run: no plan is taken until it does');
    this.#askedAt = -Infinity;
  }
}

/** A disk that is full, say: the control plane is to know. */
function refusalBy(error: unknown): Outcome {
  return { kind: 'refused', message: error instanceof Error ? error.message : String(error) };
}

function percentsOf({ mirrors }: Plan): Readonly<Record<string, number>> {
  return Object.fromEntries(mirrors.map(({ name, percent }) => [name, percent / 10_000]));
}
