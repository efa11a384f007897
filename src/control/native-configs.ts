import type { DataPlane, NativeConfig } from '../dataplanes/data-plane.ts';
import type { Config, Fleet } from '../model/fleet.ts';
import { fail } from '../model/issue.ts';
import type { Result } from '../model/issue.ts';
import { StoreError } from '../store/store.ts';
import type { Store } from '../store/store.ts';

/** Characters that tell what a text is. */
const EVIDENT = 65_536;

/** Configs as their data planes read them. Each is read once and kept for as long as its value is in use. */
export class NativeConfigs {
  readonly #dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly #store: Store;
  /** By config, then by kind of data plane. */
  readonly #known = new WeakMap<Config, Map<string, Result<NativeConfig> & { ok: true }>>();

  constructor(dataPlanes: ReadonlyMap<string, DataPlane>, store: Store) {
    this.#dataPlanes = dataPlanes;
    this.#store = store;
  }

  /** What is known of it without reading it. */
  peek(config: Config, dataPlane: string): NativeConfig | undefined {
    return this.#known.get(config)?.get(dataPlane)?.value;
  }

  /** In its own language: what is no JSON is YAML only where the data plane has no other. */
  formatOf({ format }: Config, dataPlane: string): string {
    return format === 'json' || this.#dataPlanes.get(dataPlane)?.textType === undefined ? format : 'text';
  }

  /** The kind of data plane that a text is evidently for, where it is for another than this one. */
  kindOf(text: string, dataPlane: string): string | undefined {
    const beginning = text.replace(/^\ufeff/, '').slice(0, EVIDENT);
    const like = [...this.#dataPlanes.values()].filter((one) => one.looksLike?.(beginning) === true);
    return like.some(({ kind }) => kind === dataPlane) ? undefined : like[0]?.kind;
  }

  /** `text`: where it is at hand; else the store has it. */
  async read(fleet: Fleet, config: Config, text?: string): Promise<Result<NativeConfig>> {
    const known = this.#known.get(config)?.get(fleet.dataPlane);
    if (known !== undefined) return known;
    const dataPlane = this.#dataPlanes.get(fleet.dataPlane);
    if (dataPlane === undefined) {
      return fail([{ path: '', message: `the data plane "${fleet.dataPlane}" is not known` }]);
    }
    const { format, adopt } = config;
    const result = dataPlane.readConfig(text ?? (await this.text(config)), format, {
      fleet: fleet.name,
      adopt,
    });
    if (result.ok) {
      const readings = this.#known.get(config) ?? new Map<string, typeof result>();
      this.#known.set(config, readings.set(fleet.dataPlane, result));
    }
    return result;
  }

  async text(config: Config): Promise<string> {
    const text = await this.#store.blob(config.digest);
    if (text === undefined)
      throw new StoreError(`the text of the config of fleet "${config.name}" is not stored`);
    return text;
  }
}
