// usage: node server.js DIRECTORY     prints "port N", serves bucket "mail" until stdin ends
//
// POST /-/fault {"status": 503, "count": 2} answers the next two requests so; status 0 cuts the
// connection, -1 never answers.
'use strict';
const crypto = require('crypto');
const http = require('http');
const aws4 = require('aws4');

// s3rver seals its continuation tokens with DES, which today's OpenSSL no longer offers.
for (const name of ['createCipheriv', 'createDecipheriv']) {
  const original = crypto[name];
  crypto[name] = (cipher, key, iv) =>
    cipher === 'des' ? original('des-ede3-cbc', Buffer.concat([key, key, key]), iv) : original(cipher, key, iv);
}
const S3rver = require('s3rver');

const accessKeyId = 'S3RVER';
const secretAccessKey = 'S3RVER';
const region = 'ap-northeast-1';
const skewMax = 15 * 60 * 1000;

let fault = { status: 200, count: 0 };

function body(req) {
  return new Promise((resolve, reject) => {
    const parts = [];
    req.on('data', part => parts.push(part));
    req.on('end', () => resolve(Buffer.concat(parts)));
    req.on('error', reject);
  });
}

// Returns what is wrong with the request's signature, or nothing.
function mistake(req, bytes) {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      req.headers.authorization || '',
    );
  if (!match) return 'AccessDenied';
  const [, key, day, signedRegion, names, signature] = match;
  if (key !== accessKeyId) return 'InvalidAccessKeyId';
  if (signedRegion !== region) return 'AuthorizationHeaderMalformed';
  const signed = names.split(';');
  for (const name of Object.keys(req.headers)) {
    const must = name === 'host' || name === 'content-type' || name.startsWith('x-amz-');
    if (must && !signed.includes(name)) return 'AccessDenied';
  }
  const date = req.headers['x-amz-date'] || '';
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!date.startsWith(day) || !(Math.abs(Date.now() - time) < skewMax)) return 'RequestTimeTooSkewed';
  const hash = crypto.createHash('sha256').update(bytes).digest('hex');
  if (req.headers['x-amz-content-sha256'] !== hash) return 'XAmzContentSHA256Mismatch';
  const headers = {};
  for (const name of signed) headers[name] = req.headers[name];
  const expected = aws4.sign(
    { service: 's3', region, method: req.method, host: req.headers.host, path: req.url, headers },
    { accessKeyId, secretAccessKey },
  );
  return expected.headers.Authorization.endsWith(`Signature=${signature}`) ? undefined : 'SignatureDoesNotMatch';
}

function refuse(res, status, code) {
  res.writeHead(status, { 'Content-Type': 'application/xml' });
  res.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
}

async function main() {
  const inner = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: process.argv[2],
    configureBuckets: [{ name: 'mail' }],
  });
  const { port: innerPort } = await inner.run();
  const front = http.createServer(async (req, res) => {
    const bytes = await body(req);
    if (req.url === '/-/fault') {
      fault = JSON.parse(bytes.toString());
      return res.end();
    }
    if (fault.count > 0) {
      --fault.count;
      if (fault.status === 0) return req.socket.destroy();
      if (fault.status === -1) return undefined;
      return refuse(res, fault.status, 'Injected');
    }
    const wrong = mistake(req, bytes);
    if (wrong) return refuse(res, 403, wrong);
    const onward = http.request(
      { port: innerPort, host: '127.0.0.1', method: req.method, path: req.url, headers: req.headers },
      answer => {
        res.writeHead(answer.statusCode, answer.headers);
        answer.pipe(res);
      },
    );
    onward.on('error', () => req.socket.destroy());
    onward.end(bytes);
    return undefined;
  });
  front.listen(0, '127.0.0.1', () => console.log(`port ${front.address().port}`));
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
