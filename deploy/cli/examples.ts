/** Which token a ceremony is held at: settings of the HSM process. */
const TOKEN = 'HSM_TOKEN_LABEL=etika HSM_PIN_FILE=/run/etika/pin';

/** The ledgers of the simulators that `npm start` runs; what is under way has a case at once. */
const SIMULATED_LEDGERS =
  '--network-ledger visa=http://127.0.0.1:9584 --network-ledger iso87=http://127.0.0.1:9588 ' +
  '--pop-ledger http://127.0.0.1:3101 --grace 0';

/**
 * What `--help` shows as examples, by command. Each works when pasted: in the project's folder, the ones that talk to
 * the switch or to a simulator beside a running `npm start`. The tests run them.
 */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  '': ['npx etika-switch terminal purchase --pin 1234', 'npx etika-switch network ledger --limit 5'],
  terminal: ['npx etika-switch terminal purchase --pin 1234'],
  'terminal purchase': [
    'npx etika-switch terminal purchase --amount 12.50 --pin 1234',
    'npx etika-switch terminal purchase --card 4000000000000002 --expect 05 --json',
    'npx etika-switch terminal purchase --tls --pin 1234',
  ],
  'terminal cash': ['npx etika-switch terminal cash --amount 50.00 --pin 1234'],
  'terminal cashback': ['npx etika-switch terminal cashback --amount 35.00 --cashback 10.00 --pin 1234'],
  'terminal refund': ['npx etika-switch terminal refund --amount 5.00'],
  'terminal balance': ['npx etika-switch terminal balance --pin 1234'],
  'terminal preauth': ['npx etika-switch terminal preauth --amount 80.00'],
  'terminal increment': ['npx etika-switch terminal increment --amount 20.00'],
  'terminal complete': ['npx etika-switch terminal complete --amount 64.50'],
  'terminal verify': ['npx etika-switch terminal verify --card 5555555555554444'],
  'terminal offline': ['npx etika-switch terminal offline --amount 7.50 --approval OFF123'],
  'terminal void': ['npx etika-switch terminal void'],
  'terminal reversal': ['npx etika-switch terminal reversal --attempts 3'],
  'terminal settle': ['npx etika-switch terminal settle'],
  'terminal logon': ['npx etika-switch terminal logon'],
  'terminal echo': ['npx etika-switch terminal echo --dialect pos-bcd'],
  'terminal send': [
    'npx etika-switch terminal send simulators/terminal/samples/iso87-ascii-purchase-pin.hex',
  ],
  'terminal load': ['npx etika-switch terminal load --rate 50 --seconds 2'],
  'terminal keys': ['npx etika-switch terminal keys'],
  network: ['npx etika-switch network status'],
  'network status': ['npx etika-switch network status --json'],
  'network script': [`npx etika-switch network script '{"scenario":{"action":"delay","ms":200},"next":1}'`],
  'network reset': ['npx etika-switch network reset'],
  'network ledger': ['npx etika-switch network ledger --limit 5'],
  'network drop-links': ['npx etika-switch network drop-links'],
  'network down': ['npx etika-switch network down'],
  'network up': ['npx etika-switch network up'],
  vault: ['npx etika-switch vault status'],
  'vault status': ['npx etika-switch vault status --json'],
  'vault rotate': ['npx etika-switch vault rotate --by sam --why "a quarter is over"'],
  hsm: ['npx etika-switch hsm kat --vectors hsm/kat/testdata/published.jsonl'],
  'hsm kat': ['npx etika-switch hsm kat --vectors hsm/kat/testdata/published.jsonl --json'],
  'hsm status': ['npx etika-switch hsm status'],
  'hsm public-key': ['npx etika-switch hsm public-key --key AUDIT/1'],
  'hsm key-log': ['npx etika-switch hsm key-log --ledger .data/hsm-uses.db'],
  'hsm ceremony': [`${TOKEN} npx etika-switch hsm ceremony verify-log`],
  'hsm ceremony prepare': [`${TOKEN} npx etika-switch hsm ceremony prepare`],
  'hsm ceremony import': [
    `${TOKEN} npx etika-switch hsm ceremony import --label ZMK/VISA --usage K1 --algorithm A --length 32 --components 3`,
  ],
  'hsm ceremony create': [
    `${TOKEN} npx etika-switch hsm ceremony create --label ZMK/ACQ --usage K1 --algorithm A --length 32 --components 3 --print-to /dev/shm/sheets`,
  ],
  'hsm ceremony generate': [
    `${TOKEN} npx etika-switch hsm ceremony generate --usage P0 --owner VISA --to key.txt`,
  ],
  'hsm ceremony export': [
    `${TOKEN} npx etika-switch hsm ceremony export --record key.txt --zmk ZMK/VISA --mode B`,
  ],
  'hsm ceremony authorise': [
    `${TOKEN} npx etika-switch hsm ceremony authorise --minutes 30 --ledger /var/lib/etika/hsm-uses.db`,
  ],
  'hsm ceremony backup': [`${TOKEN} npx etika-switch hsm ceremony backup --to /media/backup`],
  'hsm ceremony restore': [`${TOKEN} npx etika-switch hsm ceremony restore --from /media/backup`],
  'hsm ceremony verify-log': [
    `${TOKEN} npx etika-switch hsm ceremony verify-log --audit-log hsm-audit.jsonl`,
  ],
  certs: ['npx etika-switch certs --warn-days 14'],
  recon: [`npx etika-switch recon run ${SIMULATED_LEDGERS}`],
  'recon run': [`npx etika-switch recon run ${SIMULATED_LEDGERS} --csv`],
  'recon cases': ['npx etika-switch recon cases --state all'],
  'recon resolve': [
    'case=1; npx etika-switch recon resolve $case --action accept --by alice --note "booked by hand"',
    'case=1; npx etika-switch recon resolve $case --approve --by bob',
  ],
  'recon clearing': ['npx etika-switch recon clearing --network-ledger visa=http://127.0.0.1:9584'],
  'recon rebuild': ['npx etika-switch recon rebuild'],
  find: [
    'npx etika-switch find --terminal TERM0001 --since 6h',
    'npx etika-switch find --last4 4242 --amount 25.00 --json',
  ],
  fraud: ['npx etika-switch fraud rules'],
  'fraud rules': ['npx etika-switch fraud rules --json'],
  'fraud backtest': ['npx etika-switch fraud backtest --since 7d'],
  alerts: ['npx etika-switch alerts list'],
  'alerts list': ['npx etika-switch alerts list --all --json'],
  'alerts acknowledge': [
    'alert=1; npx etika-switch alerts acknowledge $alert --by alice --why "called the network"',
  ],
  'alerts close': [
    'alert=1; npx etika-switch alerts close $alert --by alice --why "looked into, nothing is amiss"',
  ],
  parked: ['npx etika-switch parked list'],
  'parked list': ['npx etika-switch parked list --lane network/visa'],
  'parked show': ['npx etika-switch parked show --task reverse-network'],
  'parked replay': [
    'npx etika-switch parked replay --lane network/visa --by alice --why "the network is back"',
    'npx etika-switch parked replay --all --apart 20 --by alice',
  ],
  audit: ['npx etika-switch audit verify'],
  'audit verify': [
    'npx etika-switch audit verify --json',
    'npx etika-switch audit verify --heads .data/audit --public-key .data/audit',
  ],
  'audit export': ['npx etika-switch audit export --out $(mktemp -u --suffix .jsonl)'],
  'audit head': ['npx etika-switch audit head'],
  settings: ['npx etika-switch settings list'],
  'settings check': ['npx etika-switch settings check .data/switch.settings.json'],
  'settings apply': [
    'npx etika-switch settings apply .data/switch.settings.json --by alice --why "the first version"',
    'npx etika-switch settings apply --again 1 --by alice --why "back to what was good"',
  ],
  'settings show': ['npx etika-switch settings show .data/switch.settings.json'],
  'settings list': ['npx etika-switch settings list --json'],
  'settings schema': ['npx etika-switch settings schema --node'],
  'settings reference': ['npx etika-switch settings reference'],
  keys: ['npx etika-switch keys development --terminal TERM0001'],
  'keys development': [
    'npx etika-switch keys development --terminal TERM0001 --json',
    'npx etika-switch keys development --merchant MERCHANT0000001 --json',
  ],
  migrate: ['DATABASE_URL=postgres://owner:secret@db.example/etika npx etika-switch migrate'],
  switch: ['SWITCH_SETTINGS_FILE=switch.json npx etika-switch switch'],
  worker: ['SWITCH_SETTINGS_FILE=switch.json npx etika-switch worker'],
  'hsm-process': [
    'HSM_SOCKET=/run/etika/hsm.sock HSM_TOKEN_LABEL=etika HSM_PIN_FILE=/run/etika/pin HSM_USE_LEDGER=/var/lib/etika/hsm-uses.db HSM_POLICY=/etc/etika/hsm-policy.json npx etika-switch hsm-process',
  ],
  admin: ['DATABASE_URL=postgres://etika:secret@db.example/etika npx etika-switch admin'],
};
