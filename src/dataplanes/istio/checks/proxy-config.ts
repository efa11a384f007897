import type { IssueList } from '../../../model/issue.ts';
import type { Json } from '../../schema/json.ts';
import { checkSelector } from './selectors.ts';
import { checkNotNegative } from './values.ts';

export function checkProxyConfig(spec: Json, issues: IssueList): void {
  checkSelector(spec['selector'], 'matchLabels', issues.at('selector'));
  checkNotNegative(spec, issues, 'concurrency');
}
