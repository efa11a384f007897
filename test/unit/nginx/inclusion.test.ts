import test from 'ava';
import { inclusionOf } from '../../../src/dataplanes/nginx/config/inclusion.ts';
import { parseNginx } from '../../../src/dataplanes/nginx/config/tokens.ts';

/** Our files are those in `m/`. */
function inclusion(text: string) {
  const nameOf = (path: string) => (path.startsWith('m/') ? path.slice(2) : undefined);
  const { files, misplaced } = inclusionOf(parseNginx(text), nameOf);
  return {
    files: [...files],
    misplaced: misplaced.map(({ file, holder, server }) => [file, holder.line, server.line]),
  };
}

const HTTP = 'include m/http.conf;';
const SERVER = 'include m/server.conf;';
const LOCATION = 'include m/location.conf;';

for (const [what, text, files] of [
  ['in a location', `http { ${HTTP} server { ${SERVER} location / { ${LOCATION} } } }`, ['location.conf']],
  [
    'in a nested location',
    `http { ${HTTP} server { ${SERVER} location / { location /a { ${LOCATION} } } } }`,
    ['location.conf'],
  ],
  [
    'of a name',
    `http { ${HTTP} server { ${SERVER} location / { include m/location-a.b.conf; } } }`,
    ['location-a.b.conf'],
  ],
  [
    'for all locations of a server',
    `http { ${HTTP} server { ${SERVER} ${LOCATION} location / { } } }`,
    ['location.conf'],
  ],
  [
    'for all locations that have none of their own',
    `http { ${HTTP} server { ${SERVER} ${LOCATION} location / { mirror off; } location /a { } } }`,
    ['location.conf'],
  ],
  [
    'for locations that all have their own',
    `http { ${HTTP} server { ${SERVER} ${LOCATION} location / { mirror /x; } } }`,
    [],
  ],
  ['for all servers', `http { ${HTTP} ${LOCATION} server { ${SERVER} } }`, ['location.conf']],
  ['without http.conf', `http { server { ${SERVER} location / { ${LOCATION} } } }`, []],
  ['nowhere', `http { ${HTTP} server { ${SERVER} location / { } } }`, []],
  ['in a comment', `http { ${HTTP} server { ${SERVER} location / { # ${LOCATION}\n } } }`, []],
  [
    "of somebody else's",
    `http { ${HTTP} server { ${SERVER} location / { include other/location.conf; } } }`,
    [],
  ],
] as const) {
  test(`a location file that is included ${what} makes ${files.length === 0 ? 'no copies' : 'copies'}`, (t) => {
    t.deepEqual(inclusion(text), { files: [...files], misplaced: [] });
  });
}

test('a location file in a server that makes no copies is told, and its place', (t) => {
  const text = `http { ${HTTP}
    server { ${SERVER} location / { ${LOCATION} } }
    server {
      location / { ${LOCATION} }
    }
  }`;
  t.deepEqual(inclusion(text), { files: ['location.conf'], misplaced: [['location.conf', 4, 3]] });
  t.deepEqual(inclusion(`http { ${HTTP} ${LOCATION} server { }\n server { ${SERVER} } }`).misplaced, [
    ['location.conf', 1, 1],
  ]);
});
