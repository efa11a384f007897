import type { Driver } from '../dataplanes/nginx/plan.ts';
import type { LuaLines } from './lua-check.ts';
import type { Log } from './plan-client.ts';

export interface DriverChoiceOptions {
  readonly asked: Driver | 'auto';
  /** Why there is no Lua with these lines; undefined: there is. */
  readonly complaint: (lines: LuaLines) => Promise<string | undefined>;
  readonly log: Log;
}

/** Lua where it works, unless the operator says otherwise. What is loaded can change when NGINX is started anew. */
export class DriverChoice {
  readonly #options: DriverChoiceOptions;
  #chosen: Driver | undefined;
  #seen: string | undefined;
  #doubted: string | undefined;

  constructor(options: DriverChoiceOptions) {
    this.#options = options;
  }

  async choose(lines: LuaLines): Promise<Driver> {
    const { asked, log } = this.#options;
    if (asked !== 'auto') return (this.#chosen = asked);
    const why = await this.#options.complaint(lines);
    if (why !== undefined) log.info({ why }, 'nginx has no Lua that works: changes are reloads');
    return (this.#chosen = why === undefined ? 'lua' : 'reload');
  }

  /** Looks again where something is new: lines, or a master. Undefined while the choice is right, else, the second time, why it is not. */
  async review(lines: LuaLines, master: number | undefined): Promise<string | undefined> {
    const now = JSON.stringify([lines, master]);
    if (this.#options.asked !== 'auto' || now === this.#seen) return undefined;
    const why = await this.#options.complaint(lines);
    const isRight = (why === undefined ? 'lua' : 'reload') === this.#chosen;
    if (!isRight && this.#doubted !== now) {
      // Its owner may be in the middle of something, or the machine too busy to answer.
      this.#doubted = now;
      return undefined;
    }
    this.#seen = now;
    if (isRight) return (this.#doubted = undefined);
    return why === undefined ? 'nginx has Lua now' : `nginx has no Lua that works any more: ${why}`;
  }
}
