import { stateBody } from '../dataplanes/nginx/lua.ts';
import type { Addresses } from '../dataplanes/nginx/options.ts';
import type { Driver, Plan } from '../dataplanes/nginx/plan.ts';
import { type RenderOptions, renderNginx } from '../dataplanes/nginx/render.ts';
import type { Generations } from './generations.ts';
import type { Installer, Outcome } from './install.ts';
import type { StateApi } from './state-api.ts';

/** A plan made ready for this NGINX. */
export interface Prepared {
  /** Names of files that change: where there are any it cannot be without a reload. */
  readonly changed: readonly string[];
  /** Brings NGINX to it, and resolves when NGINX itself said so. */
  apply(): Promise<Outcome>;
}

export interface DriverOptions {
  readonly kind: Driver;
  readonly generations: Generations;
  readonly installer: Installer;
  readonly api: StateApi;
  readonly stateListen: string;
  readonly logAddress: string;
}

/** How a change gets into NGINX: by its files and a reload, or, with Lua, by its shared dict where that is enough. */
export class NginxDriver {
  readonly kind: Driver;
  readonly #options: DriverOptions;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.kind = options.kind;
  }

  /** The version that NGINX says is in force. Undefined when it does not answer. */
  version(): Promise<string | undefined> {
    return this.#options.api.version();
  }

  render(plan: Plan, addresses: Addresses): ReturnType<typeof renderNginx> {
    const { generations, stateListen, logAddress } = this.#options;
    // Below the main file's directory: so that a test of new files finds what they name among them.
    const where: RenderOptions = {
      driver: this.kind,
      directory: generations.livePath,
      stateListen,
      logAddress,
    };
    return renderNginx(plan, { ...where, addresses });
  }

  async prepare(plan: Plan, addresses: Addresses): Promise<Prepared> {
    const { generations, installer } = this.#options;
    const { files: rendered, entries, filesVersion } = this.render(plan, addresses);
    const files = await generations.complete(rendered);
    const changed = await installer.changed(files);
    const reload = changed.length > 0;
    if (this.kind === 'reload') {
      const inForce = async (): Promise<boolean> => (await this.version()) === plan.version;
      return {
        changed,
        apply: () => (reload ? installer.install(files, inForce) : this.#pickUp(inForce)),
      };
    }
    const body = stateBody(plan.version, entries);
    const loaded = async (): Promise<boolean> => (await this.#options.api.state())?.files === filesVersion;
    return {
      changed,
      apply: async () => {
        const outcome = reload ? await installer.install(files, loaded) : await this.#pickUp(loaded);
        return outcome.kind === 'applied' ? this.#put(body, plan.version, entries) : outcome;
      },
    };
  }

  /** The files are there: NGINX may have been started with them, or not have read them yet. */
  async #pickUp(inForce: () => Promise<boolean>): Promise<Outcome> {
    if (await inForce()) return { kind: 'applied' };
    return this.#options.installer.pickUp(inForce);
  }

  async #put(body: string, version: string, entries: ReadonlyMap<string, string>): Promise<Outcome> {
    const { api } = this.#options;
    const why = await api.put(body);
    if (why !== undefined) return { kind: 'refused', message: why };
    const state = await api.state();
    const has =
      state?.version === version && [...entries].every(([key, value]) => state.entries[key] === value);
    if (has) return { kind: 'applied' };
    return {
      kind: 'refused',
      message: `nginx took version ${version}, and answers with ${state?.version ?? 'nothing'}`,
    };
  }
}
