import { isNamedStatus } from '../../../../model/http-rules.ts';
import { type Json, fieldsOf, listOf, namesIn, textOf } from '../../json.ts';
import { BREAKER, type Language, RETRY, faultOfCondition } from '../predicate.ts';
import { isPattern } from './pattern.ts';
import {
  type ValueRule,
  type ValueTable,
  field,
  filledTexts,
  hint,
  isMissing,
  items,
  keys,
  notNegative,
  numbers,
  required,
  signOf,
  statuses,
  texts,
} from './rule.ts';
import { isHeaderName, isHeaderValue, isMediaType, isRange } from './texts.ts';

const PATTERN = 'must be a regular expression as Go has it (RE2): no look-around, no back references';
const RANGE = 'must be an IP address or a range such as 10.0.0.0/8';

const pattern = filledTexts(isPattern, PATTERN);
const mediaType = texts(isMediaType, 'must be a media type such as "text/html"');
const trimmedPattern = texts((text) => isPattern(text.trim()), PATTERN);
const range = texts(isRange, RANGE);
const sourceRange: readonly ValueRule[] = [required('addresses that are let in'), range];

function users(parts: number, form: string): ValueRule {
  return texts((text) => text.split(':').length === parts, `must be ${form}`);
}

const usersFile = hint(
  field((value) =>
    isMissing(value)
      ? undefined
      : 'is read on the machine of Traefik, which answers 404 where it is not there: it cannot be looked at from here',
  ),
);

function condition(language: Language): ValueRule {
  return items((value) => (value === '' ? undefined : faultOfCondition(String(value), language)));
}

const ENCODINGS = ['gzip', 'br', 'zstd'];

/** What makes Traefik's constructors of middlewares fail, and what they take for something else. */
export const MIDDLEWARES: ValueTable = {
  AddPrefix: { prefix: [required('such as "/shop"')] },
  BasicAuth: {
    users: [
      users(2, '"name:hash", as htpasswd makes it'),
      field((value, { usersFile: file }) =>
        isMissing(value) && isMissing(file) ? 'is required, or usersFile: nobody is known' : undefined,
      ),
    ],
    usersFile: [usersFile],
  },
  Buffering: {
    maxRequestBodyBytes: [notNegative],
    memRequestBodyBytes: [notNegative],
    maxResponseBodyBytes: [notNegative],
    memResponseBodyBytes: [notNegative],
    retryExpression: [condition(RETRY)],
  },
  CircuitBreaker: {
    expression: [required('such as "NetworkErrorRatio() > 0.30"'), condition(BREAKER)],
    responseCode: [hint(numbers(isStatus, 'should be from 100 to 999: else the connection breaks'))],
  },
  Compress: {
    excludedContentTypes: [
      mediaType,
      field((value, { includedContentTypes }) =>
        isMissing(value) || isMissing(includedContentTypes)
          ? undefined
          : 'cannot go with includedContentTypes',
      ),
    ],
    includedContentTypes: [mediaType],
    encodings: [texts((text) => ENCODINGS.includes(text), `must be one of ${ENCODINGS.join(', ')}`)],
    defaultEncoding: [
      items((value, { encodings }) => {
        const given = encodings === undefined ? ENCODINGS : namesIn(encodings);
        return value === '' || given.includes(String(value))
          ? undefined
          : `must be one of ${given.join(', ')}`;
      }),
    ],
  },
  DigestAuth: {
    users: [
      users(3, '"name:realm:hash", as htdigest makes it'),
      hint(
        field((value, { usersFile: file }) =>
          isMissing(value) && isMissing(file) ? 'is not given, nor usersFile: nobody is let in' : undefined,
        ),
      ),
    ],
    usersFile: [usersFile],
  },
  ErrorPage: {
    status: [statuses],
    statusRewrites: [keys(statuses.fault)],
  },
  ForwardAuth: {
    address: [
      field((value) =>
        isHttpUrl(textOf(value) ?? '')
          ? undefined
          : 'must be a URL such as "http://auth:9000": else every request is answered 500',
      ),
    ],
    authResponseHeadersRegex: [pattern],
  },
  Headers: {
    '': [
      field((headers) =>
        saysSomething(fieldsOf(headers)) ? undefined : 'does nothing: Traefik refuses it; leave it out',
      ),
    ],
    accessControlAllowOriginListRegex: [pattern],
    customRequestHeaders: [
      keys((key) =>
        isHeaderName(String(key)) ? undefined : 'is no name of a header: every request is answered 500',
      ),
      field((value) => {
        const bad = Object.entries(fieldsOf(value)).find(([, text]) => !isHeaderValue(String(text)));
        return bad && `has "${bad[0]}" with a control character in it: every request is answered 500`;
      }),
    ],
  },
  IPAllowList: {
    sourceRange,
    rejectStatusCode: [
      numbers(
        (code) => code === 0 || isNamedStatus(code),
        'must be a status that HTTP has a name for, such as 403',
      ),
    ],
  },
  IPStrategy: {
    depth: [hint(numbers((depth) => depth >= 0, 'is below 0, and so as if it were not there'))],
    excludedIPs: [
      items((value, { depth }) => (Number(depth) > 0 || isRange(String(value)) ? undefined : RANGE)),
    ],
    ipv6Subnet: [
      items((value, { depth, excludedIPs }) => {
        const isUnused = !(Number(depth) > 0) && !isMissing(excludedIPs);
        return isUnused || (Number(value) > 0 && Number(value) <= 128) ? undefined : 'must be from 1 to 128';
      }),
    ],
  },
  IPWhiteList: { sourceRange },
  InFlightReq: {
    amount: [
      hint(
        field((value) =>
          Number(value ?? 0) > 0 ? undefined : 'is not above 0: every request is answered 429',
        ),
      ),
    ],
  },
  Middleware: {
    plugin: [
      field((value) =>
        value === undefined || Object.keys(fieldsOf(value)).length === 1
          ? undefined
          : 'must have one plugin: make a middleware for each',
      ),
      hint(
        keys(
          () =>
            'is a plugin: which ones a Traefik has cannot be known here, and without it the router is answered 404',
        ),
      ),
    ],
  },
  RateLimit: {
    average: [hint(notBelow('there is no limit'))],
    burst: [hint(notBelow('it counts as 1'))],
    period: [items((value) => (signOf(value) < 0 ? 'must not be below 0' : undefined))],
  },
  RedirectRegex: { regex: [pattern] },
  RedirectScheme: {
    port: [
      filledTexts((text) => /^\d+$/.test(text), 'must be a number: else every redirect is answered 500'),
    ],
    scheme: [required('such as "https"')],
  },
  ReplacePathRegex: { regex: [trimmedPattern] },
  Retry: {
    '': [
      field((retry) => {
        const { disableRetryOnNetworkError, status } = fieldsOf(retry);
        return disableRetryOnNetworkError === true && isMissing(status)
          ? 'has nothing to retry: give status, or leave out disableRetryOnNetworkError'
          : undefined;
      }),
    ],
    attempts: [field((value) => (Number(value ?? 0) > 0 ? undefined : 'is required, and must be above 0'))],
    status: [statuses],
  },
  SourceCriterion: {
    '': [
      field((criterion) => {
        const { ipStrategy, requestHeaderName, requestHost } = fieldsOf(criterion);
        const given = [ipStrategy !== undefined, !isMissing(requestHeaderName), requestHost === true];
        return given.filter(Boolean).length > 1
          ? 'must have one of ipStrategy, requestHeaderName and requestHost'
          : undefined;
      }),
    ],
  },
  StripPrefixRegex: { regex: [trimmedPattern] },
  TCPIPAllowList: { sourceRange },
  TCPIPWhiteList: { sourceRange },
};

function notBelow(effect: string): ValueRule {
  return numbers((number) => number >= 0, `is below 0: ${effect}`);
}

function isStatus(code: number): boolean {
  return code >= 100 && code <= 999;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/?#]/i.test(text) && URL.canParse(text);
}

/** What is false, 0 of a length or an empty text is as good as not there; the two numbers count even as 0. */
function saysSomething(headers: Json): boolean {
  return Object.entries(headers).some(([name, value]) => {
    if (name === 'accessControlMaxAge' || name === 'stsSeconds') return true;
    if (typeof value === 'object') return Object.keys(fieldsOf(value)).length + listOf(value).length > 0;
    return value === true || (typeof value === 'string' && value !== '');
  });
}
