import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What each room may import besides itself. design: the loop closes only through a new revision made by control. */
const ROOMS = {
  model: [],
  snapshot: [],
  config: ['model'],
  telemetry: ['model', 'control', 'delivery'],
  xds: ['snapshot'],
  dataplanes: ['model', 'snapshot'],
  store: ['model'],
  control: ['model', 'store/store.ts', 'dataplanes/data-plane.ts'],
  delivery: ['model', 'snapshot', 'xds', 'dataplanes/data-plane.ts'],
  rollout: ['model', 'control', 'delivery'],
  agent: ['model', 'xds', 'dataplanes/nginx'],
  api: [
    ...['model', 'control', 'delivery', 'rollout', 'telemetry'],
    ...['store/store.ts', 'dataplanes/data-plane.ts'],
  ],
};

const DATA_PLANES = ['envoy', 'nginx', 'traefik', 'istio'];

const zones = [
  ...Object.entries(ROOMS).map(([room, allowed]) => ({
    target: `./src/${room}`,
    from: './src',
    except: [room, ...allowed].map((path) => `./${path}`),
    message: `${room} may import only ${allowed.join(', ') || 'itself'}`,
  })),
  ...DATA_PLANES.map((plane) => ({
    target: `./src/dataplanes/${plane}`,
    from: './src/dataplanes',
    except: [`./${plane}`, './schema', './data-plane.ts'],
    message: 'a data plane never imports its neighbour',
  })),
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.cache', 'data', 'protos', 'test/bench/**/*.go'] },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/resolver': { node: { extensions: ['.ts', '.js'] } },
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'import-x/no-extraneous-dependencies': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    files: ['src/**'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['test/**', 'scripts/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: true }],
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
