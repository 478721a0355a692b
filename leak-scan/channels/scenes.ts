/**
 * What is sent to each listener: good messages and bad ones, a card for each. A scene gives the bytes; what is
 * answered is not judged here, only kept to be searched.
 */
import { createCipheriv } from 'node:crypto';
import { developmentKey } from '../../hsm/index.ts';
import { Pan, PinBlock, Track2 } from '../../messages/index.ts';
import type { NetworkRule } from '../../simulators/network/scenario.ts';
import {
  networkMessage,
  type Original,
  reversalMessage,
  settlementMessage,
  uploadMessage,
  voidMessage,
} from '../../simulators/terminal/messages.ts';
import type { TerminalMessage } from '../../simulators/terminal/profiles.ts';
import type { Card } from '../secrets/wallet.ts';
import { type Post, TERMINAL } from './post.ts';

export interface Scene {
  readonly name: string;
  /** The PIN is what the network takes for right. */
  readonly isRight?: boolean;
  /** Whether its answer is waited for as long as a payment may take. */
  readonly isPatient?: boolean;
  /** What the network does with this card; absent: it approves. */
  readonly network?: NetworkRule['scenario'];
  readonly bytes: (post: Post, card: Card) => Buffer;
}

export const SCENES: readonly Scene[] = [
  { name: 'approved', isRight: true, isPatient: true, bytes: plain },
  { name: 'wrong PIN', isPatient: true, bytes: plain },
  { name: 'declined', isPatient: true, network: { action: 'decline', code: '51' }, bytes: plain },
  {
    name: 'timed out and reversed',
    isRight: true,
    isPatient: true,
    network: { action: 'silence' },
    bytes: plain,
  },
  {
    name: 'answered too late',
    isRight: true,
    isPatient: true,
    network: { action: 'late', ms: 2_500 },
    bytes: plain,
  },
  {
    name: 'answered in rubbish',
    isRight: true,
    isPatient: true,
    network: { action: 'garbage' },
    bytes: plain,
  },
  { name: 'wrong MAC', bytes: (post, card) => spoiltAtTheEnd(plain(post, card)) },
  {
    name: 'unknown terminal',
    bytes: (post, card) => post.frame({ ...post.payment(card), de41: 'TERM9999' }),
  },
  {
    name: 'unknown merchant',
    bytes: (post, card) => post.frame({ ...post.payment(card), de42: 'MERCHANT9999999' }),
  },
  { name: 'two cards in one message', bytes: twoCards },
  { name: 'PIN block of format 1', bytes: (post, card) => withBlock(post, card, `1C${card.pin}`) },
  { name: 'PIN block of format 3', bytes: (post, card) => withBlock(post, card, `3C${card.pin}`) },
  { name: 'PIN block of no format', bytes: (post, card) => withBlock(post, card, `9F${card.pin}`) },
  { name: 'every element', isPatient: true, bytes: (post, card) => post.frame(post.everything(card)) },
  { name: 'unparsable element', bytes: unparsable },
  { name: 'torn frame', bytes: (post, card) => halfOf(plain(post, card)) },
  {
    name: 'frame too long',
    bytes: (post, card) => Buffer.concat([Buffer.from('ffff9999', 'hex'), plain(post, card)]),
  },
  { name: 'no frame', bytes: noFrame },
  {
    name: 'offline advice',
    isPatient: true,
    bytes: (post, card) => post.frame(post.payment(card, 'offline', { approvalCode: 'ABC123' })),
  },
  { name: 'refund', isPatient: true, bytes: (post, card) => post.frame(post.payment(card, 'refund')) },
  {
    name: 'pre-authorisation',
    isPatient: true,
    bytes: (post, card) => post.frame(post.payment(card, 'preauth')),
  },
  {
    name: 'reversal',
    isPatient: true,
    bytes: (post, card) =>
      post.frame(withCard(reversalMessage(originalOf(post), undefined, post.sender, post.moment()), card)),
  },
  {
    name: 'void',
    isPatient: true,
    bytes: (post, card) =>
      post.frame(withCard(voidMessage(originalOf(post), post.sender, post.moment()), card)),
  },
  { name: 'settlement', isPatient: true, bytes: settlement },
  {
    name: 'upload',
    isPatient: true,
    bytes: (post, card) =>
      post.frame(withCard(uploadMessage(originalOf(post), 1, post.sender, post.moment()), card)),
  },
  {
    name: 'network management',
    isPatient: true,
    bytes: (post, card) => post.frame(withCard(networkMessage('301', post.sender, post.moment()), card)),
  },
  { name: 'unknown message type', bytes: (post, card) => post.frame({ ...post.payment(card), mti: '0600' }) },
];

function plain(post: Post, card: Card): Buffer {
  return post.frame(post.payment(card));
}

function twoCards(post: Post, card: Card): Buffer {
  const other = post.card('two cards in one message, the other');
  return post.frame({ ...post.payment(card), de2: Pan.of(other.pan) });
}

/** A block that is filled up with A to F and never bound to a card. */
function withBlock(post: Post, card: Card, field: string): Buffer {
  const clear = Buffer.from(field.padEnd(16, 'A'), 'hex');
  post.wallet.keep('pin', `${card.of}, clear block as sent`, { bytes: clear });
  const cipher = createCipheriv('des-ede-ecb', developmentKey(`TPK/${TERMINAL}`), null).setAutoPadding(false);
  return post.frame({ ...post.payment(card), de52: PinBlock.of(cipher.update(clear)) });
}

function withCard(message: TerminalMessage, card: Card): TerminalMessage {
  return {
    ...message,
    de2: Pan.of(card.pan),
    de35: Track2.of(card.track2),
    de48: card.verificationValue('DE48'),
  };
}

function settlement(post: Post, card: Card): Buffer {
  const none = { count: 0, amount: 0 };
  const batch = { number: 1, currency: '978', totals: { sales: none, refunds: none } };
  const message = withCard(settlementMessage('920000', batch, post.sender, post.moment()), card);
  return post.frame({ ...message, de63: `${message.de63}${card.verificationValue('DE63')}` });
}

/** A character in DE11 that no digit is. */
function unparsable(post: Post, card: Card): Buffer {
  const message = post.payment(card);
  const frame = post.frame(message);
  const isPacked = post.sender.profile.dialect === 'pos-bcd';
  const number = Buffer.from(message.de11 ?? '', isPacked ? 'hex' : 'latin1');
  frame[frame.indexOf(number)] = isPacked ? 0xfa : 0x58;
  return frame;
}

function noFrame(_post: Post, { track2, pan }: Card): Buffer {
  return Buffer.from(`GET /pay?card=${pan}&track=${track2} HTTP/1.1\r\nHost: shop\r\n\r\n`, 'latin1');
}

function halfOf(frame: Buffer): Buffer {
  return frame.subarray(0, frame.length - 20);
}

function spoiltAtTheEnd(frame: Buffer): Buffer {
  const at = frame.length - 1;
  frame[at] = (frame[at] ?? 0) ^ 0x01;
  return frame;
}

/** Of a payment that nobody made. */
function originalOf(post: Post): Original {
  const { stan } = post.moment();
  return {
    mti: '0100',
    stan,
    time: '1130120000',
    processingCode: '000000',
    amount: 1_000,
    currency: '978',
    rrn: `0000${stan}00`,
  };
}
