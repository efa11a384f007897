import test from 'ava';
import {
  createTraefikDataPlane,
  findingIn,
  findingsOf,
  settingsFor,
  type Trial,
  trialFor,
} from '../../../src/dataplanes/traefik/index.ts';

const CONFIG = `
http:
  routers:
    a: { rule: "Host(\`a\`)", service: origin, entryPoints: [web, both] }
    b: { rule: "Host(\`b\`)", service: origin, entryPoints: [web] }
  services: { origin: { loadBalancer: { servers: [{ url: "http://origin:80/x" }] } } }
tcp:
  routers: { c: { rule: "HostSNI(\`*\`)", service: c, entryPoints: [raw] } }
  services: { c: { loadBalancer: { servers: [{ address: "c:1" }] } } }
udp:
  routers: { d: { service: d, entryPoints: [both, dns] } }
  services: { d: { loadBalancer: { servers: [{ address: "d:1" }] } } }
`;

function trial(): Trial {
  const traefik = createTraefikDataPlane();
  const read = traefik.readConfig(CONFIG, 'yaml', { fleet: 'edge', adopt: true });
  const fleet = { name: 'edge', dataPlane: 'traefik', nodeCluster: 'edge' };
  const made = read.ok ? traefik.compile({ fleet, config: read.value, mirrors: [] }) : read;
  if (!made.ok) throw new Error(JSON.stringify(made.issues));
  return trialFor(made.value);
}

test('a trial leads nowhere, and listens where its routers want it', (t) => {
  const made = trial();
  t.notRegex(made.text, /origin:80|c:1|d:1/);
  t.deepEqual(JSON.parse(made.text), made.json);
  t.deepEqual(made.entryPoints, { tcp: ['web', 'raw'], udp: ['both', 'dns'] });
  t.like(settingsFor(made, 'http://127.0.0.1:1/', 99), {
    entryPoints: {
      web: { address: '127.0.0.1:0' },
      raw: { address: '127.0.0.1:0' },
      both: { address: '127.0.0.1:0/udp' },
      dns: { address: '127.0.0.1:0/udp' },
      traefik: { address: '127.0.0.1:99' },
    },
  });
});

test('what is disabled is found once Traefik has the very document, with its path and reason', (t) => {
  const made = trial();
  const version = (made.json['http'] as any).middlewares['mirrorplane:version'];
  const middlewares = { 'mirrorplane:version@http': { ...version, status: 'enabled' } };
  const found = (raw: object): unknown => findingsOf(made, { middlewares, ...raw });
  t.is(findingsOf(made, undefined), undefined);
  t.is(found({ middlewares: {} }), undefined);
  t.deepEqual(found({ routers: { 'a@http': { status: 'enabled' } } }), []);
  const disabled = (reason: string): object => ({ status: 'disabled', error: [reason] });
  t.deepEqual(
    found({
      routers: {
        'a@http': disabled('no m'),
        'b@http': disabled('no rule'),
        'api@internal': disabled('none'),
      },
      middlewares: { ...middlewares, 'm@http': disabled('no m') },
      tcpRouters: { 'c@http': disabled('no c') },
    }),
    [
      { path: 'http.middlewares.m', message: 'Traefik: no m' },
      { path: 'http.routers.b', message: 'Traefik: no rule' },
      { path: 'tcp.routers.c', message: 'Traefik: no c' },
    ],
  );
});

test('its log tells what its API does not', (t) => {
  const line = (fields: object): string => JSON.stringify({ level: 'error', ...fields });
  t.deepEqual(
    findingIn(
      line({
        error: 'invalid CipherSuite: x',
        message:
          'Could not configure HTTP Transport node@http TLS configuration, fallback on default TLS config',
      }),
    ),
    { path: 'http.serversTransports.node', message: 'Traefik: invalid CipherSuite: x' },
  );
  t.deepEqual(
    findingIn(
      line({ providerName: 'http', error: 'field not found', message: 'Provider error, retrying in 1s' }),
    ),
    { path: '', message: 'Traefik: field not found' },
  );
  for (const other of [
    line({ error: 'x', message: 'Router' }),
    'text',
    '[]',
    '{"level":"warn","providerName":"http"}',
  ])
    t.is(findingIn(other), undefined);
});
