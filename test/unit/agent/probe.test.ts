import { once } from 'node:events';
import { type Socket, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo, Server } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { reacts } from '../../../src/agent/probe.ts';
import { SERVER } from '../../support/xds-certificates.ts';

const LONG = 10_000;
const SHORT = 50;

async function portOf(t: ExecutionContext, server: Server, sockets: Set<Socket>): Promise<number> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function ask(
  t: ExecutionContext,
  serve: (socket: Socket, n: number) => void,
  withinMs: number,
): Promise<boolean> {
  let n = 0;
  const port = await portOf(
    t,
    createServer((socket) => serve(socket, n++)),
    new Set(),
  );
  return reacts('127.0.0.1', port, {}, withinMs);
}

test('a node that answers whatever it is asked reacts, and is asked for none of its pages', async (t) => {
  const asked: string[] = [];
  const answer = (socket: Socket): void => {
    socket.once('data', (data) => {
      asked.push(data.toString());
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
  };
  t.true(await ask(t, answer, LONG));
  t.true(asked.length > 1);
  for (const text of asked) t.regex(text, /^OPTIONS \* HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\n/);
});

test('a node that takes requests and does not answer does not react, nor one that answers but each third', async (t) => {
  t.false(await ask(t, (socket) => void socket.resume(), SHORT));
  const some = (socket: Socket, n: number): void => {
    socket.once('data', () => n % 3 > 0 && socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
  };
  t.false(await ask(t, some, SHORT));
});

test('a node that is not there does not react; one that closes the connection holds up nobody', async (t) => {
  const server = createServer();
  const port = await portOf(t, server, new Set());
  server.close();
  await once(server, 'close');
  t.false(await reacts('127.0.0.1', port, {}, LONG));
  t.true(await ask(t, (socket) => void socket.once('data', () => socket.destroy()), LONG));
});

test('with TLS it is asked over TLS, whatever its certificate', async (t) => {
  const server = createTlsServer(SERVER, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
  });
  const port = await portOf(t, server, new Set());
  t.true(await reacts('127.0.0.1', port, { tls: { serverName: 'node.example' } }, LONG));
});
