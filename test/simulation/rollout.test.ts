/**
 * Rollouts over simulated fleets: the real control, driver and delivery, in virtual time, over nodes that answer late or
 * never, refuse, lose their connections, come and go, while targets fail, structures are written, operators interfere
 * and the control plane is killed. What must hold is in `test/support/simulation/rules.ts`; what can happen, with how
 * often, in `scenario.ts` beside it. A seed names a run: it is the same each time.
 *
 * What runs here is a part. All of it (1,000 runs of 10,000 nodes take about two and a half hours on one core; by
 * SIMULATION_SEED, the first seed, they can be shared out among several):
 *
 *     SIMULATION_RUNS=1000 SIMULATION_NODES=10000 npx ava test/simulation/rollout.test.ts
 *
 * One run again: SIMULATION_SEED=236 SIMULATION_RUNS=1 SIMULATION_NODES=200.
 */
import { env } from 'node:process';
import test, { type ExecutionContext } from 'ava';
import { type Outcome, simulate } from '../support/simulation/world.ts';

const FIRST_SEED = Number(env['SIMULATION_SEED'] ?? 1);
const RUNS = Number(env['SIMULATION_RUNS'] ?? 20);
const NODES = Number(env['SIMULATION_NODES'] ?? 200);
const MINUTE = 60_000;

async function holds(t: ExecutionContext, seed: number, nodes: number): Promise<Outcome> {
  // Of each run: an assertion starts it anew.
  t.timeout(5 * MINUTE);
  const outcome = await simulate(seed, nodes);
  t.deepEqual(outcome.broken, [], `SIMULATION_SEED=${seed} SIMULATION_RUNS=1 SIMULATION_NODES=${nodes}`);
  return outcome;
}

test.serial(`whatever happens to ${NODES} nodes, in ${RUNS} runs, no rule is broken`, async (t) => {
  const ends = new Map<string, number>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const { state } = await holds(t, seed, NODES);
    ends.set(state, (ends.get(state) ?? 0) + 1);
  }
  t.log(Object.fromEntries(ends));
  // Else little was shown.
  if (RUNS >= 20) t.true(ends.has('done') && ends.has('aborted'));
});

test.serial('a rollout over 10,000 nodes comes to its end', async (t) => {
  const { state, seconds } = await holds(t, 3, 10_000);
  t.is(state, 'done');
  t.log(`${seconds} s of virtual time`);
});

test.serial('a seed is the same run each time', async (t) => {
  t.deepEqual(await simulate(5, 50), await simulate(5, 50));
});
