import { expect, test } from 'vitest';
import { numberSetting, readSettings, textSetting } from './settings.ts';

const settings = {
  port: numberSetting('SIM_PORT', 3001, 0, 65_535),
  host: textSetting('SIM_HOST', '127.0.0.1', /^[\w.]+$/),
};

test('a flag beats the environment, which beats the default', () => {
  expect(readSettings(settings, [], {})).toEqual({ port: 3001, host: '127.0.0.1' });
  expect(readSettings(settings, [], { SIM_PORT: '5' }).port).toBe(5);
  expect(readSettings(settings, ['--port', '6'], { SIM_PORT: '5' }).port).toBe(6);
});

test.each(['-1', '65536', '1e3', '', ' 7', '0x10'])('the number %j is refused', (text) => {
  expect(() => readSettings(settings, [], { SIM_PORT: text })).toThrow(
    expect.objectContaining({ code: 'SIM_SETTING_INVALID' }),
  );
});

test('a refusal names the setting and what was expected, and does not repeat the value', () => {
  expect(() => readSettings(settings, [], { SIM_HOST: 'bad host!' })).toThrow(
    'setting --host (SIM_HOST): expected text like ^[\\w.]+$',
  );
});
