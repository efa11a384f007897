import type { IssueList } from '../../model/issue.ts';

/** Reads one JSON value: its canonical form, or undefined after reporting what is wrong. */
export type Reader = (json: unknown, issues: IssueList, depth: number) => unknown;

/** Checks one canonical value that is there. */
export type ValueRule = (value: unknown, issues: IssueList) => void;
