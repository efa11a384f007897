import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Files, Generations, Staged } from './generations.ts';
import type { Nginx } from './nginx.ts';
import type { Clock } from './time.ts';

/** What became of a plan. `absent`: NGINX does not run; what it will read when it starts is in place. */
export type Outcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'absent'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string; readonly reloaded?: true };

/** So many answers in a row, each over a connection of its own: then no worker with the old configuration takes any. */
const AGREEING = 8;
const PROBE_MS = 20;

export interface InstallOptions {
  readonly nginx: Nginx;
  readonly generations: Generations;
  readonly clock: Clock;
  /** Whether NGINX answers us at all. */
  readonly answers: () => Promise<boolean>;
  /** How long NGINX may take to read its configuration. */
  readonly takeMs?: number;
}

/** Brings NGINX to other files: nothing it would read changes before it said that they are good. */
export class Installer {
  readonly #options: InstallOptions;

  constructor(options: InstallOptions) {
    this.#options = options;
  }

  /** Names of those of `files`, which are complete, that NGINX has otherwise. */
  async changed(files: Files): Promise<readonly string[]> {
    const live = (await this.#options.generations.live()) ?? new Map<string, string>();
    const names = new Set([...files.keys(), ...live.keys()]);
    return [...names].filter((name) => files.get(name) !== live.get(name));
  }

  /** `inForce`: asks NGINX whether it has them. */
  async install(files: Files, inForce: () => Promise<boolean>): Promise<Outcome> {
    const { nginx, generations } = this.#options;
    const staged = await generations.stage(files);
    const words = await this.#refusal(staged);
    if (words !== undefined) {
      await generations.discard(staged);
      return { kind: 'refused', message: words };
    }
    await generations.promote(staged);
    if ((await nginx.master()) === undefined) return absent();
    const outcome = await this.#reload(inForce);
    // What it would not take now it is not to find when it is started next.
    if (outcome.kind === 'refused') await generations.revert();
    return outcome;
  }

  /** Has NGINX read the files that are in place, if there is a point in it. */
  async pickUp(inForce: () => Promise<boolean>): Promise<Outcome> {
    const { generations, answers } = this.#options;
    const files = (await answers()) ? undefined : await generations.live();
    if (files !== undefined) {
      const staged = await generations.stage(files);
      const words = await this.#refusal(staged);
      await generations.discard(staged);
      if (words !== undefined) return { kind: 'refused', message: words };
    }
    return this.#reload(inForce);
  }

  async #reload(inForce: () => Promise<boolean>): Promise<Outcome> {
    const { nginx } = this.#options;
    if ((await nginx.master()) === undefined) return absent();
    const why = await nginx.hangUp();
    if (why !== undefined) return { kind: 'refused', message: why };
    if (await this.#settles(inForce)) return { kind: 'applied' };
    return {
      kind: 'refused',
      message: 'nginx was told to reload, and does not answer with the new version: its error log says why',
      reloaded: true,
    };
  }

  /** The first files of all: with nothing to mirror, and harmless where NGINX does not like them. */
  async begin(files: Files): Promise<string | undefined> {
    const { generations } = this.#options;
    let staged = await generations.stage(files);
    const words = await this.#test(staged);
    if (words !== undefined) {
      await generations.discard(staged);
      staged = await generations.stage(new Map([...files.keys()].map((name) => [name, '# Nothing yet.\n'])));
    }
    await generations.promote(staged);
    return words;
  }

  /** Nginx's own words, which name the owner's files and not their shadows. */
  async #test(staged: Staged): Promise<string | undefined> {
    const { nginx } = this.#options;
    const words = await nginx.test(staged.conf, staged.pid);
    return words?.replaceAll(`${dirname(staged.conf)}/`, `${dirname(nginx.conf)}/`);
  }

  async #refusal(staged: Staged): Promise<string | undefined> {
    const { nginx, generations, answers } = this.#options;
    const words = await this.#test(staged);
    if (words !== undefined || (await answers())) return words;
    // A reload costs requests, and where nothing of ours is included it would change nothing.
    await generations.spoil();
    if ((await nginx.test(staged.conf, staged.pid)) !== undefined) return undefined;
    return `${nginx.conf} does not include ${generations.stub('http.conf')} in its http block: nginx would mirror nothing`;
  }

  /** Whether NGINX says so several times in a row. */
  async #settles(inForce: () => Promise<boolean>): Promise<boolean> {
    const { clock, takeMs = 10_000 } = this.#options;
    const deadline = clock.now() + takeMs;
    let agreed = 0;
    for (;;) {
      agreed = (await inForce()) ? agreed + 1 : 0;
      if (agreed >= AGREEING) return true;
      if (clock.now() > deadline) return false;
      if (agreed === 0) await delay(PROBE_MS);
    }
  }
}

function absent(): Outcome {
  return { kind: 'absent', message: 'nginx is not running' };
}
