/**
 * `npm run bench`: mirrorplane and a control plane on go-control-plane under the same simulated fleet, alternating, in
 * one run. Prints a Markdown table. Needs Go. `--quick`: fewer rows and changes. `--json FILE`: all figures.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type MeasuredServer, bin, startGoControlPlane, startMirrorplane, withFiles } from './servers.ts';

interface Stat {
  readonly median: number;
  readonly mean: number;
}

/** What the fleet simulator prints; see README.md here. */
interface Report {
  readonly changes?: {
    server_cpu_us_per_node: Stat;
    last_ms: Stat;
    pushes_per_node: Stat;
    incomplete: number;
  };
  readonly storms?: { server_cpu_us_per_node: Stat; last_ms: Stat };
  readonly server: { rss_kib_per_node: number };
  readonly protocol_error_total: number;
  readonly protocol_errors: Readonly<Record<string, number>>;
}

interface Row {
  readonly nodes: number;
  readonly what: string;
  readonly mode: 'sotw' | 'delta';
  readonly via: 'rtds' | 'rds';
  readonly routes: number;
  readonly changes: number;
  readonly storms: number;
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'string' }, nodes: { type: 'string' } },
});
/** About as many as it takes until the figures stay. */
const WARM_ACKNOWLEDGEMENTS = 20_000;

const quick = values.quick === true;
const sizes = (values.nodes ?? (quick ? '100,1000' : '100,1000,3000')).split(',').map(Number);

function rowsFor(nodes: number): readonly Row[] {
  const changes = quick ? 8 : 20;
  const base = { nodes, changes, storms: 0 };
  return [
    { ...base, what: 'percent by RTDS', mode: 'sotw', via: 'rtds', routes: 100 },
    { ...base, what: 'percent by RTDS', mode: 'delta', via: 'rtds', routes: 100, storms: 3 },
    { ...base, what: 'route change, 100 routes', mode: 'sotw', via: 'rds', routes: 100, storms: 3 },
    { ...base, what: 'route change, 100 routes', mode: 'delta', via: 'rds', routes: 100 },
    {
      ...base,
      what: 'route change, 2,000 routes',
      mode: 'sotw',
      via: 'rds',
      routes: 2000,
      changes: quick ? 4 : 10,
    },
    {
      ...base,
      what: 'route change, 2,000 routes',
      mode: 'delta',
      via: 'rds',
      routes: 2000,
      changes: quick ? 4 : 10,
    },
  ];
}

/** Pushes before measuring: a control plane runs for weeks, so what counts is its steady state, not its first seconds. */
function warmUp(nodes: number): number {
  return Math.max(30, Math.ceil(WARM_ACKNOWLEDGEMENTS / nodes));
}

async function measure(row: Row, start: (routes: number) => Promise<MeasuredServer>): Promise<Report> {
  const server = await start(row.routes);
  try {
    const [file = '', ...args] = withFiles([
      join(bin, 'fleet'),
      ...['-json', '-addr', server.xds, '-n', String(row.nodes), '-mode', row.mode, '-cluster', 'edge'],
      // Nodes without the runtime layer get the percent in the route.
      ...(row.via === 'rtds' ? ['-rtds', 'mirrorplane'] : []),
      ...[
        '-watch',
        row.via,
        ...server.triggers(row.via),
        '-changes',
        String(row.changes),
        '-settle',
        '100ms',
        '-warmup',
        String(quick ? 10 : warmUp(row.nodes)),
      ],
      ...['-storms', String(row.storms), '-timeout', '30s', '-pid', String(server.pid)],
    ]);
    const { stdout, stderr, status } = spawnSync(file, args, {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      timeout: 300_000,
    });
    if (status !== 0) throw new Error(`the fleet ended with ${status}: ${stderr}`);
    const report = JSON.parse(stdout) as Report;
    if (report.protocol_error_total > 0) {
      process.stderr.write(`protocol errors: ${JSON.stringify(report.protocol_errors)}\n`);
    }
    return report;
  } finally {
    await server.stop();
  }
}

function figure(value: number | undefined): string {
  if (value === undefined) return '-';
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function ratio(ours: number | undefined, theirs: number | undefined): string {
  return ours === undefined || theirs === undefined ? '-' : (ours / theirs).toFixed(2);
}

function tableRow({ nodes, what, mode }: Row, ours: Report, theirs: Report): readonly string[] {
  const pair = (pick: (report: Report) => number | undefined): string =>
    `${figure(pick(ours))} / ${figure(pick(theirs))} (${ratio(pick(ours), pick(theirs))})`;
  const lines = [
    [
      ...[String(nodes), what, mode],
      pair((report) => report.changes?.server_cpu_us_per_node.mean),
      pair((report) => report.changes?.last_ms.median),
      pair((report) => report.server.rss_kib_per_node),
    ],
  ];
  if (ours.storms !== undefined) {
    lines.push([
      ...[String(nodes), 'reconnect storm', mode],
      pair((report) => report.storms?.server_cpu_us_per_node.mean),
      pair((report) => report.storms?.last_ms.median),
      '-',
    ]);
  }
  return lines.map((cells) => `| ${cells.join(' | ')} |`);
}

mkdirSync(bin, { recursive: true });
const build = spawnSync('go', ['build', '-o', `${bin}/`, './...'], {
  cwd: import.meta.dirname,
  stdio: 'inherit',
});
if (build.status !== 0) throw new Error('cannot build test/bench; is Go installed?');

process.stdout.write(
  'Each cell: mirrorplane / go-control-plane (ratio; below 1 mirrorplane needs less).\n\n',
);
process.stdout.write(
  '| nodes | what | protocol | CPU us per node and push | last ACK ms | memory KiB per node |\n',
);
process.stdout.write('| --- | --- | --- | --- | --- | --- |\n');
const all: object[] = [];
for (const row of sizes.flatMap(rowsFor)) {
  const ours = await measure(row, startMirrorplane);
  const theirs = await measure(row, startGoControlPlane);
  all.push({ row, mirrorplane: ours, goControlPlane: theirs });
  process.stdout.write(`${tableRow(row, ours, theirs).join('\n')}\n`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
