import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { named } from '../dataplanes/nginx/config/scopes.ts';
import { Configuration } from './configuration.ts';

/** Where an NGINX is. */
export interface NginxOptions {
  readonly binary: string;
  /** Its main configuration file. */
  readonly conf: string;
  /** `nginx -p`; default: what it was compiled with. */
  readonly prefix: string | undefined;
  /** Default: what the configuration says, or what it was compiled with. */
  readonly pid: string | undefined;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The processes of a running NGINX. */
export interface Processes {
  readonly master: number;
  /** Of the master; undefined where the system does not say. */
  readonly children: readonly number[] | undefined;
}

/** Long enough for thousands of servers, short enough to be told. */
const RUN_TIMEOUT_MS = 30_000;
/** What is told of an nginx's words at most. */
const MAX_WORDS = 2000;

/** An NGINX on this machine, as a program and as a process. */
export class Nginx {
  readonly conf: string;
  readonly configuration: Configuration;
  readonly #options: NginxOptions;
  /** Where a running master's was found. */
  #pidFile: string | undefined;

  constructor(options: NginxOptions) {
    this.#options = options;
    this.conf = resolve(options.conf);
    this.configuration = new Configuration(this.conf);
  }

  /** `1.22.1`, and how it was compiled. */
  async describe(): Promise<{ readonly version: string; readonly arguments: string }> {
    const { code, stderr } = await this.run(['-V']);
    const version = /nginx version: [^/\n]+\/(\d+\.\d+\.\d+)/.exec(stderr)?.[1];
    if (code !== 0 || version === undefined) {
      throw new Error(`${this.#options.binary} -V says no version: ${wordsOf(stderr)}`);
    }
    return { version, arguments: /configure arguments: (.*)/.exec(stderr)?.[1] ?? '' };
  }

  run(args: readonly string[], timeoutMs = RUN_TIMEOUT_MS): Promise<Ran> {
    const prefix = this.#options.prefix === undefined ? [] : ['-p', this.#options.prefix];
    const { binary } = this.#options;
    return new Promise((done) => {
      const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 } as const;
      execFile(binary, [...prefix, ...args], { ...limits, encoding: 'utf8' }, (error, stdout, stderr) => {
        if (error === null) return done({ code: 0, stdout, stderr });
        if (typeof error.code === 'number') return done({ code: error.code, stdout, stderr });
        const why = error.killed === true ? `took more than ${timeoutMs} ms` : error.message;
        done({ code: -1, stdout, stderr: `${stderr}${binary} ${args.join(' ')}: ${why}\n` });
      });
    });
  }

  /** `nginx -t`. Undefined when the configuration is good, else nginx's own words. `pid`: a path of no other. */
  async test(conf: string, pid: string): Promise<string | undefined> {
    const test = ['-t', '-q', '-c', conf];
    let { code, stderr } = await this.run([...test, '-g', `pid ${pid};`]);
    // Said in a file that the main one includes. A test leaves what is in it alone.
    if (stderr.includes('"pid" directive is duplicate')) ({ code, stderr } = await this.run(test));
    return code === 0 ? undefined : wordsOf(stderr);
  }

  /** Process id of the master. Undefined when none runs: a stale pid file is no process of ours. */
  async master(): Promise<number | undefined> {
    // The owner may be writing the configuration just now: what was found once is asked first.
    const known = this.#pidFile;
    const found = known === undefined ? undefined : await processOf(known);
    if (found !== undefined) return found;
    const file = await this.pidFile();
    const pid = await processOf(file);
    if (pid !== undefined) this.#pidFile = file;
    return pid;
  }

  /** The master, and what it has started: others each time that it has read its configuration. */
  async processes(): Promise<Processes | undefined> {
    const master = await this.master();
    if (master === undefined) return undefined;
    const text = await readFile(`/proc/${master}/task/${master}/children`, 'utf8').catch(() => undefined);
    return { master, children: text?.split(' ').flatMap((one) => (one.trim() === '' ? [] : Number(one))) };
  }

  /** Has the master read its configuration anew. Undefined, or why that could not be asked. */
  async hangUp(): Promise<string | undefined> {
    const pid = await this.master();
    if (pid === undefined) return 'nginx is not running';
    try {
      process.kill(pid, 'SIGHUP');
      return undefined;
    } catch (error) {
      return `nginx cannot be told to reload: ${(error as Error).message}`;
    }
  }

  async pidFile(): Promise<string> {
    if (this.#options.pid !== undefined) return this.#options.pid;
    const top = await this.configuration.read().catch(() => []);
    const [said] = named(top, 'pid').at(-1)?.args ?? [];
    const built = (await this.describe()).arguments;
    const compiled = argument(built, 'pid-path') ?? 'logs/nginx.pid';
    const prefix = this.#options.prefix ?? argument(built, 'prefix') ?? '/usr/local/nginx';
    return resolve(prefix, said ?? compiled);
  }
}

async function processOf(pidFile: string): Promise<number | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number(text.trim());
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return title === undefined || title.includes('nginx') ? pid : undefined;
}

function argument(all: string, name: string): string | undefined {
  return new RegExp(`--${name}=(\\S+)`).exec(all)?.[1];
}

/** The lines that say what is wrong, without the time; all of it where there are none. */
export function wordsOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const said = lines.filter((line) => /\[(emerg|alert|crit)\]/.test(line));
  const words = (said.length > 0 ? said : lines)
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d [\d:]+ /, 'nginx: ').replace(/ \d+#\d+:/, ''))
    .join('\n');
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}...` : words || 'nginx said nothing';
}

/** A directory beside the main configuration file, as that file's includes name it. */
export function relativeToConf(conf: string, path: string): string | undefined {
  const base = `${dirname(conf)}/`;
  const whole = join(path);
  return whole.startsWith(base) && whole.length > base.length ? whole.slice(base.length) : undefined;
}
