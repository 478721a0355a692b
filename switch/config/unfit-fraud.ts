import type { CheckName, FraudCheck, FraudRule } from './fraud.ts';
import type { Settings } from './settings.ts';

/** Of rules of fraud: what the schema cannot say. A rule that could never fire is a promise, and stops the start. */
export function* unfitFraud({ fraud, merchants }: Pick<Settings, 'fraud' | 'merchants'>): Generator<string> {
  const { rules } = fraud ?? {};
  const known = new Set(merchants.map(({ id }) => id.trimEnd()));
  const ids = new Set<string>();
  for (const [index, rule] of rules?.entries() ?? []) {
    const path = `/fraud/rules/${index}`;
    if (ids.has(rule.id)) yield `${path}/id: named twice: "${rule.id}"`;
    ids.add(rule.id);
    yield* unfitScope(rule, path, known);
    for (const [at, check] of rule.checks.entries()) yield* unfitCheck(check, rule, `${path}/checks/${at}`);
  }
  if (!rules) return;
  for (const id of Object.keys(fraud?.actions ?? {})) {
    if (!ids.has(id)) yield `/fraud/actions/${id}: no such rule`;
  }
}

function* unfitScope({ scope }: FraudRule, path: string, known: ReadonlySet<string>): Generator<string> {
  for (const [at, { from, to }] of scope?.ranges?.entries() ?? []) {
    if (from.length !== to.length || from > to) {
      yield `${path}/scope/ranges/${at}: "${from}" to "${to}" is no range`;
    }
  }
  for (const id of scope?.merchants ?? []) {
    if (!known.has(id.trimEnd())) yield `${path}/scope/merchants: no such merchant: "${id}"`;
  }
}

/** Number and date of a card say nothing of a refund, which goes to whoever paid. */
const OF_THE_CARD: ReadonlySet<CheckName> = new Set<CheckName>(['luhn', 'expiry']);

function* unfitCheck(check: FraudCheck, { scope }: FraudRule, path: string): Generator<string> {
  if (OF_THE_CARD.has(check.check) && scope?.kinds?.includes('refund')) {
    yield `${path}/check: "${check.check}" is never asked of a refund, and the scope names refunds`;
  }
  if (check.check === 'velocity' && check.codes && check.of !== 'declined' && check.of !== 'wrong-pin') {
    yield `${path}/codes: only what was declined has a code, found "of": "${check.of}"`;
  }
  if (check.check === 'distinct' && check.by === check.what) {
    yield `${path}/what: must differ from "by", found "${check.what}"`;
  }
}
