#!/usr/bin/env node
// Says what is missing before anything that an older Node cannot load is loaded.
const NEEDED = 24;
const major = Number(process.versions.node.split('.')[0]);

if (major < NEEDED) {
  process.stderr.write(`mirrorplane needs Node ${NEEDED} or later; this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const { run } = await import('./app/command-line.ts');
  process.exitCode = await run(process.argv.slice(2), process.env);
}
