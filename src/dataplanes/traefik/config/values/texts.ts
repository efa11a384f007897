import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** An IP address, or a range of them in CIDR notation. Go takes no zone in either. */
export function isRange(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || more.length > 0) return false;
  return length === undefined || (/^\d+$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}

/** `500`, `500-599`; as Traefik reads it, what follows a second "-" does not count. */
export function isStatusRange(text: string): boolean {
  return text
    .split('-')
    .slice(0, 2)
    .every((code) => /^\+?\d{1,18}$/.test(code));
}

const MEDIA_TOKEN = "[!#$%&'*+.^_`|~\\w-]+";
const MEDIA_TYPE = new RegExp(
  `^\\s*${MEDIA_TOKEN}(?:/${MEDIA_TOKEN})?\\s*((?:;\\s*${MEDIA_TOKEN}\\s*=\\s*(?:${MEDIA_TOKEN}|"(?:[^"\\\\\\r\\n]|\\\\.)*")\\s*)*);?\\s*$`,
);

/** `text/html`, `text/html; charset=utf-8`. */
export function isMediaType(text: string): boolean {
  const parameters = MEDIA_TYPE.exec(text)?.[1];
  if (parameters === undefined) return false;
  const names = [...parameters.matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;"]+)/g)].map(
    ([, name = '']) => name.toLowerCase(),
  );
  return new Set(names).size === names.length;
}

/** Whether it is the content of a PEM file; else it names one, on the machine of Traefik. */
export function isInline(text: string): boolean {
  return text.includes('-----BEGIN');
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Whether a PEM text has a certificate in it that can be read. */
export function hasCertificate(pem: string): boolean {
  return [...pem.matchAll(CERTIFICATE)].some(([block]) => {
    try {
      return new X509Certificate(block).subject !== undefined;
    } catch {
      return false;
    }
  });
}

export function isHeaderName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(text);
}

export function isHeaderValue(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text);
}

/** `spiffe://example.org/shop` */
export function isSpiffeId(text: string): boolean {
  const [, path] = /^spiffe:\/\/[a-z\d._-]+(\/.*)?$/s.exec(text) ?? [text, 'none'];
  if (path === undefined) return true;
  const [first, ...segments] = path.split('/');
  return first === '' && segments.every((one) => /^[\w.-]+$/.test(one) && one !== '.' && one !== '..');
}

export function isTrustDomain(text: string): boolean {
  return text.includes(':/') ? isSpiffeId(text) : /^[a-z\d._-]+$/.test(text);
}
