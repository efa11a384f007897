import type { Compiled } from '../../dataplanes/data-plane.ts';
import type { Issue } from '../../model/issue.ts';

/** What the data plane's own program has against a structure; empty: nothing. Rejects where it cannot be asked. */
export type Validator = (compiled: Compiled) => Promise<readonly Issue[]>;
