import type { Json } from '../json.ts';
import type { Trial } from './document.ts';

/** The static configuration of a Traefik that fetches a trial once. Where it listens is loopback, on any port. */
export function settingsFor({ entryPoints }: Trial, endpoint: string, apiPort: number): Json {
  const tcp = entryPoints.tcp.length > 0 ? entryPoints.tcp : ['web'];
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: 'ERROR', format: 'json' },
    api: { insecure: true, dashboard: false },
    entryPoints: {
      ...Object.fromEntries(tcp.map((name) => [name, { address: '127.0.0.1:0' }])),
      ...Object.fromEntries(entryPoints.udp.map((name) => [name, { address: '127.0.0.1:0/udp' }])),
      // Where its API is.
      traefik: { address: `127.0.0.1:${apiPort}` },
    },
    providers: {
      providersThrottleDuration: '1ms',
      http: { endpoint, pollInterval: '24h', pollTimeout: '10s' },
    },
  };
}
