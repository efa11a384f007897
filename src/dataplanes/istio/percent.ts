import { FULL, type Ppm } from '../../model/percent.ts';

/**
 * The double from which istiod makes just this share: it multiplies by 10000 and cuts the fraction off, so 0.39 would be
 * 3899 of a million. Where that happens, the next double up is what is wanted.
 */
export function percentValue(ppm: Ppm): number {
  let value = ppm / 10_000;
  while (Math.trunc(value * 10_000) < ppm) value = nextUp(value);
  return value;
}

/** The share that an owner meant. */
export function ppmOf(value: number): Ppm {
  return Math.min(FULL, Math.max(0, Math.round(value * 10_000)));
}

function nextUp(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + 1n);
  return view.getFloat64(0);
}
