import type { Finding, ReadBack } from '../dataplanes/data-plane.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Timers } from './timers.ts';

/** Asks an address for JSON. Rejects where it does not answer, or with anything else than 2xx and JSON. */
export type Ask = (url: string) => Promise<unknown>;

/** A node whose own API says what is in force on it. */
export interface Readable {
  readonly readBack: ReadBack;
  /** `http://HOST:PORT` */
  readonly address: string;
  /** What it should have; undefined: it has not taken all of it yet. */
  expected(): Snapshot | undefined;
  found(of: Snapshot, finding: Finding): void;
  /** Its API did not answer. */
  failed(message: string): void;
}

const FIRST_MS = 50;
const LONGEST_MS = 2000;
/** What was in force may be lost: the node was restarted, or somebody else configures it. */
const VERIFY_MS = 10_000;

interface Reading {
  readable: Readable;
  /** Of the question that is out or comes next: an answer to an earlier one is old. */
  turn: number;
  waitMs: number;
  callOff: () => void;
}

/** Reads back what is in force on nodes: at once and again and again after they took something, and now and then. */
export class ReadBacks<Node extends object> {
  readonly #timers: Timers;
  readonly #ask: Ask;
  readonly #readings = new Map<Node, Reading>();

  constructor(timers: Timers, ask: Ask) {
    this.#timers = timers;
    this.#ask = ask;
  }

  /** The node took something, or is to have something else, or has another address. */
  look(node: Node, readable: Readable): void {
    const reading = this.#readings.get(node) ?? {
      readable,
      turn: 0,
      waitMs: FIRST_MS,
      callOff: () => undefined,
    };
    reading.readable = readable;
    reading.waitMs = FIRST_MS;
    this.#readings.set(node, reading);
    this.#later(node, reading, 0);
  }

  forget(node: Node): void {
    const reading = this.#readings.get(node);
    if (reading === undefined) return;
    reading.callOff();
    reading.turn += 1;
    this.#readings.delete(node);
  }

  stop(): void {
    for (const node of [...this.#readings.keys()]) this.forget(node);
  }

  #later(node: Node, reading: Reading, ms: number): void {
    reading.callOff();
    reading.turn += 1;
    const { turn } = reading;
    reading.callOff = this.#timers.after(ms, () => void this.#read(node, reading, turn));
  }

  async #read(node: Node, reading: Reading, turn: number): Promise<void> {
    const { readable } = reading;
    const expected = readable.expected();
    if (expected === undefined) return;
    let finding: Finding | undefined;
    let failure = '';
    try {
      const { readBack, address } = readable;
      const answers = await Promise.all(
        readBack.paths.map(async (path) => [path, await this.#ask(new URL(path, address).href)] as const),
      );
      finding = readBack.judge(expected, new Map(answers), address);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    if (reading.turn !== turn) return;
    if (finding?.state === 'applied') {
      this.#later(node, reading, VERIFY_MS);
    } else {
      this.#later(node, reading, reading.waitMs);
      reading.waitMs = Math.min(LONGEST_MS, reading.waitMs * 2);
    }
    if (finding === undefined) readable.failed(failure);
    else readable.found(expected, finding);
  }
}
