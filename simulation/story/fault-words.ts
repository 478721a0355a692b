import { type Fault, processOf } from '../faults.ts';

/** A fault as somebody would tell it who has not read the catalogue. */
const WORDS: Readonly<Record<string, string>> = {
  'network silent': 'loses requests, or the answers to them',
  'network slow': 'answers slowly',
  'network slow-to-act': 'acts on what it hears seconds later',
  'network at-the-deadline': 'answers just when the switch stops waiting',
  'network spoilt': 'answers with wrong numbers, broken bytes or a broken connection',
  'network gray': 'loses one answer in ten and is slow with the rest',
  'pop down': 'is down',
  'pop silent': 'says nothing',
  'pop slow': 'answers slowly',
  'pop slow-to-act': 'acts late',
  'pop overtaken': 'acts on what it was asked for only after it was looked up and not found',
  'pop failing': 'says that it failed, before or after the effect',
  'pop contradicting': 'calls rejected what it goes on to validate',
  'pop partial': 'leaves some out where it is asked about many',
  'hsm slow': 'is slow',
  'hsm silent': 'says nothing',
  'hsm away': 'is away',
  'hsm failing': 'fails',
  'hsm garbled': 'gives what is right in length and wrong in content',
  'hsm busy with payments': 'is at its limit, and refuses what follows a reply',
  'hsm busy with the rest': 'is at its limit, and refuses what payments wait for',
  'line network refuses': 'nobody can connect to it',
  'line network lost': 'packets to and from it vanish',
  'line network cut': 'its connections break',
  'line network half-open': 'one connection is dead at its other end',
  'line network flaps': 'its connections break ten times a second',
  'line terminals cut': 'all connections of terminals break',
  'database database slow': 'is slow',
  'database database away': 'cannot be reached',
  'database database crash': 'crashes; what was not on the disk is lost',
  'database database cut': 'its connections break',
  'database database deadlocks': 'rolls back every third flush',
  'node crash': 'is killed',
  'node crash at': 'is killed at a certain point of its work',
  'node crash loop': 'is killed again and again',
  'node crash over keys': 'is killed over a change of keys',
  'node crash over increments': 'is killed over more that is held',
  'node power lost': 'loses its power: nobody is told',
  'node pause': 'stands still, and goes on later as if nothing had been',
  'node restart': 'is stopped and started anew',
  'node clock step': 'its wall clock jumps',
};

const WHO: Readonly<Record<Fault['on'], string>> = {
  network: 'a network',
  pop: 'the consensus',
  hsm: 'the HSM',
  line: 'the line to a network',
  database: 'the database',
  node: 'a node',
  operator: 'the operator',
};

export function faultWords(fault: Fault): string {
  const { on, kind } = fault;
  const what = WORDS[`${on} ${kind}`] ?? (on === 'operator' ? `holds ${kind} open` : kind);
  const share = 'share' in fault && fault.share < 1 ? `, of ${fault.share * 100} % of messages` : '';
  return `${whoOf(fault)}: ${what}${share}`;
}

function whoOf(fault: Fault): string {
  if (fault.on === 'node' || (fault.on === 'database' && fault.kind === 'database away')) {
    return fault.on === 'node' ? processOf(fault) : `the database, for ${processOf(fault)}`;
  }
  const network = 'network' in fault ? fault.network : undefined;
  if (network !== undefined) return fault.on === 'line' ? `the line to ${network}` : network;
  return fault.on === 'network' ? 'both networks' : WHO[fault.on];
}
