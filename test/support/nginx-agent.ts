/** The agent as a process of its own, as an operator runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { nginxBinary } from '../../scripts/fetch-nginx.ts';
import type { Nginx } from './nginx.ts';
import { until } from './until.ts';

export interface AgentOptions {
  readonly nginx: Nginx;
  readonly xds: string;
  readonly cluster: string;
  readonly node: string;
  readonly driver?: 'auto' | 'lua' | 'reload';
  readonly stateListen: string;
  readonly state: string;
  readonly more?: readonly string[];
}

export interface Entry {
  readonly msg: string;
  readonly level: number;
  readonly [name: string]: unknown;
}

export class NginxAgent {
  /** What it logged. */
  readonly entries: Entry[] = [];
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(child: ChildProcess, killAtExit: () => void) {
    this.#process = child;
    this.#exited = new Promise<void>((resolve) => {
      child.once('exit', () => {
        process.removeListener('exit', killAtExit);
        resolve();
      });
    });
  }

  /** Resolves when it says that it is ready. */
  static async start(options: AgentOptions): Promise<NginxAgent> {
    const { nginx, driver = 'auto' } = options;
    const child = spawn(
      process.execPath,
      [
        ...[join(import.meta.dirname, '../../src/main.ts'), 'agent', 'nginx'],
        ...['--xds', options.xds, '--node', options.node, '--cluster', options.cluster],
        ...['--nginx', await nginxBinary(), '--conf', nginx.conf, '--prefix', nginx.directory],
        ...['--dir', join(nginx.directory, 'mirrorplane'), '--driver', driver, '--state', options.state],
        ...['--state-listen', options.stateListen, ...(options.more ?? [])],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    const agent = new NginxAgent(child, killAtExit);
    const other: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => agent.#hear(line));
    createInterface({ input: child.stderr }).on('line', (line) => void other.push(line));
    await until('the agent is ready', () => {
      if (child.exitCode !== null) throw new Error(`the agent ended: ${other.join('\n')} ${agent.said()}`);
      return agent.find('ready');
    });
    return agent;
  }

  #hear(line: string): void {
    try {
      this.entries.push(JSON.parse(line) as Entry);
    } catch {
      this.entries.push({ msg: line, level: 0 });
    }
  }

  /** The latest entry with this in its message. */
  find(words: string): Entry | undefined {
    return this.entries.findLast(({ msg }) => msg.includes(words));
  }

  said(): string {
    return this.entries.map((entry) => JSON.stringify(entry)).join('\n');
  }

  /** Resolves with its exit code when it has ended by itself. */
  async ended(): Promise<number | null> {
    await this.#exited;
    return this.#process.exitCode;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await this.#exited;
    clearTimeout(timer);
  }
}
