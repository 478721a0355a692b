// Tells the test how it was started, and how much its young heap has, once it has made room for it.

import { getHeapSpaceStatistics } from 'node:v8';
import { hasRoomForTheYoung, withRoomForTheYoung } from '../young-heap.ts';

const startedAs = process.env.STARTED_AS ?? String(process.pid);
process.env.STARTED_AS = startedAs;
if (!hasRoomForTheYoung()) withRoomForTheYoung();

const room = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
console.log(
  JSON.stringify({
    isSameProcess: startedAs === String(process.pid),
    args: process.argv.slice(2),
    bytes: room?.space_size,
  }),
);
