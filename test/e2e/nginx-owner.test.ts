/** What the owner of an NGINX does to its configuration is seen, and told. */
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { HttpConnection, get } from '../support/http-client.ts';
import { MIRROR, NginxNode, type NginxRig, seedExample, startNginxRig } from '../support/nginx-rig.ts';
import { until } from '../support/until.ts';

/** Has the edge reload its main file with `from` replaced; resolves with what makes it as it was. */
function edit(rig: NginxRig, from: string, to: string): () => void {
  const text = readFileSync(rig.edge.conf, 'utf8');
  const put = (now: string): void => {
    writeFileSync(rig.edge.conf, now);
    rig.edge.reload();
  };
  if (!text.includes(from)) throw new Error(`the main file has no ${from}`);
  put(text.replace(from, to));
  return () => put(text);
}

for (const driver of ['lua', 'reload'] as const) {
  test.serial(
    `${driver}: a mirror that its owner's configuration has no place for is at 0, with the reason; loops are refused`,
    async (t) => {
      const rig = await startNginxRig(t, { driver, flags: ['--min-reload-interval', '100ms'] });
      const node = await NginxNode.start(t);
      await rig.plane.done('PUT', '/v1/fleets/ngx/config', seedExample(node.port));
      await rig.node('acked');
      /** Resolves when the node says this of itself, and the mirror is at that. */
      const says = (percent: number, words: RegExp) =>
        until(`${percent} %: ${words}`, async () => {
          const { status } = await rig.plane.done('GET', `/v1/mirrors/${MIRROR}`);
          const { limitations } = await rig.plane.done('GET', '/v1/nodes/ngx-1');
          const said = (limitations as readonly string[]).filter((one) => one.startsWith('mirror '));
          return status.effectivePercent === percent && words.test(said.join('; ')) && said;
        });
      const copied = async (): Promise<number> => {
        const before = await node.count();
        const connection = await HttpConnection.open(rig.port);
        await connection.send(get('/index.html', { Connection: 'close' }));
        connection.close();
        await rig.settled();
        return (await node.count()) - before;
      };
      await says(100, /^$/);
      t.is(await copied(), 1);

      let back = edit(rig, 'include mirrorplane/location.conf;', '');
      t.log(...(await says(0, /no location includes location\.conf/)));
      await until('no copies', async () => (await copied()) === 0);
      back();
      await says(100, /^$/);
      t.is(await copied(), 1);

      // Subrequests would be requests to its owner's own locations.
      back = edit(rig, 'include mirrorplane/server.conf;', '');
      t.log(...(await says(0, /in a server \{\} that does not include server\.conf/)));
      await until('no copies', async () => (await copied()) === 0);
      t.regex(readFileSync(`${rig.edge.directory}/mirrorplane/live/location.conf`, 'utf8'), /^#[^\n]*\n$/);
      back();
      await says(100, /^$/);
      await until('copies again', async () => (await copied()) === 1);

      const { revision: _, ...target } = await rig.plane.done('GET', '/v1/targets/mirror-test');
      const own = { ...target, endpoints: [{ host: '127.0.0.1', port: rig.port }] };
      await rig.plane.done('PUT', '/v1/targets/mirror-test', own);
      const { types } = await rig.node('rejected');
      const message = types[0].rejected.message as string;
      t.log(message);
      t.regex(
        message,
        /would copy to this NGINX itself \(127\.0\.0\.1:\d+, nginx\.conf line \d+ listen 127\.0\.0\.1:\d+\)/,
      );
      t.is(await copied(), 1, 'what was there before goes on');
      await rig.plane.done('PUT', '/v1/targets/mirror-test?wait=acked&timeout=30s', target);
      await rig.node('acked');
      await until('the fleet is settled', async () => {
        const { status } = await rig.plane.done('GET', '/v1/fleets/ngx');
        return status.state === 'settled';
      });

      // Our own server in it: a copied PUT /state would set shares.
      const { host, port } = rig.state;
      await rig.plane.done('PUT', '/v1/targets/mirror-test', { ...target, endpoints: [{ host, port }] });
      const { types: refused } = await rig.node('rejected');
      t.regex(refused[0].rejected.message as string, /would copy to this NGINX itself .*--state-listen/);
      const version = `http://${host}:${port}/version`;
      t.is((await fetch(version)).status, 200);
      t.is((await fetch(version, { headers: { 'X-Forwarded-For': '192.0.2.1' } })).status, 403);
      await rig.plane.done('PUT', '/v1/targets/mirror-test?wait=acked&timeout=30s', target);
      await rig.node('acked');
      await until('the fleet is settled again', async () => {
        const { status } = await rig.plane.done('GET', '/v1/fleets/ngx');
        return status.state === 'settled';
      });

      // A target where nobody listens yet, and then the owner's NGINX does.
      const nowhere = { ...target, endpoints: [{ host: '127.0.0.3', port: rig.port }] };
      await rig.plane.done('PUT', '/v1/targets/mirror-test?wait=acked&timeout=30s', nowhere);
      await says(100, /^$/);
      const listen = `listen 127.0.0.1:${rig.port};`;
      back = edit(rig, listen, `${listen} listen 127.0.0.3:${rig.port};`);
      t.log(...(await says(0, /its target is this nginx itself/)));
      back();
      await says(100, /^$/);
    },
  );
}

test.serial(
  'an owner who takes Lua out finds that nothing of ours needs it: the agent ends, and comes back without',
  async (t) => {
    const rig = await startNginxRig(t, { driver: 'lua' });
    const node = await NginxNode.start(t);
    await rig.plane.done('PUT', '/v1/fleets/ngx/config', seedExample(node.port));
    await rig.node('acked');
    const text = readFileSync(rig.edge.conf, 'utf8');
    writeFileSync(rig.edge.conf, text.replaceAll(/load_module [^;]*;/g, ''));
    t.is(await rig.agent().ended(), 75, rig.agent().said());
    t.regex(String(rig.agent().find('another driver')?.['why']), /no Lua that works any more/);
    const again = await rig.startAgent();
    t.is(again.find('ready')?.['driver'], 'reload');
    await until('its files are in force', () => again.find('in force'));
    await rig.node('acked');
    t.notRegex(readFileSync(`${rig.edge.directory}/mirrorplane/live/http.conf`, 'utf8'), /lua/);
  },
);
