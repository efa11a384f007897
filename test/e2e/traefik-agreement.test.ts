import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { createTraefikDataPlane } from '../../src/dataplanes/traefik/index.ts';
import { HttpConnection, get } from '../support/http-client.ts';
import { statusOf } from '../support/http-messages.ts';
import { Traefik } from '../support/traefik.ts';
import { MIDDLEWARE_ROWS } from '../support/traefik-rows/middlewares.ts';
import { OTHER_ROWS } from '../support/traefik-rows/others.ts';
import { type Row, documentOf } from '../support/traefik-rows/row.ts';
import { until } from '../support/until.ts';

const ROWS = [...MIDDLEWARE_ROWS, ...OTHER_ROWS];
/** Comes last, so that where it is, all is. */
const MARKER = 'marker';

/** What our reader says of a row alone. */
function read(row: Row): { ok: boolean; words: string } {
  const text = JSON.stringify(documentOf([row], '127.0.0.1:1'));
  const result = createTraefikDataPlane().readConfig(text, 'json', { fleet: 'edge', adopt: false });
  const told = result.ok ? result.warnings : result.issues;
  return { ok: result.ok, words: told.map(({ path, message }) => `${path}: ${message}`).join('\n') };
}

function listen(answer: () => string): Promise<Server> {
  const server = createServer((_, response) => response.end(answer()));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const addressOf = (server: Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

let traefik: Traefik;
let origin: Server;
let provider: Server;
let raw: any;

test.before('one Traefik has it all', async () => {
  origin = await listen(() => 'well');
  const document = documentOf(ROWS, addressOf(origin)) as any;
  document.http.routers[MARKER] = { rule: 'Host(`marker`)', service: 'origin' };
  provider = await listen(() => JSON.stringify(document));
  traefik = await Traefik.start(`http://${addressOf(provider)}/`);
  raw = await until('it has the document', rawData);
});

test.after.always('stop', async () => {
  await (traefik as Traefik | undefined)?.stop();
  for (const server of [origin, provider]) {
    server.closeAllConnections();
    server.close();
  }
});

async function rawData(): Promise<any> {
  const found: any = await (await fetch(`${traefik.api}/api/rawdata`)).json();
  return found.routers?.[`${MARKER}@http`] !== undefined && found;
}

/** What Traefik made of a row. */
async function verdictOf({ routers, services = {}, serversTransports = {}, tcp }: Row): Promise<string> {
  const entries = Object.keys(routers).map((name) => raw.routers[`${name}@http`]);
  const bad = entries.filter((entry) => entry?.status === 'disabled' || entry === undefined);
  if (bad.length > 0) return 'disabled';
  const [stream] = Object.keys(tcp?.services ?? {});
  if (stream !== undefined && raw.tcpRouters[`${stream}@http`].status !== 'enabled') return 'disabled';
  const log = (await traefik.log()).split('\n');
  const isLess = (line: string): boolean =>
    line.includes('Failed to split host port') && line.includes(`=${stream}@http `);
  if (stream !== undefined && log.some(isLess)) return 'default';
  const transports = Object.keys(serversTransports).map(
    (name) => `Could not configure HTTP Transport ${name}@http `,
  );
  if (transports.some((words) => log.some((line) => line.includes(words)))) return 'default';
  const checked = Object.entries(services).find(
    ([, one]) => (one as any).loadBalancer?.healthCheck?.interval === '50ms',
  );
  if (checked !== undefined) return (await isDown(checked[0])) ? 'down' : 'taken';
  return (await answers(Object.keys(routers)[0] ?? '')) ? 'taken' : 'fails';
}

/** A request, where the row's router is one that is found by its host. */
async function answers(name: string): Promise<boolean> {
  if (raw.routers[`${name}@http`].rule !== `Host(\`${name}.test\`)`) return true;
  const client = await HttpConnection.open(traefik.port);
  try {
    return statusOf(await client.send(get('/', { Host: `${name}.test`, 'X-A': 'a' }))) < 500;
  } finally {
    client.close();
  }
}

async function isDown(name: string): Promise<boolean> {
  const found = await rawData();
  return Object.values(found.services[`${name}@http`].serverStatus as object).includes('DOWN');
}

test('what Traefik makes nothing of is refused, and what it takes is taken', async (t) => {
  t.true(ROWS.length > 200);
  await until('health checks had their turn', () => isDown(Object.keys(lastDown().services ?? {})[0] ?? ''));
  const apart: string[] = [];
  for (const row of ROWS) {
    const ours = read(row);
    const verdict = await verdictOf(row);
    if (verdict !== row.verdict) apart.push(`${row.what}: expected ${row.verdict}, Traefik: ${verdict}`);
    // What depends on the machine of Traefik is taken, with a warning.
    const isTaken = row.verdict === 'taken' || row.warned !== undefined;
    const isToldSo = row.warned?.test(ours.words) ?? (!ours.ok || ours.words === '');
    if (ours.ok !== isTaken || !isToldSo)
      apart.push(`${row.what}: ${row.verdict}, ours: ${ours.ok} ${ours.words}`);
  }
  t.deepEqual(apart, []);
  t.log(`${ROWS.length} rows`);
});

function lastDown(): Row {
  const found = ROWS.findLast(({ verdict }) => verdict === 'down');
  if (found === undefined) throw new Error('there is none');
  return found;
}
