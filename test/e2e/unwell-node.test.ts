import test, { type ExecutionContext } from 'ava';
import { HttpConnection, get } from '../support/http-client.ts';
import { statusOf } from '../support/http-messages.ts';
import { startLoad } from '../support/load.ts';
import { MIRROR_STATS, startRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import type { Envoy } from '../support/envoy.ts';
import type { Mode } from '../support/wallarm-stand-in.ts';

/** A copy may take so long, and no longer can it hold up an upload. */
const CAP_MS = 1_500;
/** What a loaded machine may add. Without the cap an upload would stand still for ever. */
const SLACK_MS = 15_000;
const UPLOAD = Buffer.alloc(20 * 1024 * 1024, 'mirror me ');
const UPLOADS = 2;

interface Case {
  readonly title: string;
  readonly mode: Mode;
  /** Counter of the mirror's cluster that shows that the node was unwell, and for how many requests at least. */
  readonly sign: (requests: number) => readonly [stat: string, atLeast: number];
  /** Counter that shows that the cap ended the copies of uploads. */
  readonly capsUploads?: boolean;
}

const CASES: readonly Case[] = [
  { title: 'down', mode: 'refuse', sign: (n) => ['upstream_rq_503', n] },
  { title: 'hanging', mode: 'hang', sign: () => ['upstream_rq_max_duration_reached', 1] },
  { title: 'slow', mode: { slowMs: 500 }, sign: () => ['upstream_rq_200', 1] },
  {
    title: 'not reading',
    mode: 'not-reading',
    sign: () => ['upstream_rq_max_duration_reached', 1],
    capsUploads: true,
  },
  { title: 'answering 503', mode: '503', sign: (n) => ['upstream_rq_503', n] },
];

for (const unwell of CASES) {
  test.serial(`the node is ${unwell.title}: small requests and 20 MiB uploads are unharmed`, async (t) => {
    const rig = await startRig(t, { limits: { maxStreamDuration: `${CAP_MS / 1_000}s` } });
    const envoy = await rig.envoy();
    await rig.wallarm.setMode(unwell.mode);

    const { sent, failed, failures } = await startLoad({ port: await envoy.port(), requests: 1_000 }).done;
    t.deepEqual([sent, failed], [1_000, 0], failures.join('; '));
    t.is(rig.origin.count, 1_000);
    const [stat, atLeast] = unwell.sign(1_000);
    await until(
      `${stat} is ${atLeast} or more`,
      async () => (await envoy.stat(`${MIRROR_STATS}.${stat}`)) >= atLeast,
    );

    await uploads(t, rig, envoy, unwell.capsUploads === true);
    t.is(await envoy.stat('http.edge.downstream_rq_5xx'), 0);
  });
}

async function uploads(t: ExecutionContext, rig: Rig, envoy: Envoy, capped: boolean): Promise<void> {
  const stat = `${MIRROR_STATS}.upstream_rq_max_duration_reached`;
  // Copies of the small requests that still take up the node's connections would keep those of the uploads away.
  await until(
    'no copy under way',
    async () => (await envoy.stat(`${MIRROR_STATS}.upstream_rq_active`)) === 0,
  );
  const before = await envoy.stat(stat);
  const port = await envoy.port();
  const took = await Promise.all(
    Array.from({ length: UPLOADS }, async (_, n) => {
      const client = await HttpConnection.open(port);
      const start = performance.now();
      const answer = await client.send(
        get(`/upload/${n}`, { 'Content-Length': `${UPLOAD.length}` }, 'POST'),
        UPLOAD,
      );
      const ms = performance.now() - start;
      client.close();
      t.is(statusOf(answer), 200);
      return ms;
    }),
  );
  t.deepEqual(
    rig.origin.requests
      .filter(({ firstLine }) => firstLine.includes('/upload/'))
      .map(({ bodySize }) => bodySize),
    Array.from({ length: UPLOADS }, () => UPLOAD.length),
  );
  t.log(`20 MiB uploads took ${took.map((ms) => `${Math.round(ms)} ms`).join(', ')}; cap ${CAP_MS} ms`);
  for (const ms of took) t.true(ms < CAP_MS + SLACK_MS, `${ms} ms`);
  if (capped) {
    // The stall was there, and it was the cap that ended it.
    t.true((await envoy.stat(stat)) - before >= UPLOADS);
    for (const ms of took) t.true(ms >= CAP_MS * 0.9, `${ms} ms: no stall, so nothing was proven`);
  }
}
