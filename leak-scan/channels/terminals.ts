/** All scenes at all listeners: the listeners at once, the scenes of one after the other. */

import { developmentCertificates } from '../../certs/index.ts';
import type { System } from '../../deploy/start/system.ts';
import { visaControl } from '../../simulators/index.ts';
import type { Wallet } from '../secrets/wallet.ts';
import type { Answers } from './answers.ts';
import { converse, tlsFrom } from './line.ts';
import { Post } from './post.ts';
import { SCENES } from './scenes.ts';

export interface Listeners {
  readonly system: System;
  readonly dataDir: string;
  readonly wallet: Wallet;
  readonly replies: Answers;
}

export async function useTerminals({ system, dataDir, wallet, replies }: Listeners): Promise<void> {
  const { ports } = system;
  const tls = tlsFrom(developmentCertificates(dataDir).terminal);
  const posts = [
    new Post('iso87-ascii', 'iso87-ascii', { port: ports.iso87 }, wallet),
    new Post('pos-bcd', 'pos-bcd', { port: ports.pos }, wallet),
    new Post('acquirer', 'iso87-ascii-hex', { port: ports.acquirer }, wallet),
    new Post('mutual TLS', 'iso87-ascii', { port: ports.tls, tls }, wallet),
  ];
  await Promise.all(posts.map((post) => play(post, system.visa.controlUrl, replies)));
}

async function play(post: Post, controlUrl: string, replies: Answers): Promise<void> {
  const network = visaControl(controlUrl);
  for (const { name, isRight, isPatient = false, network: scenario, bytes } of SCENES) {
    const card = post.card(name, isRight ? 'right' : 'long');
    if (scenario) await network.script({ card: card.pan, scenario });
    replies.keep(`${post.name}, ${name}`, await converse(post.dialled, bytes(post, card), isPatient));
  }
}
