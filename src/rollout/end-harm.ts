import type { Control } from '../control/control.ts';
import type { Harm } from '../delivery/types.ts';

/** Sets the percent of mirrors that do harm to 0, in the words of the node that said so. */
export async function endHarm(control: Control, { fleet, node, mirrors, message }: Harm): Promise<void> {
  for (const name of mirrors) {
    await control.adjustMirror(name, `taken back, ${node} says: ${message}`, (mirror) => {
      if (mirror.fleet !== fleet || mirror.percent === 0) return undefined;
      const { spread: _, ...rest } = mirror;
      return { ...rest, percent: 0 };
    });
  }
}
