// Sigstore's verifier at our log. Its Verifier as a whole wants a signature of an artefact, which no fact of ours is; what it does
// with a transparency log (signed checkpoint, inclusion proof, RFC 6962 leaf) is a function of its own, and that is what runs here.
// Leaves and the newest head come over HTTP, as a monitor gets them; proofs out of an unpacked bundle. Ends with a line of JSON.
//
//   node verify.mjs FOLDER http://127.0.0.1:8002 TOKEN VKEY
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, VerificationError } from '@sigstore/verify';

const { verifyTLogInclusion } = createRequire(import.meta.url)('@sigstore/verify/dist/tlog');
const [folder, host, token, vkey] = process.argv.slice(2);
const width = 256;
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

// --- what the verifier is to trust: one log, named by its origin and the key that the asker holds --------------------------------

const [origin, , ...rest] = vkey.split('+');
// Base64 has plus signs of its own. The first byte says which kind of key it is: 2 is ECDSA.
const spki = Buffer.from(rest.join('+'), 'base64').subarray(1);
const logId = sha256(spki);

const trusting = (name, der) => toTrustMaterial(TrustedRoot.fromJSON({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [{
    baseUrl: `https://${name}`,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: der.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start: '1970-01-01T00:00:00Z' } },
    logId: { keyId: sha256(der).toString('base64') },
  }],
  certificateAuthorities: [], ctlogs: [], timestampAuthorities: [],
})).tlogs;

// --- C2SP tlog-tiles -------------------------------------------------------------------------------------------------------------

async function get(name) {
  const answer = await fetch(`${host}/audit/${name}`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

const tileName = (number, count) => String(number).padStart(3, '0') + (count < width ? `.p/${count}` : '');

async function leavesOf(size) {
  const leaves = [];
  for (let number = 0; number * width < size; number++) {
    const count = Math.min(width, size - number * width);
    const bytes = await get(`tile/entries/${tileName(number, count)}`);
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt16BE(at);
      leaves.push(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return leaves;
}

// RFC 6962, section 2.1 and 2.1.1, straight from its definition.
const split = (count) => 2 ** Math.floor(Math.log2(count - 1));
const root = (hashes) => hashes.length === 1 ? hashes[0]
  : sha256(Buffer.of(1), root(hashes.slice(0, split(hashes.length))), root(hashes.slice(split(hashes.length))));
const proofOf = (index, hashes) => {
  if (hashes.length === 1) return [];
  const half = split(hashes.length);
  return index < half
    ? [...proofOf(index, hashes.slice(0, half)), root(hashes.slice(half))]
    : [...proofOf(index - half, hashes.slice(half)), root(hashes.slice(0, half))];
};

// --- C2SP tlog-proof -------------------------------------------------------------------------------------------------------------

function parseProof(text) {
  const border = text.indexOf('\n\n');
  const [format, index, ...hashes] = text.slice(0, border).split('\n');
  if (format !== 'c2sp.org/tlog-proof@v1') throw new Error(`A proof of another format: ${format}`);
  return {
    index: index.replace(/^index /, ''),
    hashes: hashes.map((hash) => Buffer.from(hash, 'base64')),
    note: text.slice(border + 2),
  };
}

const entry = (leaf, { index, hashes, note }) => ({
  logId: { keyId: logId },
  logIndex: index,
  canonicalizedBody: leaf,
  inclusionProof: { logIndex: index, rootHash: Buffer.alloc(0), treeSize: note.split('\n')[1], hashes, checkpoint: { envelope: note } },
});

// --- the checks ------------------------------------------------------------------------------------------------------------------

const head = (await get('checkpoint')).toString();
const leaves = await leavesOf(Number(head.split('\n')[1]));
const logs = trusting(origin, spki);

const proofs = (await readdir(path.join(folder, 'proofs'))).map((name) => path.join(folder, 'proofs', name));
let proven = 0;
for (const file of proofs) {
  const proof = parseProof(await readFile(file, 'utf8'));
  verifyTLogInclusion(entry(leaves[Number(proof.index)], proof), logs);
  proven++;
}

const hashes = leaves.map((leaf) => sha256(Buffer.of(0), leaf));
const last = leaves.length - 1;
for (const index of [0, 255, 256, last]) {
  verifyTLogInclusion(entry(leaves[index], { index: String(index), hashes: proofOf(index, hashes), note: head }), logs);
}

const good = parseProof(await readFile(proofs[1], 'utf8'));
const leaf = leaves[Number(good.index)];
const flipped = (bytes, at) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));
const resigned = (note) => note.replace(/(\u2014 \S+ )(\S+)\n$/, (_, start, text) =>
  `${start}${flipped(Buffer.from(text, 'base64'), Buffer.from(text, 'base64').length - 1).toString('base64')}\n`);
const der = { publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'der' } };
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256', ...der }).publicKey;
const altered = (change, body = leaf, trusted = logs) => () => verifyTLogInclusion(entry(body, { ...good, ...change }), trusted);
const rootText = good.note.split('\n')[2];

const tampered = {
  leafChanged: altered({}, flipped(leaf, 40)),
  leafOfAnother: altered({}, leaves[Number(good.index) + 1]),
  otherIndex: altered({ index: String(Number(good.index) ^ 1) }),
  indexBehindTheEnd: altered({ index: '1000000' }),
  hashChanged: altered({ hashes: good.hashes.map((hash, i) => (i === 2 ? flipped(hash, 9) : hash)) }),
  hashMissing: altered({ hashes: good.hashes.slice(1) }),
  hashesExchanged: altered({ hashes: good.hashes.toReversed() }),
  sizeChanged: altered({ note: good.note.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) - 1}\n`) }),
  rootChanged: altered({ note: good.note.replace(rootText, flipped(Buffer.from(rootText, 'base64'), 0).toString('base64')) }),
  signatureChanged: altered({ note: resigned(good.note) }),
  signatureMissing: altered({ note: good.note.slice(0, good.note.indexOf('\n\n') + 2) }),
  otherKey: altered({}, leaf, trusting(origin, otherKey)),
  otherName: altered({}, leaf, trusting('another.example/log', spki)),
};
const refused = {};
for (const [name, check] of Object.entries(tampered)) {
  try {
    check();
    refused[name] = null;
  } catch (failure) {
    if (!(failure instanceof VerificationError)) throw failure;
    refused[name] = failure.message;
  }
}

process.stdout.write(`${JSON.stringify({ proven, size: leaves.length, refused })}\n`);
