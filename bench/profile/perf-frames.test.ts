import { expect, test } from 'vitest';
import { groupOfFrames, parseFrame } from './perf-frames.ts';

const root = new URL('../../', import.meta.url).href;
const stack = (...lines: string[]) => lines.flatMap((line) => parseFrame(line) ?? []);

test('native time is told for the innermost JavaScript function that caused it', () => {
  const frames = stack(
    '            7f21ab0 __libc_malloc (/usr/lib/libc.so.6)',
    '            55d1ab0 v8::internal::Factory::NewString(int, (anonymous namespace)::Kind) (/opt/node)',
    `            7f00ab1 JS:*append ${root}switch/journal/writer.ts:12:3 (/tmp/perf-77.map)`,
    `            7f00ab2 JS:^flush ${root}switch/journal/group-commit.ts:4:3 (/tmp/perf-77.map)`,
  );
  expect(frames[0]?.name).toBe('__libc_malloc [libc.so.6]');
  expect(groupOfFrames(frames)).toEqual({
    cause: 'append switch/journal/writer.ts:12',
    place: 'switch/journal',
  });
});

test('reading JSON is the work of who reads it, compiling is nobody’s; what has no name is told so', () => {
  const reading = `7f00 JS:' ${root}connectors/etika/http.ts:5:1 (/tmp/perf-77.map)`;
  const json = '55d1 v8::internal::JsonParser<unsigned char>::ParseJsonValue() (/opt/node)';
  expect(groupOfFrames(stack(json, reading)).cause).toBe('(anonymous) connectors/etika/http.ts:5');
  const compiling = '55d1 v8::internal::compiler::GraphReducer::ReduceTop() (/opt/node)';
  expect(groupOfFrames(stack(compiling, reading)).cause).toBe('(compilation)');
});

test('packages and Node itself are places of their own; so is the garbage collector', () => {
  const query = `7f00 JS:~query ${root}node_modules/pg/lib/client.js:5:1 (/tmp/perf-77.map)`;
  expect(groupOfFrames(stack(query)).place).toBe('pg');
  expect(groupOfFrames(stack('7f00 JS:*writeGeneric node:internal/stream:5:1 (/tmp/perf-7.map)')).place).toBe(
    'node:internal/stream',
  );
  const native = '7f00 [unknown] (/usr/lib/libsofthsm2.so)';
  expect(groupOfFrames(stack(native)).place).toBe('(no JavaScript on the stack, in libsofthsm2.so)');
  const scavenging = '55d1 v8::internal::Scavenger::Process(JobDelegate*) (/opt/node)';
  expect(groupOfFrames(stack(scavenging, query)).place).toBe('(garbage collection)');
});
