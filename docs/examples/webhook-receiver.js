// A merchant's end of the webhooks, as small as it may be: it takes a notice only where its signature is right and new,
// each notice once, and acknowledges it when it has it. Nothing of it but Node.js is needed.
//
//   WEBHOOK_SECRET=… node webhook-receiver.js 8099

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const WINDOW_SECONDS = 300;
const LONGEST_BODY = 65_536;
const port = Number(process.argv[2] ?? 8_099);
const secret = process.env['WEBHOOK_SECRET'];
if (!secret) throw new Error('WEBHOOK_SECRET is not set');

/** When each notice was taken, by its id: the same one may come again, and counts once. */
const taken = new Map();

createServer(async (request, response) => {
  const body = await bodyOf(request);
  const header = String(request.headers['etika-signature'] ?? '');
  const now = Math.floor(Date.now() / 1_000);
  if (body === undefined || !isSigned(body, header, now)) {
    console.log('refused: the signature is wrong, or too old');
    response.writeHead(400).end();
    return;
  }

  const notice = JSON.parse(body.toString('utf8'));
  for (const [id, at] of taken) {
    if (now - at > 2 * WINDOW_SECONDS) taken.delete(id);
  }
  if (!taken.has(notice.id)) console.log(`verified: ${notice.type} of ${notice.transaction}`);
  taken.set(notice.id, now);
  response.writeHead(204).end();
}).listen(port, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${port}`));

/** The bytes as they came: what is signed is those, and not what a parser makes of them. */
async function bodyOf(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `t=<seconds>,v1=<hex>`, and a second v1 while the secret is changed: any of them will do. */
function isSigned(body, header, now) {
  const [, time, signatures = ''] = /^t=(\d{1,12})((?:,v1=[0-9a-f]{64})+)$/.exec(header) ?? [];
  if (time === undefined || Math.abs(now - Number(time)) > WINDOW_SECONDS) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  const shown = signatures.split(',v1=').slice(1);
  return shown.some((each) => timingSafeEqual(expected, Buffer.from(each, 'hex')));
}
