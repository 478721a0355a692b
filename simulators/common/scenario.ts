import { SimulatorError } from '../errors.ts';

const MAX_RULES = 1_000;

/** Which messages a rule speaks of: everything of a kind, one subject's (a card, a consumer), the next few. */
export interface ScenarioRule<Kind extends string, Scenario> {
  on: Kind;
  scenario: Scenario;
  /** How the subject is shown (a masked PAN) and by what it is found. */
  subject?: { label: string; key: string };
  /** Used up after so many messages. */
  next?: number;
}

export interface ScenarioBook<Kind extends string, Scenario> {
  /**
   * A rule for the next N goes behind the others of its kind; any other replaces its predecessor.
   * @throws {SimulatorError} SIM_SCENARIOS_FULL
   */
  set(rule: ScenarioRule<Kind, Scenario>): void;
  /** Back to the rules the book began with. */
  reset(): void;
  /** The next-N rules decide first (oldest first), then the subject's, then the kind's. */
  choose(on: Kind, subject: string | undefined): Scenario | undefined;
  rules(): readonly ScenarioRule<Kind, Scenario>[];
}

export function scenarioBook<Kind extends string, Scenario>(
  initial: readonly ScenarioRule<Kind, Scenario>[],
): ScenarioBook<Kind, Scenario> {
  let rules = initial.map((rule) => ({ ...rule }));
  const sameScope = (a: ScenarioRule<Kind, Scenario>, b: ScenarioRule<Kind, Scenario>) =>
    a.on === b.on && a.subject?.key === b.subject?.key && a.next === undefined && b.next === undefined;

  return {
    set(rule) {
      rules = rules.filter((other) => !sameScope(other, rule));
      if (rules.length >= MAX_RULES) throw new SimulatorError('SIM_SCENARIOS_FULL', { limit: MAX_RULES });
      rules.push({ ...rule });
    },
    reset() {
      rules = initial.map((rule) => ({ ...rule }));
    },
    choose(on, subject) {
      let best: ScenarioRule<Kind, Scenario> | undefined;
      for (const rule of rules) {
        if (rule.on !== on || (rule.subject && rule.subject.key !== subject)) continue;
        if (best === undefined || rank(rule) > rank(best)) best = rule;
      }
      if (best?.next !== undefined) {
        best.next -= 1;
        if (best.next === 0) rules.splice(rules.indexOf(best), 1);
      }
      return best?.scenario;
    },
    rules: () => rules,
  };
}

function rank(rule: ScenarioRule<string, unknown>): number {
  return (rule.next === undefined ? 0 : 2) + (rule.subject === undefined ? 0 : 1);
}
