import { type Socket, connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { PlannedMirror } from '../dataplanes/nginx/plan.ts';

type Target = Pick<PlannedMirror['target'], 'tls'>;

const CONNECT_MS = 1000;
/** At once: a node that hangs now and then is to be found out. */
const QUESTIONS = 5;

/**
 * Whether a node reacts, found out by the agent itself, so that it costs no client anything. `OPTIONS *` asks the server
 * and none of its pages (https://www.rfc-editor.org/rfc/rfc9110#section-9.3.7): NGINX answers 400 before it has
 * chosen a location, so it is no traffic for a node. Any answer will do, and so does a connection that is closed:
 * a copy would not wait there either.
 */
export async function reacts(
  address: string,
  port: number,
  { tls }: Target,
  withinMs: number,
): Promise<boolean> {
  const answers = Array.from({ length: QUESTIONS }, () => ask(address, port, tls, withinMs));
  return (await Promise.all(answers)).every(Boolean);
}

function ask(host: string, port: number, tls: Target['tls'], withinMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = open(host, port, tls);
  let asked = false;
  const end = (reaction: boolean) => (): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(reaction);
  };
  let timer = setTimeout(end(false), CONNECT_MS);
  socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
    asked = true;
    clearTimeout(timer);
    timer = setTimeout(end(false), withinMs);
    socket.write(question(host));
  });
  socket.once('data', end(true));
  socket.once('end', end(true));
  socket.once('error', () => end(asked)());
  socket.once('close', () => end(asked)());
  return promise;
}

function open(host: string, port: number, tls: Target['tls']): Socket {
  if (tls === undefined) return connect({ host, port });
  const { serverName } = tls;
  const servername = serverName === undefined || isIP(serverName) !== 0 ? undefined : serverName;
  // Who it is, is asked when there is something to tell it.
  return connectTls({ host, port, rejectUnauthorized: false, ...(servername && { servername }) });
}

function question(host: string): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `OPTIONS * HTTP/1.1\r\nHost: ${name}\r\nUser-Agent: mirrorplane-agent\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
}
