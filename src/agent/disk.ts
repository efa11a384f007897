import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Plan } from '../dataplanes/nginx/plan.ts';

/** Complete or not at all, also when the machine loses its power: to a temporary file, synced, renamed. */
export async function writeDurably(path: string, text: string, mode = 0o644): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Has a rename in it survive a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A plan as the control plane sent it, with the version of its resource. */
export interface Sent {
  /** Undefined: it is no resource of the control plane's. */
  readonly resourceVersion: string | undefined;
  readonly plan: Plan;
}

/** What the agent must know after a restart: the last plan that was in force, and when it last heard of the control plane. */
export class Disk {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    // Left by a crash.
    for (const name of [PLAN, CONTACT, PORT]) await rm(join(this.#directory, `${name}.new`), { force: true });
  }

  /** Undefined when there is none. Throws where it cannot be read. */
  async loadPlan(driver: string): Promise<Sent | undefined> {
    const kept = (await this.#read(PLAN)) as (Sent & { readonly driver?: string }) | undefined;
    if (kept === undefined) return undefined;
    if (!Array.isArray(kept.plan?.mirrors)) throw new Error(`${PLAN} is no plan`);
    // Another driver's is as good until the control plane is there, but is another resource.
    if (kept.driver !== driver) return { resourceVersion: undefined, plan: kept.plan };
    return { resourceVersion: kept.resourceVersion, plan: kept.plan };
  }

  async savePlan(driver: string, { resourceVersion, plan }: Sent): Promise<void> {
    await this.#write(PLAN, { driver, resourceVersion, plan });
  }

  /** Epoch milliseconds; undefined when it never heard of it. */
  async loadContact(): Promise<number | undefined> {
    const kept = (await this.#read(CONTACT)) as { readonly at?: unknown } | undefined;
    return typeof kept?.at === 'number' ? kept.at : undefined;
  }

  async saveContact(at: number): Promise<void> {
    await this.#write(CONTACT, { at });
  }

  /** Where the log went the last time: another port is another configuration, and a reload. */
  async loadLogPort(): Promise<number | undefined> {
    const kept = (await this.#read(PORT)) as { readonly port?: unknown } | undefined;
    return typeof kept?.port === 'number' ? kept.port : undefined;
  }

  async saveLogPort(port: number): Promise<void> {
    await this.#write(PORT, { port });
  }

  async #read(name: string): Promise<unknown> {
    let text: string;
    try {
      text = await readFile(join(this.#directory, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return JSON.parse(text);
  }

  async #write(name: string, value: unknown): Promise<void> {
    await writeDurably(join(this.#directory, name), `${JSON.stringify(value)}\n`, 0o600);
  }
}

const PLAN = 'plan.json';
const CONTACT = 'contact.json';
const PORT = 'log-port.json';
