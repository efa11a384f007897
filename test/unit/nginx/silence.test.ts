/** What a real NGINX does while the agent beside it is silent. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stateBody } from '../../../src/dataplanes/nginx/lua.ts';
import type { Driver } from '../../../src/dataplanes/nginx/plan.ts';
import { renderNginx } from '../../../src/dataplanes/nginx/render.ts';
import type { Mirror } from '../../../src/model/mirror.ts';
import { HttpConnection, get } from '../../support/http-client.ts';
import { Nginx, freePorts } from '../../support/nginx.ts';
import { until } from '../../support/until.ts';
import { mirror, plan, target } from './plans.ts';

const SENTINEL = 'all before this has come';

async function start(t: ExecutionContext, driver: Driver, one: Mirror) {
  let copies = 0;
  const node = createServer((_, response) => {
    copies++;
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(node, 'listening');
  const log = createSocket('udp4').bind(0, '127.0.0.1');
  await once(log, 'listening');
  let lines = 0;
  log.on('message', (message) => {
    if (message.toString() === SENTINEL) log.emit('sentinel');
    else lines++;
  });
  t.teardown(() => {
    node.close();
    log.close();
  });
  const [port = 0, state = 0] = await freePorts(2);
  const to = target({ endpoints: [{ host: '127.0.0.1', port: (node.address() as AddressInfo).port }] });
  const made = plan(driver, [one], to);
  const logAddress = `127.0.0.1:${log.address().port}`;
  const render = (directory: string) =>
    renderNginx(made, { driver, directory, stateListen: `127.0.0.1:${state}`, logAddress });
  const nginx = await Nginx.prepare({
    port,
    lua: driver === 'lua',
    http: (directory) => {
      for (const [name, text] of render(directory).files) writeFileSync(join(directory, name), text);
      return `include ${directory}/http.conf; server { listen 127.0.0.1:${port}; include ${directory}/server.conf;
        location / { root ${directory}/html; }
        location /copied { include ${directory}/location.conf; root ${directory}/html; } }`;
    },
  });
  t.teardown(() => nginx.stop());
  await nginx.start();
  const api = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${state}${path}`, init);
  const put = async (changed: Readonly<Record<string, string>> = {}): Promise<void> => {
    const entries = new Map([...render('/').entries, ...Object.entries(changed)]);
    const { status } = await api('/state', { method: 'PUT', body: stateBody('1', entries) });
    t.is(status, 200);
  };
  const connection = await HttpConnection.open(port);
  t.teardown(() => connection.close());
  /** Copies that one request made, and lines of the log. */
  const ask = async () => {
    const before = { copies, lines };
    await connection.send(get('/copied'));
    // The next one on a connection waits for the copies, and what is sent to a socket comes in its order.
    await connection.send(get('/'));
    const heard = once(log, 'sentinel');
    log.send(SENTINEL, log.address().port, '127.0.0.1');
    await heard;
    return { copies: copies - before.copies, lines: lines - before.lines };
  };
  return { ask, api, put, counts: () => ({ copies, lines }) };
}

test('lua: lines go to the log while the agent asks, and copies end that may not go on without it', async (t) => {
  const { ask, api, put } = await start(t, 'lua', mirror('a', { expiresAfter: '1h' }));
  await put();
  const { entries } = (await (await api('/state')).json()) as { entries: Readonly<Record<string, string>> };
  t.is(entries['a.ends'], '3615');
  t.false('heard' in entries, 'what is read back is what was set');
  t.deepEqual(await ask(), { copies: 1, lines: 1 });
  await until('nobody seems to listen', async () => (await ask()).lines === 0, { timeoutMs: 10_000 });
  t.deepEqual(await ask(), { copies: 1, lines: 0 });
  await api('/version');
  t.is((await ask()).lines, 0, 'anybody may ask');
  await api('/version?agent=1');
  t.is((await ask()).lines, 1);

  await put({ 'a.ends': '0.3' });
  t.is((await ask()).copies, 1);
  await until('its time is over', async () => (await ask()).copies === 0, { timeoutMs: 5000 });
  await api('/version?agent=1');
  t.is((await ask()).copies, 1);
});

for (const driver of ['lua', 'reload'] as const) {
  test(`${driver}: what is not drawn makes no line`, async (t) => {
    const { ask, put, counts } = await start(t, driver, mirror('a', { percent: 50 }));
    if (driver === 'lua') await put();
    for (let n = 0; n < 40; n++) await ask();
    const { copies, lines } = counts();
    t.true(copies > 0 && copies < 40, `${copies} copies`);
    t.is(lines, copies);
  });
}
