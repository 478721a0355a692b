import type { FraudRule, FraudSettings } from '../config/fraud.ts';
import { CATALOGUE } from './catalogue.ts';

/** The rules in force: those of the settings or those that are built in, with the actions that the settings give. */
export function rulesOf({ rules, actions = {} }: Pick<FraudSettings, 'rules' | 'actions'>): FraudRule[] {
  return (rules ?? CATALOGUE).flatMap((rule) => {
    const action = actions[rule.id] ?? rule.action;
    return action === 'off' ? [] : { ...rule, action };
  });
}
