import { networkInterfaces } from 'node:os';
import type { Client } from '@grpc/grpc-js';
import type { LogLine } from '../dataplanes/nginx/log-line.ts';
import type { Driver, Plan } from '../dataplanes/nginx/plan.ts';
import type { Directive } from '../dataplanes/nginx/config/tokens.ts';
import { reloadAdvice } from './advice.ts';
import { Contact } from './contact.ts';
import { type Bounds, boundsOf, outcomeOf } from './copy-outcome.ts';
import { CopyLog } from './copy-log.ts';
import { Disk } from './disk.ts';
import { DriverChoice } from './driver-choice.ts';
import { NginxDriver } from './drivers.ts';
import { Generations } from './generations.ts';
import { Installer } from './install.ts';
import { Keeper, NOTHING } from './keeper.ts';
import { LoadReporter } from './load-reporter.ts';
import { luaComplaint, luaLinesOf } from './lua-check.ts';
import { Nginx, type NginxOptions } from './nginx.ts';
import { type Log, PlanClient, type TlsFiles } from './plan-client.ts';
import { reacts } from './probe.ts';
import { Resolver } from './resolver.ts';
import { Setting } from './setting.ts';
import { type ListenAddress, StateApi } from './state-api.ts';
import { Survey } from './survey.ts';
import { TargetHealth } from './target-health.ts';
import { Throttle } from './throttle.ts';
import { SYSTEM_CLOCK } from './time.ts';
import { Trials } from './trials.ts';
import { Wake } from './wake.ts';

export interface AgentOptions {
  readonly nginx: NginxOptions;
  readonly directory: string;
  readonly state: string;
  readonly driver: Driver | 'auto';
  readonly stateListen: ListenAddress;
  readonly logListen: ListenAddress;
  readonly minReloadIntervalMs: number;
  readonly xds: { readonly server: string; readonly tls: TlsFiles | undefined };
  readonly node: { readonly id: string; readonly cluster: string };
  readonly log: Log;
}

const FAILED_STEP_MS = 1000;

/** Runs beside an NGINX: takes plans from the control plane, and keeps NGINX at them. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #clock = SYSTEM_CLOCK;
  readonly #wake = new Wake();
  readonly #health: TargetHealth;
  #log: CopyLog | undefined;
  #client: PlanClient | undefined;
  #loads: LoadReporter | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;
  readonly #ended = Promise.withResolvers<string>();
  /** By mirror. */
  readonly #bounds = new Map<string, Bounds>();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#health = new TargetHealth(({ mirror, state, reason }) => {
      options.log[state === 'off' ? 'warn' : 'info'](
        { mirror, reason },
        `the target of a mirror is switched ${state}`,
      );
      this.#wake.call();
    });
  }

  /** Resolves when NGINX has its first files and the agent goes on by itself. */
  async start(): Promise<{ readonly driver: Driver }> {
    const { log, xds, stateListen } = this.#options;
    const disk = new Disk(this.#options.state);
    await disk.open();
    const nginx = new Nginx(this.#options.nginx);
    const { version } = await nginx.describe();
    const generations = await Generations.open(nginx.conf, this.#options.directory);
    const logPort = await this.#startLog(disk);
    const api = new StateApi(stateListen);
    const answers = async (): Promise<boolean> => (await api.version()) !== undefined;
    const installer = new Installer({ nginx, generations, clock: this.#clock, answers });
    const make = (kind: Driver): NginxDriver =>
      new NginxDriver({
        ...{ kind, generations, installer, api },
        stateListen: text(stateListen),
        logAddress: text({ host: this.#options.logListen.host, port: logPort }),
      });
    // What the owner includes must be there before NGINX can say which modules he loads.
    await this.#begin(generations, installer, make('reload'));
    const top = await nginx.configuration.read().catch((error: unknown): readonly Directive[] => {
      log.warn({ err: error }, 'the configuration of nginx cannot be read');
      return [];
    });
    const choice = new DriverChoice({
      ...{ asked: this.#options.driver, log },
      complaint: (lines) => luaComplaint(nginx, lines),
    });
    const driver = make(await choice.choose(luaLinesOf(top)));
    for (const advice of reloadAdvice(top, version, driver.kind)) log.warn({ version }, advice);
    const failed = (what: string) => (error: unknown) => log.error({ err: error }, what);
    const load = async <T>(what: Promise<T | undefined>): Promise<T | undefined> =>
      what.catch((error: unknown) => void failed('what was kept on disk cannot be read')(error));
    const contact = new Contact({
      ...{ disk, clock: this.#clock, before: await load(disk.loadContact()) },
      failed: failed('the time of the last contact cannot be kept on disk'),
    });
    const node = { ...this.#options.node, nginx: version };
    const loads = new LoadReporter(node, this.#clock);
    const client: PlanClient = new PlanClient({
      ...{ server: xds.server, tls: xds.tls, node, resource: driver.kind, clock: this.#clock, log },
      inForce: () => keeper.resourceVersion,
      onPlan: (sent) => {
        keeper.receive(sent);
        this.#wake.call();
      },
      onContact: () => contact.heard(),
      contactEveryMs: () => contact.askEveryMs(),
      onChannel: (channel: Client | undefined) => {
        if (channel !== undefined) keeper.connected();
        loads.use(channel);
      },
    });
    const survey = new Survey({
      clock: this.#clock,
      read: () => nginx.configuration.read(),
      settingOf: (all) =>
        new Setting(all, (path) => generations.nameOf(path, nginx.conf), ownAddresses, stateListen),
      processes: () => nginx.processes(),
      failed: failed('the configuration of nginx cannot be read: what it includes of ours is not known'),
      onRead: async (all, master) => {
        const why = await choice
          .review(luaLinesOf(all), master)
          .catch(failed('whether Lua works is not known'));
        if (why !== undefined) this.#ended.resolve(why);
      },
    });
    const resolver = new Resolver({ clock: this.#clock, sticky: driver.kind === 'reload' });
    const keeper: Keeper = new Keeper({
      ...{ driver, client, contact, survey, log, clock: this.#clock, health: this.#health },
      isRunning: async () => (await nginx.master()) !== undefined,
      save: (sent) => disk.savePlan(driver.kind, sent),
      resolver,
      throttle: new Throttle(this.#options.minReloadIntervalMs),
      good: await load(disk.loadPlan(driver.kind)),
      onPlan: (plan) => this.#follow(plan),
    });
    [this.#client, this.#loads] = [client, loads];
    this.#follow(keeper.plan);
    const trials = new Trials({
      ...{ health: this.#health, clock: this.#clock, reacts },
      addresses: (plan) => resolver.addresses(plan),
      tried: () => this.#wake.call(),
    });
    this.#running = this.#run(keeper, trials);
    return { driver: driver.kind };
  }

  /** Resolves with the reason when it is to be started anew: another driver would be right. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** NGINX stays as it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.call();
    await this.#running;
    this.#client?.stop();
    this.#log?.stop();
  }

  async #startLog(disk: Disk): Promise<number> {
    const before = await disk.loadLogPort().catch(() => undefined);
    this.#log = new CopyLog((line) => this.#count(line));
    const port = await this.#log.start(this.#options.logListen, before);
    if (port !== before) await disk.saveLogPort(port);
    return port;
  }

  /** So that what the owner includes is there from the beginning. */
  async #begin(generations: Generations, installer: Installer, driver: NginxDriver): Promise<void> {
    if ((await generations.live()) !== undefined) return;
    const words = await installer.begin(driver.render(NOTHING, new Map()).files);
    const { directory, log } = this.#options;
    if (words === undefined)
      log.info({ directory }, 'first files written, with nothing to mirror: include them');
    else
      log.warn(
        { directory, nginx: words },
        'first files written, empty: nginx does not take its configuration',
      );
  }

  async #run(keeper: Keeper, trials: Trials): Promise<void> {
    while (!this.#stopped) {
      let wait = FAILED_STEP_MS;
      try {
        trials.tick(keeper.plan);
        wait = await keeper.step();
      } catch (error) {
        this.#options.log.error({ err: error }, 'a step failed; it is tried again');
      }
      if (!this.#stopped) await this.#wake.wait(wait);
    }
  }

  #follow({ mirrors }: Plan): void {
    this.#loads?.watch(mirrors.map(({ name }) => name));
    this.#bounds.clear();
    for (const { name, target } of mirrors) this.#bounds.set(name, boundsOf(target.limits));
  }

  #count(line: LogLine): void {
    const { mirror, drawn, seconds = 0 } = line;
    const bounds = this.#bounds.get(mirror);
    if (bounds === undefined || !drawn) return;
    const outcome = outcomeOf(line, bounds);
    this.#loads?.saw(mirror, outcome);
    this.#health.saw(mirror, outcome, seconds * 1000, this.#clock.now());
  }
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
}

function text({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
