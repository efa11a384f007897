import test from 'ava';
import fc from 'fast-check';
import { readWallarmStatus, sumTallies, tally } from '../../../src/model/wallarm-status.ts';
import type { Tally, WallarmStatus } from '../../../src/model/wallarm-status.ts';

const JSON_STATUS = `{"requests":12,"attacks":3,"blocked":0,"abnormal":12,"tnt_errors":1,"api_errors":2,"requests_lost":3,
  "overlimits_time":0,"segfaults":0,"memfaults":0,"softmemfaults":0,"proton_errors":0,"time_detect":0,
  "proton_instances":{"total":3,"success":3,"fallback":0,"failed":0},"stalled_workers_count":1,"stalled_workers":[],
  "startid":1459972331756458216,"timestamp":1664530105.868875,"split":{"clients":[{"client_id":null,"requests":78}]}}`;

function read(text: string): WallarmStatus {
  const status = readWallarmStatus(text);
  if (typeof status === 'string') throw new Error(status);
  return status;
}

function after(...texts: readonly object[]): Tally {
  const last = texts.reduce<Tally | undefined>(
    (sum, json) => tally(sum, read(JSON.stringify(json))),
    undefined,
  );
  if (last === undefined) throw new Error('nothing was read');
  return last;
}

test('the JSON of a node is read, its start to the last digit', (t) => {
  t.deepEqual(read(JSON_STATUS), {
    counters: {
      ...{ requests: 12, attacks: 3, blocked: 0, abnormal: 12, tntErrors: 1, apiErrors: 2, requestsLost: 3 },
      ...{ overlimitsTime: 0, segfaults: 0, memfaults: 0, softmemfaults: 0, protonErrors: 0 },
    },
    stalledWorkersCount: 1,
    startid: '1459972331756458216',
    timestamp: 1664530105.868875,
  });
});

test('what its Docker image answers, in the format of Prometheus, is read as well', (t) => {
  const text = [
    '# HELP wallarm_requests requests count',
    '# TYPE wallarm_requests gauge',
    'wallarm_requests 2',
    'wallarm_requests_lost 1',
    'wallarm_custom_ruleset_id{format="51"} 386',
    'wallarm_proton_instances{status="success"} 5',
    'wallarm_startid 3226376659815907920',
    '',
  ].join('\n');
  t.deepEqual(read(text), { counters: { requests: 2, requestsLost: 1 }, startid: '3226376659815907920' });
});

test('what is no status of a node is told, and what it does not say is not made up', (t) => {
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '<html>',
    '{"requests":"5"}',
    '{"requests":-1}',
    '{"requests":1e999}',
  ])
    t.is(typeof readWallarmStatus(text), 'string', text);
  t.deepEqual(read('{"requests":1,"tnt_errors":"many","segfaults":null}').counters, { requests: 1 });
  t.is(read('{"requests":1,"startid":"abc"}').startid, '"abc"');
});

test('counters count from the first reading on', (t) => {
  const { sums, restarts } = after(
    { requests: 5, attacks: 1 },
    { requests: 7, attacks: 1 },
    { requests: 12, attacks: 4 },
  );
  t.deepEqual([sums, restarts], [{ requests: 7, attacks: 3 }, 0]);
});

test('another start, or a counter that went down, is a restart: all begin anew, and none goes back', (t) => {
  const started = after(
    { requests: 5, startid: 1 },
    { requests: 9, startid: 1 },
    { requests: 30, startid: 2 },
  );
  t.deepEqual([started.sums, started.restarts], [{ requests: 34 }, 1]);
  const down = after({ requests: 5, attacks: 4 }, { requests: 9, attacks: 1 });
  t.deepEqual([down.sums, down.restarts], [{ requests: 9, attacks: 1 }, 1]);
});

test('starts that differ in the last digit of nineteen are two', (t) => {
  const status = (startid: string): WallarmStatus => read(`{"requests":1,"startid":${startid}}`);
  t.is(tally(tally(undefined, status('1459972331756458216')), status('1459972331756458217')).restarts, 1);
});

test('a counter that is away for a while is not known then, and has lost nothing when it is back', (t) => {
  const away = after({ requests: 1, attacks: 4 }, { requests: 2, attacks: 6 }, { requests: 3 });
  t.deepEqual(sumTallies([away]), { requests: 2 });
  const back = after(
    { requests: 1, attacks: 4 },
    { requests: 2, attacks: 6 },
    { requests: 3 },
    { requests: 4, attacks: 9 },
  );
  t.deepEqual(sumTallies([back]), { requests: 3, attacks: 5 });
});

test('of several nodes only what all of them count is known', (t) => {
  const both = sumTallies([
    after({ requests: 1, attacks: 0 }, { requests: 4, attacks: 2 }),
    after({ requests: 0 }, { requests: 5 }),
  ]);
  t.deepEqual(both, { requests: 8 });
  t.deepEqual(sumTallies([]), {});
});

test('whatever a node shows, no sum ever goes down', (t) => {
  const status = fc.record(
    { requests: fc.nat(), attacks: fc.nat(), startid: fc.nat({ max: 2 }) },
    { requiredKeys: ['requests'] },
  );
  fc.assert(
    fc.property(fc.array(status, { minLength: 2, maxLength: 20 }), (all) => {
      let before: Tally | undefined;
      for (const one of all) {
        const next = tally(before, read(JSON.stringify(one)));
        t.true((next.sums.requests ?? 0) >= (before?.sums.requests ?? 0));
        t.true((next.sums.attacks ?? 0) >= (before?.sums.attacks ?? 0));
        before = next;
      }
    }),
  );
});
