// verify.mjs BUNDLE PUBLIC: what sigstore-js says of a Sigstore bundle, `accepted` or `refused`. The key is given; no
// log, no timestamp and no certificate is asked for.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createPublicKey } from 'node:crypto';

const require = createRequire(`${process.env.TIDEGATE_NODE_MODULES}/`);
const { bundleFromJSON } = require('@sigstore/bundle');
const { Verifier, VerificationError, toSignedEntity } = require('@sigstore/verify');

const [bundleFile, publicFile] = process.argv.slice(2);
const bundle = bundleFromJSON(JSON.parse(readFileSync(bundleFile, 'utf8')));
const publicKey = createPublicKey(readFileSync(publicFile));
const trusted = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
  publicKey: () => ({ publicKey, validFor: () => true }),
};
const none = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
try {
  new Verifier(trusted, none).verify(toSignedEntity(bundle));
  console.log('accepted');
} catch (error) {
  if (!(error instanceof VerificationError) || error.code !== 'SIGNATURE_ERROR') throw error;
  console.log('refused');
}
