import { X509Certificate } from 'node:crypto';
import { isDnsName, isIpAddress } from './host.ts';
import type { IssueList } from './issue.ts';
import { optional, plainText, readFields, readText } from './read.ts';
import type { TextRule } from './read.ts';
import type { Tls } from './target.ts';

const KEYS = ['serverName', 'ca', 'caFile', 'certFile', 'keyFile'];

const SERVER_NAME: TextRule = {
  test: (text) => isDnsName(text) || isIpAddress(text),
  message: 'must be a DNS name',
};
const FILE = plainText(4096);
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_CA_LENGTH = 256 * 1024;

export function checkTls(input: unknown, issues: IssueList, warnings: IssueList): Tls | undefined {
  const fields = readFields(input, KEYS, issues);
  if (fields === undefined) return undefined;
  const given = (key: string) => fields.get(key) !== undefined;
  if (given('ca') && given('caFile')) issues.at('caFile').add('excludes ca: give one of them');
  if (given('certFile') && !given('keyFile')) issues.at('keyFile').add('is required with certFile');
  if (given('keyFile') && !given('certFile')) issues.at('certFile').add('is required with keyFile');
  if (!given('ca') && !given('caFile')) {
    warnings.add('has neither ca nor caFile: the certificate of the target is not verified');
  }
  return {
    ...optional('serverName', readText(fields.get('serverName'), SERVER_NAME, issues.at('serverName'))),
    ...optional('ca', checkCa(fields.get('ca'), issues.at('ca'))),
    ...optional('caFile', readText(fields.get('caFile'), FILE, issues.at('caFile'))),
    ...optional('certFile', readText(fields.get('certFile'), FILE, issues.at('certFile'))),
    ...optional('keyFile', readText(fields.get('keyFile'), FILE, issues.at('keyFile'))),
  };
}

function checkCa(input: unknown, issues: IssueList): string | undefined {
  if (input === undefined) return undefined;
  if (typeof input !== 'string' || input.length > MAX_CA_LENGTH) {
    issues.add(`must be the text of PEM certificates, at most ${MAX_CA_LENGTH} characters`);
    return undefined;
  }
  if (input.includes('PRIVATE KEY')) {
    issues.add('holds a private key: give certificates only');
    return undefined;
  }
  const blocks = input.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) issues.add('must hold a PEM certificate (-----BEGIN CERTIFICATE-----)');
  for (const [index, block] of blocks.entries()) {
    if (!isCertificate(block)) issues.add(`holds a certificate, number ${index + 1}, that cannot be read`);
  }
  return input;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
