import { isIP } from 'node:net';
import type { TextRule } from './read.ts';

// Underscores are in no host name of RFC 1123, but in service names of Compose and in SRV-like names.
const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** A DNS name: dot-separated labels, not an IP address, nor anything that looks like a broken one. */
export function isDnsName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  if (text.length > 253 || !labels.every((label) => LABEL.test(label))) return false;
  return !/^\d+$/.test(labels.at(-1) ?? '');
}

export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

export const HOST: TextRule = {
  test: (text) => isDnsName(text) || isIpAddress(text),
  message: 'must be a DNS name or an IP address, without scheme, port, path or brackets',
};

/** `shop.example`, `*.shop.example`, either with a port. */
export const DOMAIN: TextRule = {
  test: (text) => {
    const [, host = ''] = /^(?:\*\.)?(.*?)(?::\d{1,5})?$/.exec(text) ?? [];
    return isDnsName(host) || (isIpAddress(host) && !text.startsWith('*'));
  },
  message: 'must be a domain such as "shop.example", or "*.shop.example" for every host below it',
};
